"""`hub.requests`, `hub.sessions` and `hub.pool`, blocking."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from tavernlink.protocol.bindings import SessionInfo
from tavernlink.protocol.pool import PoolInfo
from tavernlink.protocol.requests import RequestInfo, RequestUpdate
from tavernlink.sdk.work import Pool, Requests, Sessions

if TYPE_CHECKING:
    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncPool", "SyncRequests", "SyncSessions"]


class SyncRequests:
    """As `Requests`."""

    def __init__(self, hub: SyncHub, requests: Requests) -> None:
        self._hub = hub
        self._requests = requests

    def list(
        self,
        *,
        tavern: str | None = None,
        open: bool = True,  # noqa: A002 (as the message has it)
        limit: int = 100,
    ) -> builtins.list[RequestInfo]:
        """As `Requests.list`."""
        return self._hub.loop.run(self._requests.list(tavern=tavern, open=open, limit=limit))

    def cancel(self, request_id: str) -> RequestUpdate:
        """As `Requests.cancel`."""
        return self._hub.loop.run(self._requests.cancel(request_id))


class SyncSessions:
    """As `Sessions`."""

    def __init__(self, hub: SyncHub, sessions: Sessions) -> None:
        self._hub = hub
        self._sessions = sessions

    def list(self) -> builtins.list[SessionInfo]:
        """As `Sessions.list`."""
        return self._hub.loop.run(self._sessions.list())

    def forget(self, session: str, *, key: str | None = None) -> bool:
        """As `Sessions.forget`."""
        return self._hub.loop.run(self._sessions.forget(session, key=key))


class SyncPool:
    """As `Pool`."""

    def __init__(self, hub: SyncHub, pool: Pool) -> None:
        self._hub = hub
        self._pool = pool

    def info(self) -> PoolInfo:
        """As `Pool.info`."""
        return self._hub.loop.run(self._pool.info())

    def pin(self, tavern: str, *, character: str = "*") -> PoolInfo:
        """As `Pool.pin`."""
        return self._hub.loop.run(self._pool.pin(tavern, character=character))

    def unpin(self, *, character: str = "*") -> PoolInfo:
        """As `Pool.unpin`."""
        return self._hub.loop.run(self._pool.unpin(character=character))
