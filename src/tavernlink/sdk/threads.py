"""Threads for functions that are not async. They are daemons: one that never ends cannot keep the process from ending.

A thread that carries out a call past its time limit cannot be stopped, so there is a limit to how many there are.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from tavernlink.errors import Unavailable

__all__ = ["Threads"]

_IDLE_SECONDS = 30.0


class Threads:
    """At most `most` threads; made when needed, ended when idle for a while."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0

    def run(self, work: Callable[[], None]) -> None:
        """Have `work`, which never raises, done in a thread. Raises `busy` where all of them are taken."""
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
                self._work.put(work)
                return
            if self._threads >= self._most:
                raise Unavailable(
                    "busy", f"All {self._most} threads for functions are taken. Do some of them never end?"
                )
            self._threads += 1
        threading.Thread(target=self._serve, args=(work,), name=self._name, daemon=True).start()

    def _serve(self, work: Callable[[], None]) -> None:
        while True:
            work()
            with self._lock:
                self._idle += 1
            try:
                work = self._work.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._idle > 0:
                        self._idle -= 1
                        self._threads -= 1
                        return
                work = self._work.get()  # it was promised in the moment of giving up
