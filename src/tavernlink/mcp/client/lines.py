"""A limit to the lines of a server's standard output.

The SDK collects a line until its end comes, however long that takes. The text encoding of a server is a setting of its
transport, so the limit is one: UTF-8 that counts, and ends the line to a server which never ends its own.
"""

from __future__ import annotations

import codecs
from typing import Final

__all__ = ["BOUNDED", "LONGEST"]

BOUNDED: Final = "tavernlink-bounded-utf-8"
"""Name of the encoding."""

LONGEST: Final = 16 << 20
"""Bytes of a line."""


class _Decoder(codecs.IncrementalDecoder):
    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors)
        self._inner = codecs.getincrementaldecoder("utf-8")(errors)
        self._length = 0

    def decode(self, data: bytes, final: bool = False) -> str:  # type: ignore[override]  # noqa: FBT001, FBT002
        """Decode what came. Raises `ConnectionResetError`, which the SDK takes for what it is: the end."""
        newline = data.rfind(b"\n")
        self._length = self._length + len(data) if newline < 0 else len(data) - newline - 1
        if self._length > LONGEST:
            raise ConnectionResetError(f"a line of more than {LONGEST} bytes")
        return self._inner.decode(data, final)

    def reset(self) -> None:
        """Begin anew."""
        self._inner.reset()
        self._length = 0


def _look_up(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != BOUNDED:
        return None
    utf8 = codecs.lookup("utf-8")
    return codecs.CodecInfo(utf8.encode, utf8.decode, incrementaldecoder=_Decoder, name=BOUNDED)


codecs.register(_look_up)
