"""The sessions of one Engine.IO server, and its WebSocket entrance.

`EngineServer` is a shell: it opens sessions, finds them by id, limits those that nobody has accepted yet,
and is itself the ASGI application of the polling entrance (`polling`). What a session means is up to the
application above, made for each by the factory.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tavernlink.runtime.front import Front
from tavernlink.transports.connection import Connection
from tavernlink.transports.engineio import polling, refusal
from tavernlink.transports.engineio.seams import Application, Cancellable
from tavernlink.transports.engineio.session import Session
from tavernlink.transports.engineio.settings import Settings
from tavernlink.transports.engineio.state import State
from tavernlink.transports.frame import Frame
from tavernlink.transports.upgrade import Accept, Refuse, UpgradeRequest

__all__ = ["EngineServer"]

_PROBE_ANSWER = Frame(b"3probe")
_STRANGER_SECONDS = 10  # about as long as a session may stay without a connect


class EngineServer:
    """All sessions of one path."""

    def __init__(
        self,
        application: Callable[[Session], Application],
        settings: Settings,
        *,
        origin_allowed: Callable[[str], bool],
        front: Front | None = None,
    ) -> None:
        self.settings = settings
        self.front = front
        self.origin_allowed = origin_allowed
        self.sessions: dict[str, Session] = {}
        self._application = application
        self._strangers: Counter[str] = Counter()

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """The ASGI application for long-polling."""
        await polling.handle(self, scope, receive, send)

    def open(self, address: str, origin: str | None, channel: Connection | None = None) -> Session:
        """Begin a session, on a WebSocket if there is one."""
        session = Session(
            secrets.token_urlsafe(15),
            self.settings,
            asyncio.get_running_loop(),
            self,
            address=address,
            origin=origin,
        )
        self.sessions[session.sid] = session
        self._strangers[address] += 1
        session.application = self._application(session)
        if channel is not None:
            session.open_websocket(channel)
        return session

    def too_many(self, address: str) -> bool:
        """True if `address` must not open another session now."""
        return self._strangers[address] >= self.settings.max_strangers_per_address

    def session_accepted(self, session: Session) -> None:
        """Its application knows who this is."""
        self._forget_stranger(session.address)

    def session_ended(self, session: Session) -> None:
        """It is over."""
        self.sessions.pop(session.sid, None)
        if not session.accepted:
            self._forget_stranger(session.address)

    def _forget_stranger(self, address: str) -> None:
        self._strangers[address] -= 1
        if self._strangers[address] <= 0:
            del self._strangers[address]

    def shutdown(self) -> None:
        """Close every session, so that waiting requests end."""
        for session in list(self.sessions.values()):
            session.close("server shutting down", 1001)

    def accept(self, request: UpgradeRequest) -> Accept | Refuse:
        """The WebSocket door."""
        query = request.query
        if query.get("EIO") != "4":
            return Refuse(400, refusal.UNSUPPORTED_VERSION)
        if query.get("transport") != "websocket":
            return Refuse(400, refusal.UNKNOWN_TRANSPORT)
        sid = query.get("sid")
        if sid is None:
            if self.too_many(request.address):
                return Refuse(429, refusal.TOO_MANY, _STRANGER_SECONDS)
            return Accept(_FreshWebSocket(self, request))
        session = self.sessions.get(sid)
        if session is None:
            return Refuse(400, refusal.UNKNOWN_SID)
        return Accept(_Knock(session, self.settings.upgrade_timeout))


class _FreshWebSocket:
    """The receiver of a WebSocket until its session exists, which is at once."""

    __slots__ = ("_request", "_server")

    def __init__(self, server: EngineServer, request: UpgradeRequest) -> None:
        self._server = server
        self._request = request

    def connection_made(self, connection: Connection) -> None:
        connection.receiver = self._server.open(connection.address, self._request.origin, connection)

    def receive_text(self, payload: bytes) -> None:
        """Never called: the session has taken over."""

    def receive_binary(self, payload: bytes) -> None:
        """Never called."""

    def blocked(self) -> None:
        """Never called."""

    def writable(self) -> None:
        """Never called."""

    def connection_lost(self, code: int, reason: str) -> None:
        """Never called."""


class _Knock:
    """The receiver of a WebSocket that wants to take over a polling session: "2probe", "3probe", "5"."""

    __slots__ = ("_connection", "_holds", "_probed", "_session", "_timeout", "_timer")

    _connection: Connection

    def __init__(self, session: Session, timeout: float) -> None:
        self._session = session
        self._timeout = timeout
        self._timer: Cancellable | None = None
        self._probed = False
        self._holds = False

    def connection_made(self, connection: Connection) -> None:
        self._connection = connection
        self._holds = self._session.begin_upgrade()
        if not self._holds:
            connection.close(1008, "the session cannot be upgraded")
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._timeout, connection.close, 1008, "the upgrade was not completed")

    def receive_text(self, payload: bytes) -> None:
        if self._session.state is not State.PROBING:
            self._connection.close(1008, "the session is closed")
        elif payload == b"2probe" and not self._probed:
            self._probed = True
            self._connection.write(_PROBE_ANSWER)
            self._session.probed()
        elif payload == b"5" and self._probed:
            self._cancel()
            self._connection.receiver = self._session
            self._session.complete_upgrade(self._connection)
        else:
            self._connection.close(1002, "not an upgrade")

    def receive_binary(self, payload: bytes) -> None:
        self._connection.close(1002, "not an upgrade")

    def blocked(self) -> None:
        """Nothing waits here."""

    def writable(self) -> None:
        """Nothing waits here."""

    def connection_lost(self, code: int, reason: str) -> None:
        self._cancel()
        if self._holds:
            self._session.abandon_upgrade()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
