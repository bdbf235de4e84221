"""The hub's Socket.IO door: the default namespace, for taverns and apps.

Event name = message type, first argument = content, ack = outcome. A refused connect is a CONNECT_ERROR whose
`data` is `{code, message}`. Translates between a `Socket` and the runtime; decides nothing.
"""

from __future__ import annotations

import msgspec

from tavernlink.core.peers.peer import Peer
from tavernlink.core.seams import Ack as TakeOutcome
from tavernlink.errors import AuthError, TavernlinkError
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Failure, Success
from tavernlink.protocol.session import Auth, Closing
from tavernlink.runtime.hub import Runtime
from tavernlink.transports.connection import Connection
from tavernlink.transports.engineio.packet import message
from tavernlink.transports.frame import Frame
from tavernlink.transports.socketio.namespace import Refusal
from tavernlink.transports.socketio.packet import Arguments
from tavernlink.transports.socketio.socket import Ack, Socket
from tavernlink.transports.spread import LinkCarrier

__all__ = ["SocketDoor"]

_CARRIER = "socketio"
_FOR_GOOD = frozenset({"replaced", "key_revoked", "key_expired"})
"""Why a client must not come back by itself: it gets a DISCONNECT packet; any other loss, stock clients mend."""

_decode_auth = msgspec.json.Decoder(Auth).decode
_starts: dict[str, bytes] = {}


def _frame_of(event: Event) -> Frame:
    """The event as a Socket.IO packet in an Engine.IO message; made once, whoever receives it."""
    frame: Frame | None = event.frames.get(_CARRIER)
    if frame is None:
        start = _starts.get(event.type)
        if start is None:
            start = _starts[event.type] = message(b"2[" + encode_json(event.type) + b",").text
        frame = event.frames[_CARRIER] = Frame(start + event.json + b"]")
    return frame


class _Link:
    """The line to one peer."""

    __slots__ = ("_socket", "peer")

    carrier = LinkCarrier(_frame_of)
    peer: Peer

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    @property
    def connection(self) -> Connection | None:
        channel = self._socket.session.channel
        return channel if isinstance(channel, Connection) else None

    def send(self, event: Event) -> None:
        self._socket.send(_frame_of(event))

    def close(self, code: str, message: str) -> None:
        self.send(Event("closing", Closing(code=code, message=message)))
        if code in _FOR_GOOD:
            self._socket.disconnect(close=True)
        else:
            self._socket.session.close(code)


class SocketDoor:
    """Handler of the namespace "/"."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def on_connect(self, socket: Socket, auth: bytes) -> None:
        """Let a peer in, or raise `Refusal`."""
        link = _Link(socket)
        try:
            link.peer = self._runtime.connect(_read_auth(auth), link, address=socket.address)
        except TavernlinkError as error:
            raise Refusal(
                error.message, {"code": error.code, "message": error.message, **_details(error)}
            ) from None
        socket.data = link

    def on_event(self, socket: Socket, name: str, arguments: Arguments, ack: Ack | None) -> None:
        """Hand a message to the hub."""
        raw = arguments.raw
        content = b"{}" if not raw else arguments.json(0) if arguments.attachments else raw[0]
        self._runtime.receive(socket.data.peer, name, content, None if ack is None else _outcome_to(ack))

    def on_blocked(self, socket: Socket) -> None:
        """The client reads too slowly."""
        self._runtime.link_blocked(socket.data.peer, socket.data)

    def on_writable(self, socket: Socket) -> None:
        """It caught up."""
        self._runtime.link_ready(socket.data.peer, socket.data)

    def on_disconnect(self, socket: Socket, reason: str) -> None:
        """The line dropped."""
        self._runtime.disconnected(socket.data.peer, socket.data)


def _read_auth(auth: bytes) -> Auth:
    try:
        return _decode_auth(auth)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AuthError("invalid_auth", f"The connect payload has the wrong shape: {error}.") from None


def _details(error: TavernlinkError) -> dict[str, object]:
    return {"details": error.details} if error.details else {}


def _outcome_to(ack: Ack) -> TakeOutcome:
    def send(outcome: Success | Failure) -> None:
        ack.send_raw(encode_json(outcome))

    return send
