"""The Socket.IO codec: one text packet, and the binary attachments that follow it.

    <type>[<number of attachments>-][<namespace>,][<ack id>][<JSON>]

    "0" CONNECT   "1" DISCONNECT   "2" EVENT   "3" ACK   "4" CONNECT_ERROR   "5" BINARY_EVENT   "6" BINARY_ACK

The namespace "/" is left out. Arguments stay raw JSON, so that whoever knows their types decodes them once.
In a binary packet an argument holds `{"_placeholder": true, "num": N}` where the N-th attachment belongs.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from tavernlink.transports.engineio.packet import InvalidPacket, message
from tavernlink.transports.frame import Frame

__all__ = [
    "ACK",
    "BINARY_ACK",
    "BINARY_EVENT",
    "CONNECT",
    "CONNECT_ERROR",
    "DISCONNECT",
    "EVENT",
    "Arguments",
    "Packet",
    "ack_frame",
    "decode",
    "event_frame",
    "packet_frame",
    "raw_ack_frame",
    "raw_event_frame",
    "split_event",
]

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = b"0123456"

_RESERVED = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)
_MAX_ACK_DIGITS = 15

_encode = msgspec.json.Encoder().encode
_decode_pair = msgspec.json.Decoder(tuple[str, msgspec.Raw]).decode
_decode_arguments = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_name = msgspec.json.Decoder(str).decode


class Packet(NamedTuple):
    """One text packet; `data` is its JSON, empty where there is none."""

    type: int
    namespace: str
    id: int | None
    data: bytes
    attachments: int = 0


class Arguments(msgspec.Struct, gc=False, eq=False):
    """The arguments of an event or ack: raw JSON, with attachments that belong into it."""

    raw: list[msgspec.Raw]
    attachments: tuple[bytes, ...] = ()

    def values(self) -> list[Any]:
        """The decoded arguments, with bytes where attachments belong. Raises `InvalidPacket`."""
        return [self._fill(_parse(raw), bytes) for raw in self.raw]

    def json(self, index: int) -> bytes | msgspec.Raw:
        """One argument's JSON, with base64 strings where attachments belong. Raises `InvalidPacket`."""
        raw = self.raw[index]
        if not self.attachments:
            return raw
        return _encode(self._fill(_parse(raw), lambda data: base64.b64encode(data).decode()))

    def _fill(self, value: Any, convert: Callable[[bytes], Any]) -> Any:
        if isinstance(value, list):
            return [self._fill(item, convert) for item in value]
        if not isinstance(value, dict):
            return value
        if self.attachments and value.get("_placeholder") is True:
            number = value.get("num")
            if (
                not isinstance(number, int)
                or isinstance(number, bool)
                or not 0 <= number < len(self.attachments)
            ):
                raise InvalidPacket("a placeholder without its attachment")
            return convert(self.attachments[number])
        return {key: self._fill(item, convert) for key, item in value.items()}


def _parse(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidPacket("an argument is not JSON") from exc


# ── decoding ─────────────────────────────────────────────────────────────────────────────────────────────────
def decode(text: bytes) -> Packet:
    """Read one text packet; raises `InvalidPacket`. JSON is checked by `split_event` and `split_ack`."""
    if not text or not CONNECT <= text[0] <= BINARY_ACK:
        raise InvalidPacket("an unknown packet type")
    kind = text[0]
    at, attachments = 1, 0
    if kind in (BINARY_EVENT, BINARY_ACK):
        digits, dash, _ = text[1:12].partition(b"-")
        if not dash or not digits.isdigit():
            raise InvalidPacket("a binary packet without its number of attachments")
        attachments = int(digits)
        at += len(digits) + 1
    namespace = "/"
    if text[at : at + 1] == b"/":
        end = text.find(b",", at)
        name = text[at:] if end < 0 else text[at:end]
        at = len(text) if end < 0 else end + 1
        try:
            namespace = name.decode()
        except UnicodeDecodeError as exc:
            raise InvalidPacket("a namespace that is not UTF-8") from exc
    end = at
    while end < len(text) and 0x30 <= text[end] <= 0x39:
        end += 1
    if end - at > _MAX_ACK_DIGITS:
        raise InvalidPacket("an ack id that is too long")
    packet = Packet(kind, namespace, int(text[at:end]) if end > at else None, text[end:], attachments)
    _check(packet)
    return packet


def _check(packet: Packet) -> None:
    """Which packets a client may send, and the outer shape of their data."""
    kind, data = packet.type, packet.data
    if kind == CONNECT:
        valid = packet.id is None and (not data or data[:1] == b"{")
    elif kind == DISCONNECT:
        valid = packet.id is None and not data
    elif kind in (ACK, BINARY_ACK):
        valid = packet.id is not None and data[:1] == b"["
    else:
        valid = kind != CONNECT_ERROR and data[:1] == b"["
    if not valid:
        raise InvalidPacket("a packet without the data that its type asks for")


def split_arguments(data: bytes) -> list[msgspec.Raw]:
    """The elements of a JSON array, each as raw JSON; raises `InvalidPacket`."""
    try:
        return _decode_arguments(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidPacket("the data is not a JSON array") from exc


def split_event(data: bytes) -> tuple[str, list[msgspec.Raw]]:
    """The name and the raw arguments of an event; raises `InvalidPacket`."""
    try:
        name, argument = _decode_pair(data)  # by far the most frequent: a name and one argument
        raw = [argument]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raw = split_arguments(data)
        if not raw:
            raise InvalidPacket("an event without a name") from None
        name = _read_name(raw.pop(0))
    if name in _RESERVED:
        raise InvalidPacket("an event with a reserved name")
    return name, raw


def _read_name(quoted: msgspec.Raw) -> str:
    try:
        return _decode_name(quoted)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidPacket("an event whose name is not a string") from exc


# ── encoding ─────────────────────────────────────────────────────────────────────────────────────────────────
def packet_frame(
    kind: int, namespace: str, id_: int | None, data: bytes, attachments: tuple[bytes, ...] = ()
) -> Frame:
    """One packet as an Engine.IO message."""
    parts = [b"%c" % kind]
    if attachments:
        parts.append(b"%d-" % len(attachments))
    if namespace != "/":
        parts.append(namespace.encode() + b",")
    if id_ is not None:
        parts.append(b"%d" % id_)
    parts.append(data)
    return message(b"".join(parts), attachments)


def raw_event_frame(name: str, content: bytes, namespace: str = "/", id_: int | None = None) -> Frame:
    """An event with one argument that is JSON already."""
    return packet_frame(EVENT, namespace, id_, b"[" + _encode(name) + b"," + content + b"]")


def raw_ack_frame(id_: int, content: bytes, namespace: str = "/") -> Frame:
    """An ack with one argument that is JSON already."""
    return packet_frame(ACK, namespace, id_, b"[" + content + b"]")


def event_frame(name: str, values: Sequence[Any], namespace: str = "/", id_: int | None = None) -> Frame:
    """An event with JSON-safe values; bytes in them (in lists and dicts) become attachments."""
    return _values_frame(EVENT, BINARY_EVENT, [name, *values], namespace, id_)


def ack_frame(id_: int, values: Sequence[Any], namespace: str = "/") -> Frame:
    """An ack with JSON-safe values; bytes in them become attachments."""
    return _values_frame(ACK, BINARY_ACK, list(values), namespace, id_)


def _values_frame(plain: int, binary: int, values: list[Any], namespace: str, id_: int | None) -> Frame:
    attachments: list[bytes] = []
    data = _encode([_take_out(value, attachments) for value in values])
    return packet_frame(binary if attachments else plain, namespace, id_, data, tuple(attachments))


def _take_out(value: Any, attachments: list[bytes]) -> Any:
    """Replace bytes by placeholders."""
    if isinstance(value, bytes | bytearray | memoryview):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, dict):
        return {key: _take_out(item, attachments) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_take_out(item, attachments) for item in value]
    return value
