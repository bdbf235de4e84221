"""What a tab is to open, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["TabOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TabOptions:
    """One SillyTavern tab. Only `url` is needed; what is None is left as it is in SillyTavern."""

    url: str
    """SillyTavern's address; `http://name:password@host:port` where it asks for basic authentication."""
    hub: str | None = None
    """The hub's address for the extension, with `key`."""
    key: str | None = None
    """A key with the role `tavern`."""
    name: str | None = None
    """The tavern's name in the hub."""
    character: str | None = None
    """Opened after each load: a character's name or, as names repeat, its avatar file name."""
    model_url: str | None = None
    """Base address (with `/v1`) of an OpenAI-style model server to connect SillyTavern to."""
    model_key: str | None = None
    model_id: str | None = None
    profile: Path | None = None
    """Browser profile folder; None is a scratch one. A profile keeps the tavern's id over restarts."""
    browser: Path | None = None
    """The browser's program; None finds one."""
    headless: bool = True
    start_seconds: float = 90.0
    """Time limit for the page to become usable."""
    connect_seconds: float = 30.0
    """Time limit for the connection to the model, and for that to the hub."""
