"""One client in one namespace, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from tavernlink.transports.engineio.session import Session
from tavernlink.transports.frame import Frame
from tavernlink.transports.socketio.packet import (
    DISCONNECT,
    Arguments,
    ack_frame,
    event_frame,
    packet_frame,
    raw_ack_frame,
    raw_event_frame,
)

if TYPE_CHECKING:
    from tavernlink.transports.socketio.namespace import Namespace
    from tavernlink.transports.socketio.server import Client

__all__ = ["Ack", "Answer", "Socket", "Standing"]

Answer = Callable[[Arguments | None], None]
"""Takes the arguments of a client's ack; None: the connection ended before it came."""


class Standing(Enum):
    """Where a socket is in its life: only forwards."""

    PENDING = auto()
    CONNECTED = auto()
    GONE = auto()


_CONNECTED = Standing.CONNECTED


class Socket:
    """Made by the server; `data` belongs to the handler."""

    __slots__ = (
        "_acks",
        "_client",
        "_early",
        "_next_id",
        "data",
        "handler",
        "namespace",
        "session",
        "sid",
        "standing",
    )

    def __init__(
        self, client: Client, session: Session, namespace: str, handler: Namespace, sid: str
    ) -> None:
        self._client = client
        self.session = session
        self.namespace = namespace
        self.handler = handler
        self.sid = sid
        self.data: Any = None
        self.standing = Standing.PENDING
        self._early: list[Frame] = []
        self._acks: dict[int, Answer] = {}
        self._next_id = 0

    @property
    def address(self) -> str:
        """The peer's host."""
        return self.session.address

    @property
    def paused(self) -> bool:
        """True while the client takes less than it is sent."""
        return self.session.paused

    def write_buffer_size(self) -> int:
        """Bytes that the client has not taken."""
        return self.session.write_buffer_size()

    def send(self, frame: Frame) -> None:
        """Send a frame made by `packet`, e.g. one that goes to many. Swallowed when the socket is gone."""
        if self.standing is _CONNECTED:
            self.session.send(frame)
        elif self.standing is Standing.PENDING:
            self._early.append(frame)

    def emit(self, name: str, *values: Any) -> None:
        """Send an event with JSON-safe values; bytes become attachments."""
        self.send(event_frame(name, values, self.namespace))

    def ask(self, name: str, *values: Any, answer: Answer) -> int:
        """Send an event that the client acknowledges; returns the ack id, for `forget`."""
        id_ = self._expect(answer)
        self.send(event_frame(name, values, self.namespace, id_))
        return id_

    def ask_raw(self, name: str, content: bytes, *, answer: Answer) -> int:
        """Like `ask`, with one argument that is JSON already."""
        id_ = self._expect(answer)
        self.send(raw_event_frame(name, content, self.namespace, id_))
        return id_

    def forget(self, id_: int) -> None:
        """Wait no longer for this ack; a late one is ignored."""
        self._acks.pop(id_, None)

    def disconnect(self, *, close: bool = False) -> None:
        """Take the client out of the namespace; `close` ends its whole session too."""
        if self.standing is not Standing.GONE:
            self.session.send(packet_frame(DISCONNECT, self.namespace, None, b""))
            self.leave("server namespace disconnect")
        if close:
            self.session.close("forced close")

    # ── for the server ───────────────────────────────────────────────────────────────────────────────────
    def join(self) -> None:
        """The client was accepted and told so; what was emitted meanwhile goes out."""
        self.standing = Standing.CONNECTED
        for frame in self._early:
            self.session.send(frame)
        self._early.clear()

    def leave(self, reason: str) -> None:
        """It is over; the handler is told if it had accepted the client."""
        was, self.standing = self.standing, Standing.GONE
        if was is Standing.GONE:
            return
        self._client.forget(self)
        acks, self._acks = self._acks, {}
        for answer in acks.values():
            answer(None)
        if was is Standing.CONNECTED:
            self.handler.on_disconnect(self, reason)

    def receive_ack(self, id_: int, arguments: Arguments) -> None:
        """The client answered."""
        answer = self._acks.pop(id_, None)
        if answer is not None:
            answer(arguments)

    def _expect(self, answer: Answer) -> int:
        id_ = self._next_id
        self._next_id += 1
        if self.standing is Standing.GONE:
            answer(None)
        else:
            self._acks[id_] = answer
        return id_


class Ack:
    """The answer that a client waits for; only the first one is sent."""

    __slots__ = ("_id", "_socket")

    def __init__(self, socket: Socket, id_: int) -> None:
        self._socket: Socket | None = socket
        self._id = id_

    def __call__(self, *values: Any) -> None:
        """Answer with JSON-safe values; bytes become attachments."""
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.send(ack_frame(self._id, values, socket.namespace))

    def send_raw(self, content: bytes) -> None:
        """Answer with one argument that is JSON already."""
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.send(raw_ack_frame(self._id, content, socket.namespace))
