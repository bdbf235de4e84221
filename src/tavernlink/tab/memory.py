"""How much memory a browser takes, from outside: so it is known of a page that hangs, too."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

__all__ = ["browser_memory"]


def browser_memory(profile: Path) -> int | None:
    """Return the bytes of the browser that this process started on a profile, all its processes; None: not known.

    What processes share is counted once where the system says so (Linux), or left out (macOS, Windows): a sum of
    resident sizes would count Chromium's code ten times. Where the system tells neither, it is the resident size.
    """
    wanted = f"--user-data-dir={profile}"
    found: set[psutil.Process] = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if wanted in process.cmdline():
                found.update([process, *process.children(recursive=True)])
    return sum(map(_size, found)) or None


def _size(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.uss)
    except psutil.AccessDenied:  # a process in Chromium's sandbox, of somebody who is not root
        with contextlib.suppress(psutil.Error):
            return int(process.memory_info().rss)
    except psutil.Error:
        pass
    return 0
