"""The Socket.IO server: namespaces over Engine.IO sessions.

`SocketServer` owns an `EngineServer`; give `server.engine` to the HTTP side as an ASGI application and
`server.engine.accept` to the upgrade table as a WebSocket door. Each session gets a `Client`, which decodes
its packets and hands events to the namespaces' handlers.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from tavernlink.runtime.front import Front
from tavernlink.transports.engineio.packet import InvalidPacket
from tavernlink.transports.engineio.seams import Cancellable
from tavernlink.transports.engineio.server import EngineServer
from tavernlink.transports.engineio.session import Session
from tavernlink.transports.engineio.settings import Settings as EngineSettings
from tavernlink.transports.socketio.namespace import Namespace, Refusal
from tavernlink.transports.socketio.packet import (
    ACK,
    BINARY_ACK,
    BINARY_EVENT,
    CONNECT,
    CONNECT_ERROR,
    DISCONNECT,
    EVENT,
    Arguments,
    Packet,
    decode,
    packet_frame,
    split_arguments,
    split_event,
)
from tavernlink.transports.socketio.settings import Settings
from tavernlink.transports.socketio.socket import Ack, Socket, Standing

__all__ = ["Client", "SocketServer"]

_logger = logging.getLogger("tavernlink.transports.socketio")
_encode = msgspec.json.Encoder().encode


class SocketServer:
    """Serves `namespaces` (name → handler); any other is refused."""

    def __init__(
        self,
        namespaces: Mapping[str, Namespace],
        *,
        engine: EngineSettings | None = None,
        settings: Settings | None = None,
        origin_allowed: Callable[[str], bool],
        front: Front | None = None,
    ) -> None:
        self.namespaces = namespaces
        self.settings = settings or Settings()
        self.engine = EngineServer(
            self._open, engine or EngineSettings(), origin_allowed=origin_allowed, front=front
        )
        self.tasks: set[asyncio.Task[None]] = set()

    def _open(self, session: Session) -> Client:
        return Client(self, session)

    def shutdown(self) -> None:
        """Close every session."""
        self.engine.shutdown()


class Client:
    """One session's sockets; the `Application` of its Engine.IO session."""

    __slots__ = ("_left", "_missing", "_partial", "_parts", "_server", "_session", "_sockets", "_timer")

    def __init__(self, server: SocketServer, session: Session) -> None:
        self._server = server
        self._session = session
        self._sockets: dict[str, Socket] = {}
        self._left: set[str] = set()
        self._partial: Packet | None = None
        self._parts: list[bytes] = []
        self._timer: Cancellable | None = asyncio.get_running_loop().call_later(
            server.settings.connect_timeout, session.break_off, "connect timeout"
        )

    # ── from Engine.IO ───────────────────────────────────────────────────────────────────────────────────
    def receive_message(self, data: bytes) -> None:
        """A text packet."""
        if data[:2] == b"2[" and self._partial is None:  # by far the most frequent: an event on "/", no ack
            socket = self._sockets.get("/")
            if socket is not None and socket.standing is Standing.CONNECTED:
                name, raw = split_event(data[1:])
                socket.handler.on_event(socket, name, Arguments(raw), None)
                return
        if self._partial is not None:
            raise InvalidPacket("a text packet in the middle of a binary one")
        packet = decode(data)
        if packet.attachments:
            if packet.attachments > self._server.settings.max_attachments:
                raise InvalidPacket("too many attachments")
            self._partial = packet
            return
        self._receive(packet, ())

    def receive_binary(self, data: bytes) -> None:
        """An attachment of the last text packet."""
        packet = self._partial
        if packet is None:
            raise InvalidPacket("an attachment that belongs to nothing")
        self._parts.append(data)
        if len(self._parts) == packet.attachments:
            self._partial = None
            parts = tuple(self._parts)
            self._parts = []
            self._receive(packet, parts)

    def blocked(self) -> None:
        """The session takes less than it is sent."""
        for socket in list(self._sockets.values()):
            if socket.standing is Standing.CONNECTED:
                socket.handler.on_blocked(socket)

    def writable(self) -> None:
        """The session takes messages again."""
        for socket in list(self._sockets.values()):
            if socket.standing is Standing.CONNECTED:
                socket.handler.on_writable(socket)

    def session_closed(self, reason: str) -> None:
        """The session ended."""
        self._cancel_timer()
        for socket in list(self._sockets.values()):
            socket.leave(reason)

    # ── packets ──────────────────────────────────────────────────────────────────────────────────────────
    def _receive(self, packet: Packet, attachments: tuple[bytes, ...]) -> None:
        kind = packet.type
        if kind == CONNECT:
            self._connect(packet)
            return
        socket = self._sockets.get(packet.namespace)
        if socket is None or socket.standing is not Standing.CONNECTED:
            if packet.namespace not in self._left:
                raise InvalidPacket("a packet for a namespace that was not joined")
        elif kind in (EVENT, BINARY_EVENT):
            name, raw = split_event(packet.data)
            arguments = Arguments(raw, attachments)
            if attachments:
                arguments.values()  # every placeholder has its attachment, or the packet is invalid
            id_ = packet.id
            socket.handler.on_event(socket, name, arguments, None if id_ is None else Ack(socket, id_))
        elif kind in (ACK, BINARY_ACK):
            socket.receive_ack(packet.id or 0, Arguments(split_arguments(packet.data), attachments))
        elif kind == DISCONNECT:
            socket.leave("client namespace disconnect")

    def _connect(self, packet: Packet) -> None:
        namespace = packet.namespace
        if namespace in self._sockets:
            raise InvalidPacket("a second CONNECT")
        handler = self._server.namespaces.get(namespace)
        if handler is None:
            self._refuse(namespace, Refusal("Invalid namespace"))
            return
        auth = packet.data or b"{}"
        try:
            msgspec.json.decode(auth, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise InvalidPacket("a CONNECT whose payload is not a JSON object") from exc
        socket = Socket(self, self._session, namespace, handler, secrets.token_urlsafe(15))
        self._sockets[namespace] = socket
        try:
            waiting = handler.on_connect(socket, auth)
        except Refusal as refusal:
            self._turn_away(socket, refusal)
            return
        if waiting is None:
            self._join(socket)
        else:
            task = asyncio.ensure_future(self._decide(socket, waiting))
            self._server.tasks.add(task)
            task.add_done_callback(self._server.tasks.discard)

    async def _decide(self, socket: Socket, waiting: Awaitable[None]) -> None:
        """Wait for a handler that needs time to know a client."""
        try:
            await waiting
        except Refusal as refusal:
            self._turn_away(socket, refusal)
        except Exception:
            _logger.exception("a connect handler failed")
            self._turn_away(socket, Refusal("Internal error"))
        else:
            self._join(socket)

    def _join(self, socket: Socket) -> None:
        if socket.standing is not Standing.PENDING:
            return  # gone while it was being decided
        self._cancel_timer()
        self._session.accept()
        self._session.send(packet_frame(CONNECT, socket.namespace, None, _encode({"sid": socket.sid})))
        socket.join()

    def _turn_away(self, socket: Socket, refusal: Refusal) -> None:
        socket.leave("refused")
        self._refuse(socket.namespace, refusal)

    def _refuse(self, namespace: str, refusal: Refusal) -> None:
        body = {"message": refusal.message}
        if refusal.data is not None:
            body["data"] = refusal.data
        self._session.send(packet_frame(CONNECT_ERROR, namespace, None, _encode(body)))

    def forget(self, socket: Socket) -> None:
        """`socket` left."""
        if self._sockets.get(socket.namespace) is socket:
            del self._sockets[socket.namespace]
            self._left.add(socket.namespace)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
