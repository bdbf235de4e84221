"""One hub for one data folder: two would each keep a memory of their own and write over one another."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

__all__ = ["FolderLock"]

_NAME = "hub.lock"


class FolderLock:
    """Held by the system for as long as the process lives, so nothing is left behind by one that was killed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take it; False if another process, or another hub of this one, has it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let it go, if it is held. The file stays: whoever deleted it could delete it under another's lock."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
