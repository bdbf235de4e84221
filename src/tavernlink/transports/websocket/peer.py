"""Protocol v1 on a plain WebSocket: one peer.

    ──► {"type": "hello", "content": {…auth…}, "id"?}      first frame, unless the upgrade carried a Bearer key
    ◄── {"type": "welcome", …}
    ──► {"type", "content", "id"?}                         a message
    ◄── {"type": "ack", "id", "content": outcome}          where it had an id; a failure is told without one too
    ◄── {"type", "content"}                                an event

With a Bearer key the peer is let in at once, as an app; if its first frame is a `hello` all the same (to resume, or
to give a name), that one counts and a second `welcome` follows.
"""

from __future__ import annotations

import asyncio

import msgspec

from tavernlink.core.peers.peer import Peer
from tavernlink.errors import AuthError, BadMessage, TavernlinkError
from tavernlink.protocol.codec import (
    Frame as TextFrame,
)
from tavernlink.protocol.codec import (
    decode_frame,
    encode_ack_frame,
    encode_event_frame,
)
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Failure, Success, failure_of
from tavernlink.protocol.session import Auth, Closing
from tavernlink.runtime.hub import Runtime
from tavernlink.transports.connection import Connection
from tavernlink.transports.frame import Frame
from tavernlink.transports.spread import LinkCarrier
from tavernlink.transports.websocket.closing import close_code
from tavernlink.transports.websocket.heartbeat import Heartbeat

__all__ = ["WebSocketPeer"]

_CARRIER = "websocket"
_decode_auth = msgspec.json.Decoder(Auth).decode


def _frame_of(event: Event) -> Frame:
    """The event as a text frame; made once, whoever receives it."""
    frame: Frame | None = event.frames.get(_CARRIER)
    if frame is None:
        frame = event.frames[_CARRIER] = Frame(encode_event_frame(event.type, event.json))
    return frame


class _Link:
    """The peer's line. A second hello makes a new one, so that the hub can tell them apart."""

    __slots__ = ("connection",)

    carrier = LinkCarrier(_frame_of)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, event: Event) -> None:
        self.connection.write(_frame_of(event))

    def close(self, code: str, message: str) -> None:
        self.send(Event("closing", Closing(code=code, message=message)))
        self.connection.close(close_code(code), message)


class WebSocketPeer:
    """The receiver of one v1 connection."""

    __slots__ = (
        "_connection",
        "_deadline",
        "_greeted",
        "_heartbeat",
        "_hello_seconds",
        "_key",
        "_link",
        "_ping_seconds",
        "_runtime",
        "peer",
    )

    _connection: Connection
    _heartbeat: Heartbeat
    _link: _Link

    def __init__(
        self, runtime: Runtime, *, key: str | None, hello_seconds: float, ping_seconds: float
    ) -> None:
        self._runtime = runtime
        self._key = key
        self._hello_seconds = hello_seconds
        self._ping_seconds = ping_seconds
        self._deadline: asyncio.TimerHandle | None = None
        self._greeted = False
        """A first frame came: no hello is taken any more."""
        self.peer: Peer | None = None

    # ── from the connection ──────────────────────────────────────────────────────────────────────────────
    def connection_made(self, connection: Connection) -> None:
        """Wait for the hello, or begin with the key of the upgrade."""
        self._connection = connection
        self._link = _Link(connection)
        self._heartbeat = Heartbeat(connection, self._ping_seconds)
        if self._key is not None:
            self._connect(Auth(), None)
        else:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(
                self._hello_seconds, self._link.close, "auth_timeout", "No valid hello arrived in time."
            )

    def receive_text(self, payload: bytes) -> None:
        """One frame."""
        try:
            frame = decode_frame(payload)
        except BadMessage as error:
            self._answer(None, failure_of(error))
            return
        if not self._greeted:
            self._greeted = True
            if frame.type == "hello":
                self._receive_hello(frame)
                return
        peer = self.peer
        if peer is None:
            self._refuse(frame.id, AuthError("unauthorized", "The first frame must be a `hello` with a key."))
        elif frame.id is None:
            self._runtime.receive(peer, frame.type, frame.content, self._answer_failure)
        else:
            id_ = frame.id
            self._runtime.receive(peer, frame.type, frame.content, lambda outcome: self._answer(id_, outcome))

    def receive_binary(self, payload: bytes) -> None:
        """Nothing of this protocol is binary."""
        self._answer(None, failure_of(BadMessage("invalid_message", "Frames are JSON text, not binary.")))

    def blocked(self) -> None:
        """The peer reads too slowly."""
        if self.peer is not None:
            self._runtime.link_blocked(self.peer, self._link)

    def writable(self) -> None:
        """It caught up."""
        if self.peer is not None:
            self._runtime.link_ready(self.peer, self._link)

    def connection_lost(self, code: int, reason: str) -> None:
        """The line dropped."""
        self._cancel_deadline()
        self._heartbeat.stop()
        if self.peer is not None:
            self._runtime.disconnected(self.peer, self._link)

    # ── connecting ───────────────────────────────────────────────────────────────────────────────────────
    def _receive_hello(self, frame: TextFrame) -> None:
        try:
            auth = _decode_auth(frame.content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._refuse(frame.id, AuthError("invalid_auth", f"The hello has the wrong shape: {error}."))
            return
        if self.peer is not None:
            self._runtime.disconnected(self.peer, self._link)
            self.peer = None
            self._link = _Link(self._connection)
        self._connect(auth, frame.id)

    def _connect(self, auth: Auth, id_: str | int | None) -> None:
        try:
            self.peer = self._runtime.connect(
                auth, self._link, address=self._connection.address, key=self._key
            )
        except TavernlinkError as error:
            self._refuse(id_, error)
            return
        self._cancel_deadline()
        if id_ is not None:
            self._answer(id_, Success())

    def _refuse(self, id_: str | int | None, error: TavernlinkError) -> None:
        if id_ is not None:
            self._answer(id_, failure_of(error))
        self._link.close(error.code, error.message)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    # ── answering ────────────────────────────────────────────────────────────────────────────────────────
    def _answer(self, id_: str | int | None, outcome: Success | Failure) -> None:
        self._connection.write(Frame(_ack_frame(id_, outcome)))

    def _answer_failure(self, outcome: Success | Failure) -> None:
        """A message without an id failed: its sender still learns why."""
        if isinstance(outcome, Failure):
            self._answer(None, outcome)


def _ack_frame(id_: str | int | None, outcome: Success | Failure) -> bytes:
    return encode_ack_frame(id_, outcome)  # type: ignore[arg-type] # null where the message had no id
