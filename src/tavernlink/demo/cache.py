"""The folder for what is slow to get and safe to lose, shared by all runs on the machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO

import platformdirs

__all__ = ["cache_dir", "locked"]

_RETRY_SECONDS = 0.2


def cache_dir() -> Path:
    """`$TAVERNLINK_CACHE`, or `tavernlink` in the platform's cache folder. It need not exist yet."""
    chosen = os.environ.get("TAVERNLINK_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("tavernlink", appauthor=False))


@contextlib.asynccontextmanager
async def locked(path: Path, *, waiting: Callable[[], None] | None = None) -> AsyncIterator[None]:
    """Hold the lock file `path` against other processes; the system releases it when the process ends in any way.

    `waiting` is called once if someone else holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        first = True
        while not _try_lock(file):
            if first and waiting:
                waiting()
            first = False
            # Neither flock nor LockFile can be awaited, so this is the one place that has to ask again and again.
            await asyncio.sleep(_RETRY_SECONDS)
        try:
            yield
        finally:
            _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
