"""How much memory this process takes."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

__all__ = ["own_memory"]

_STATM = Path("/proc/self/statm")


def own_memory() -> int | None:
    """Return the bytes of memory that this process holds now; None where that is not known.

    Linux says so by itself; elsewhere psutil knows, which comes with `tavernlink[tab]`.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):  # another system, or a sandbox that hides it
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    process = _process()
    return None if process is None else int(process.memory_info().rss)


@cache
def _process() -> psutil.Process | None:
    try:
        import psutil  # noqa: PLC0415  # only where it is needed, and there
    except ImportError:
        return None
    return psutil.Process()
