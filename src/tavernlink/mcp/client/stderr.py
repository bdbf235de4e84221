"""The last lines that a started server wrote to its standard error: they say why it did not start."""

from __future__ import annotations

import os
import threading
from collections import deque
from types import TracebackType
from typing import Self, TextIO

__all__ = ["Stderr"]

_LINES = 3
_LINE = 200  # characters


class Stderr:
    """A pipe for the server to write to. A thread of its own reads it, which every platform can do."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LINES)
        self.file: TextIO
        """Is handed to the server."""

    @property
    def tail(self) -> str:
        """What it said last."""
        return "\n".join(self._lines)

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        self.file = os.fdopen(writing, "w", encoding="utf-8")
        threading.Thread(
            target=self._read, args=(reading,), name="tavernlink-mcp-stderr", daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def _read(self, reading: int) -> None:
        """Until the last holder of the other end has closed it."""
        with os.fdopen(reading, "r", encoding="utf-8", errors="replace") as lines:
            while line := lines.readline(_LINE):
                if line.strip():
                    self._lines.append(line.rstrip())
