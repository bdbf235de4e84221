"""How a tab that is kept open is: what `tab.list` tells."""

from __future__ import annotations

from typing import Literal

import msgspec

from tavernlink.tab.dialogs import OpenDialog

__all__ = ["Restart", "TabInfo", "TabState"]

TabState = Literal["opening", "online", "offline", "blocked_by_dialog", "waiting", "stopped", "closed"]


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """Why a tab was opened anew."""

    at: float
    """Seconds since 1970."""
    why: str


class TabInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One tab. Every field is always there; see docs/guide/tab.md."""

    tab: str
    """Its name, unique within the keeper."""
    tavern: str | None
    """Id of its tavern in the hub."""
    url: str
    """SillyTavern's address, without any password."""
    account: str | None
    character: str | None
    state: TabState
    reason: str | None
    """Why it is not `online`."""
    since: float
    """When it came into this state, seconds since 1970."""
    uptime: float | None
    """Seconds since its page became usable."""
    retry_in: float | None
    """Seconds until it is opened again, while `waiting`."""
    memory: int | None
    """Bytes of its browser, all processes."""
    memory_limit: int | None
    restarts: int
    last_restart: Restart | None
    dialogs: list[OpenDialog]
    """What waits for an answer."""
    answered: int
    """How many dialogs were answered by the rules."""
