"""WebSocket frames as a client writes and reads them (RFC 6455), no more than a load generator needs."""

from __future__ import annotations

import os
from collections.abc import Iterator

__all__ = ["PING", "TEXT", "masked", "parse"]

TEXT = 0x1
PING = 0x9
_FINAL = 0x80


def masked(payload: bytes, opcode: int = TEXT) -> bytes:
    """One final client frame with a random mask."""
    size = len(payload)
    if size < 126:
        header = bytes((_FINAL | opcode, 0x80 | size))
    elif size < 65_536:
        header = bytes((_FINAL | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        header = bytes((_FINAL | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    mask = os.urandom(4)
    pad = (mask * (size // 4 + 1))[:size]
    body = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return header + mask + body.to_bytes(size, "big")


def parse(data: bytes | bytearray) -> Iterator[tuple[int, bytes, int]]:
    """Yield (opcode, payload, offset of the frame's end) of each whole server frame in `data`.

    Raises ValueError for a fragment or a masked frame, which neither server sends here.
    """
    at, size = 0, len(data)
    while size - at >= 2:
        first, length = data[at], data[at + 1]
        if not first & _FINAL or length & 0x80:
            raise ValueError("a fragmented or masked server frame")
        start = at + 2
        if length >= 126:
            width = 2 if length == 126 else 8
            if size - start < width:
                return
            length = int.from_bytes(data[start : start + width], "big")
            start += width
        if size - start < length:
            return
        at = start + length
        yield first & 0x0F, bytes(data[start:at]), at
