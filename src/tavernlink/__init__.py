"""Tavernlink joins a running SillyTavern to everything else.

    async with tavernlink.connect("http://127.0.0.1:8001", key) as hub:
        async for delta in hub.tavern().send("hello"):
            print(delta, end="")

The names below load with their first use, so `import tavernlink` costs nothing to those who need one of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tavernlink.version import __version__

if TYPE_CHECKING:
    from tavernlink import errors
    from tavernlink.errors import TavernlinkError
    from tavernlink.sdk import connect, connect_sync, sync
    from tavernlink.sdk.context import Context
    from tavernlink.sdk.offering import function

__all__ = [
    "Context",
    "TavernlinkError",
    "__version__",
    "connect",
    "connect_sync",
    "errors",
    "function",
    "sync",
]

_HOMES = {
    "Context": "tavernlink.sdk.context",
    "TavernlinkError": "tavernlink.errors",
    "connect": "tavernlink.sdk",
    "connect_sync": "tavernlink.sdk",
    "function": "tavernlink.sdk.offering",
    "sync": "tavernlink.sdk",
}


if not TYPE_CHECKING:  # a type checker would take it as leave for any name

    def __getattr__(name: str) -> Any:
        if name == "errors":
            return importlib.import_module("tavernlink.errors")
        home = _HOMES.get(name)
        if home is None:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        return getattr(importlib.import_module(home), name)
