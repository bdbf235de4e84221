"""A keeper of tabs without a browser: it offers what `tavernlink tab` offers, for one tab, and notes what it is told.

The tab hangs on a dialog until somebody answers it.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from tavernlink.demo.hub import RunningHub
from tavernlink.sdk import connect

__all__ = ["DOT", "scripted_keeper"]

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)
"""A picture of one point."""
_AT = 1795262400.0
_TAB: dict[str, Any] = {
    "tab": "Attic",
    "tavern": None,
    "url": "http://127.0.0.1:8000",
    "account": None,
    "character": None,
    "state": "blocked_by_dialog",
    "reason": "A dialog in SillyTavern waits for an answer.",
    "since": _AT,
    "uptime": 7405.0,
    "retry_in": None,
    "memory": 412_000_000,
    "memory_limit": 900_000_000,
    "restarts": 1,
    "last_restart": {"at": _AT, "why": "Its memory was over 900 MB."},
    "dialogs": [
        {
            "id": "d1",
            "kind": "confirm",
            "text": "The chat was changed elsewhere. Reload it?",
            "answers": ["Reload", "Cancel"],
            "asks_text": False,
            "opened": _AT,
        }
    ],
    "answered": 2,
}


@contextlib.asynccontextmanager
async def scripted_keeper(hub: RunningHub, *, picture: bytes = DOT) -> AsyncIterator[list[str]]:
    """Connect one, whose tab looks like this PNG; gives what was done to the tab, as it is done."""
    async with connect(hub.url, hub.admin_key, name="tab keeper") as keeper:
        now = dict(_TAB)
        done: list[str] = []

        @keeper.function(name="tab.screenshot")
        async def screenshot(tab: str, width: int = 800) -> dict[str, Any]:
            """Take a picture of a tab."""
            image = {"type": "file", "mime": "image/png", "data": base64.b64encode(picture).decode()}
            return {"tab": tab, "taken": _AT, "width": width, "height": 1, "image": image}

        @keeper.function(name="tab.answer")
        async def answer(tab: str, dialog: str, answer: str) -> dict[str, Any]:
            """Answer a dialog."""
            done.append(f"{tab} {dialog} {answer}")
            now.update(state="online", reason=None, dialogs=[])
            return now

        @keeper.function(name="tab.restart")
        async def restart(tab: str) -> dict[str, Any]:
            """Open a tab again."""
            done.append(f"{tab} again")
            now.update(restarts=2)
            return now

        @keeper.function(name="tab.list")
        async def tabs() -> list[dict[str, Any]]:
            """List the tabs."""
            return [now]

        yield done
