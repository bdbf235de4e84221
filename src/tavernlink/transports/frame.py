"""Outgoing messages in the shape in which WebSocket connections write them.

A `Frame` is encoded once and written to any number of connections: the bytes of the complete, unmasked
server frames (RFC 6455, section 5.2), header included, are built on first use and shared. No I/O here.
"""

from __future__ import annotations

import msgspec

__all__ = ["Frame", "binary_frame", "text_frame"]

_TEXT = b"\x81"
_BINARY = b"\x82"


def _header(opcode: bytes, size: int) -> bytes:
    if size < 126:
        return opcode + size.to_bytes(1, "big")
    if size < 65536:
        return opcode + b"\x7e" + size.to_bytes(2, "big")
    return opcode + b"\x7f" + size.to_bytes(8, "big")


def text_frame(payload: bytes) -> bytes:
    """One final, unmasked text frame."""
    return _header(_TEXT, len(payload)) + payload


def binary_frame(payload: bytes) -> bytes:
    """One final, unmasked binary frame."""
    return _header(_BINARY, len(payload)) + payload


class Frame(msgspec.Struct, gc=False, eq=False):
    """One message for the wire: a text payload and the binary payloads that follow it directly.

    Immutable by agreement, so that it may sit in many write queues and replay buffers at once.
    `text` may be empty, then only the attachments are sent.
    """

    text: bytes
    attachments: tuple[bytes, ...] = ()
    _wire: bytes | None = None

    @property
    def size(self) -> int:
        """Payload bytes, headers not counted."""
        return len(self.text) + sum(map(len, self.attachments)) if self.attachments else len(self.text)

    @property
    def packets(self) -> int:
        """Packets of a long-polling answer that it takes."""
        return bool(self.text) + len(self.attachments)

    @property
    def wire(self) -> bytes:
        """The bytes of the complete WebSocket frames; built once."""
        wire = self._wire
        if wire is None:
            wire = text_frame(self.text) if self.text or not self.attachments else b""
            if self.attachments:
                wire = b"".join((wire, *map(binary_frame, self.attachments)))
            self._wire = wire
        return wire

    def __repr__(self) -> str:
        return f"Frame({self.text[:80]!r}, attachments={len(self.attachments)})"
