"""The machine: its cores, its name, and what a process costs. Linux only, as the figures are."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Cores", "cpu_clock", "describe", "raise_file_limit", "resident"]


class Cores:
    """One core for the servers, another one for the generator, where the machine has two."""

    def __init__(self) -> None:
        allowed = sorted(os.sched_getaffinity(0))
        self.server = allowed[0]
        self.generator = allowed[-1]
        self.pinned = len(allowed) > 1

    def pin_generator(self) -> None:
        """Keep this process on its core."""
        os.sched_setaffinity(0, {self.generator})

    @contextlib.contextmanager
    def for_server(self) -> Iterator[None]:
        """Processes that are started inside inherit the servers' core, with all their threads."""
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.server})
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)


def cpu_clock(pid: int) -> int:
    """Return the id of a process's CPU clock: user and system time of all its threads, for `time.clock_gettime_ns`.

    The same sum as utime + stime in /proc/PID/stat, in nanoseconds instead of hundredths of a second.
    """
    clock = ctypes.c_int()
    error = ctypes.CDLL(None, use_errno=True).clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise OSError(error, os.strerror(error))
    time.clock_gettime_ns(clock.value)
    return clock.value


def resident(pid: int) -> int:
    """Return the resident memory of a process, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def raise_file_limit() -> int:
    """Allow this process and its children as many open files as the system lets them; return that number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def describe() -> str:
    """Return e.g. `AMD EPYC, 2 cores, Linux 6.1.0 x86_64`."""
    model = platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()} {platform.machine()}"
