"""The Engine.IO codec: packets, and the payloads of several packets that long-polling carries.

    "0" open   "1" close   "2" ping   "3" pong   "4" message   "5" upgrade   "6" noop

A WebSocket carries one packet in each text message; a binary message is a binary message packet without
any prefix. Polling joins packets with 0x1e and writes a binary one as "b" and base64.
Pure functions on bytes; the session judges what a packet means.
"""

from __future__ import annotations

import binascii
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from tavernlink.transports.frame import Frame

__all__ = [
    "CLOSE",
    "MESSAGE",
    "NOOP",
    "OPEN",
    "PING",
    "PONG",
    "UPGRADE",
    "Handshake",
    "InvalidPacket",
    "Packet",
    "decode_payload",
    "encode_payload",
    "message",
    "take_payload",
]

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = b"0123456"
_BINARY = ord("b")
_SEPARATOR = b"\x1e"
_PAYLOAD_PACKETS = 16
"""In one payload that the server sends; python-engineio's client takes no more, and drops them all without a word."""


class InvalidPacket(ValueError):
    """The peer broke the protocol; its session must be closed."""


class Handshake(msgspec.Struct, rename="camel"):
    """What the server says in the OPEN packet; times in milliseconds, `max_payload` in bytes."""

    sid: str
    upgrades: list[str]
    ping_interval: int
    ping_timeout: int
    max_payload: int

    def frame(self) -> Frame:
        """The OPEN packet."""
        return Frame(b"0" + msgspec.json.encode(self))


class Packet(NamedTuple):
    """One decoded packet; `data` is what follows the type."""

    type: int
    data: bytes
    binary: bool = False


def decode_payload(body: bytes) -> list[Packet]:
    """Split a polling payload; raises `InvalidPacket`."""
    packets = []
    for part in body.split(_SEPARATOR):
        if not part:
            raise InvalidPacket("an empty packet")
        kind = part[0]
        if kind == _BINARY:
            try:
                data = binascii.a2b_base64(part[1:], strict_mode=True)
            except binascii.Error as exc:
                raise InvalidPacket(f"base64: {exc}") from exc
            packets.append(Packet(MESSAGE, data, binary=True))
        elif OPEN <= kind <= NOOP:
            packets.append(Packet(kind, part[1:]))
        else:
            raise InvalidPacket("an unknown packet type")
    return packets


def encode_payload(frames: Iterable[Frame]) -> bytes:
    """Join frames into one polling payload."""
    parts = []
    for frame in frames:
        if frame.text:
            parts.append(frame.text)
        parts.extend(b"b" + binascii.b2a_base64(data, newline=False) for data in frame.attachments)
    return _SEPARATOR.join(parts)


def take_payload(queue: deque[Frame]) -> list[Frame]:
    """Take from a queue what one payload may carry: at least one frame."""
    frames = [queue.popleft()]
    packets = frames[0].packets
    while queue and packets + queue[0].packets <= _PAYLOAD_PACKETS:
        frames.append(queue.popleft())
        packets += frames[-1].packets
    return frames


def message(text: bytes, attachments: tuple[bytes, ...] = ()) -> Frame:
    """A MESSAGE packet, followed by binary messages."""
    return Frame(b"4" + text, attachments)
