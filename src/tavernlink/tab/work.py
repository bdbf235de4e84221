"""Whether a tab is working: it is while it waits for a model, whoever asked for that.

Looked at from outside, by the requests that the page makes to SillyTavern's server, so that generations beside the open
chat, those of other extensions and those of a person count too.
"""

from __future__ import annotations

import re
import time
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Request

__all__ = ["Work"]

# /api/backends/chat-completions/generate, /api/novelai/generate, /api/horde/generate-text, …
_GENERATES: Final = re.compile(r"/api/(.+/)?generate[a-z-]*")


class Work:
    """The generations of one page that are under way."""

    def __init__(self) -> None:
        self._running: set[Request] = set()
        self._last = time.monotonic()

    @property
    def running(self) -> int:
        """How many there are."""
        return len(self._running)

    @property
    def idle_seconds(self) -> float:
        """How long there has been none."""
        return 0.0 if self._running else time.monotonic() - self._last

    def receive_request(self, request: Request) -> None:
        """The page makes a request."""
        if request.method == "POST" and _GENERATES.fullmatch(urlsplit(request.url).path):
            self._running.add(request)

    def receive_end(self, request: Request) -> None:
        """A request is over, well or not."""
        if request in self._running:
            self._running.remove(request)
            self._last = time.monotonic()

    def forget(self) -> None:
        """Another document is there; nobody waits for the requests of the last one."""
        self._running.clear()
        self._last = time.monotonic()
