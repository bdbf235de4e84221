"""Finds out that a peer is gone although its TCP connection is not: WebSocket pings, answered in time or not."""

from __future__ import annotations

import asyncio

from tavernlink.transports.connection import Connection

__all__ = ["Heartbeat"]


class Heartbeat:
    """Pings every `interval` seconds; a ping not answered before the next one ends the connection."""

    __slots__ = ("_connection", "_interval", "_loop", "_timer", "_waiting")

    def __init__(self, connection: Connection, interval: float) -> None:
        self._connection = connection
        self._interval = interval
        self._waiting = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(interval, self._beat)

    def _beat(self) -> None:
        if self._waiting and not self._connection.answered:
            self._connection.abort(1006, "ping timeout")
            return
        self._waiting = True
        self._connection.ping()
        self._timer = self._loop.call_later(self._interval, self._beat)

    def stop(self) -> None:
        """The connection is gone."""
        self._timer.cancel()
