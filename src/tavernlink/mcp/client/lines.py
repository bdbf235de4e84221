"""Whole lines of a server's standard output, and a limit to their length.

The SDK collects a line until its end comes, however long that takes, and looks through all of it again with each piece
of it: a long one would hold up the hub. The text encoding of a server is a setting of its transport, so this is one:
UTF-8 that gives whole lines, and in place of one that does not end a line which says so.
"""

from __future__ import annotations

import codecs
from typing import Final

__all__ = ["BOUNDED", "LONGEST", "TOO_LONG"]

BOUNDED: Final = "tavernlink-bounded-utf-8"
"""Name of the encoding."""

LONGEST: Final = 16 << 20
"""Bytes of a line."""

TOO_LONG: Final = f"tavernlink: a line of more than {LONGEST >> 20} MiB"
"""What stands in its place. It is no message: the SDK gives it to the handler as an error."""


class _Decoder(codecs.IncrementalDecoder):
    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors)
        self._errors = errors
        self._pieces: list[bytes] = []
        self._length = 0

    def decode(self, data: bytes, final: bool = False) -> str:  # type: ignore[override]  # noqa: FBT001, FBT002
        """Return the lines that `data` ends."""
        end = len(data) if final else data.rfind(b"\n") + 1
        rest = data[end:]
        whole = b"".join([*self._pieces, data[:end]]) if end or final else b""
        if whole:
            self.reset()
        if rest:
            self._pieces.append(rest)
            self._length += len(rest)
        if self._length > LONGEST:
            self.reset()
            whole += f"{TOO_LONG}\n".encode()
        return whole.decode("utf-8", self._errors)

    def reset(self) -> None:
        """Begin anew."""
        self._pieces.clear()
        self._length = 0


def _look_up(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != BOUNDED:
        return None
    utf8 = codecs.lookup("utf-8")
    return codecs.CodecInfo(utf8.encode, utf8.decode, incrementaldecoder=_Decoder, name=BOUNDED)


codecs.register(_look_up)
