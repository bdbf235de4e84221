"""The hub as one MCP client sees it: through a key. Both ways in make one for each request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from mcp.server.context import ServerRequestContext

from tavernlink.sdk.hub import Hub

__all__ = ["Context", "Sight", "Sights"]

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """A hub handle, and what its key allows as far as that is known here."""

    hub: Hub
    may: Callable[[str], bool]
    """True if this message type may be sent; also where only the hub knows, which then says no itself."""


Sights = Callable[[Context], AbstractAsyncContextManager[Sight]]
"""Opens the sight of whoever sent a request, for as long as that is worked on."""
