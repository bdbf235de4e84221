"""What a tab is to open, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tavernlink.errors import TavernlinkError
from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.rules import HARMLESS, DialogRule

__all__ = ["HARD_LIMIT", "TabOptions"]

HARD_LIMIT: Final = 1.5
"""So many times the memory limit, and a tab is closed whatever it is doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TabOptions:
    """One SillyTavern tab. Only `url` is needed; what is None is left as it is in SillyTavern."""

    url: str
    """SillyTavern's address; `http://name:password@host:port` where it asks for basic authentication."""
    basic_auth: tuple[str, str] | None = field(default=None, repr=False)
    """Name and password for basic authentication; goes before what `url` says."""
    account: str | None = None
    """SillyTavern account (its handle) to log in with, where it has accounts."""
    password: str = field(default="", repr=False)
    """The account's."""
    hub: str | None = None
    """The hub's address for the extension, with a key."""
    key: str | None = field(default=None, repr=False)
    """A key with the role `tavern`."""
    key_file: Path | None = None
    """A file with that key, read anew at each opening."""
    wait_for_key: bool = False
    """Where the hub refuses the key, or its file is missing: try again, instead of giving up."""
    name: str | None = None
    """The tavern's name in the hub."""
    character: str | None = None
    """Opened after each load: a character's name or, as names repeat, its avatar file name."""
    chat: str | None = None
    """Name of the character's chat to open, made where it is not there; None is the one it had open last."""
    model_url: str | None = None
    """Base address (with `/v1`) of an OpenAI-style model server to connect SillyTavern to."""
    model_key: str | None = field(default=None, repr=False)
    model_id: str | None = None
    profile: Path | None = None
    """Browser profile folder; None is a scratch one. A profile keeps the tavern's id over restarts."""
    browser: Path | None = None
    """The browser's program; None finds one."""
    headless: bool = True
    dialogs: tuple[DialogRule, ...] = HARMLESS
    """Dialogs that are answered; every other one waits for a person."""
    memory_limit: int | None = None
    """Bytes of the browser, all its processes. Above it the tab is opened anew when idle, far above it at once."""
    recycle_seconds: float | None = None
    """So long after it was opened the tab is opened anew, when idle."""
    start_seconds: float = 90.0
    """Time limit for the page to become usable."""
    connect_seconds: float = 30.0
    """Time limit for the connection to the model, and for that to the hub."""
    wait_connected: bool = True
    """Opening ends when the extension is connected to the hub; False: a hub that is away is no failure."""

    def read_key(self) -> str | None:
        """Return the key, from its file where there is one. Raises BrowserTabError `key_missing`."""
        if self.key_file is None:
            return self.key
        try:
            found = self.key_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BrowserTabError(
                "key_missing", f"The key's file {self.key_file} cannot be read: {error}."
            ) from None
        if not found:
            raise BrowserTabError("key_missing", f"The key's file {self.key_file} is empty.")
        return found

    def can_wait(self, error: TavernlinkError) -> bool:
        """True if a new try may go better than the one that ended with this error."""
        if error.code in {"hub_refused", "key_missing"}:
            return self.wait_for_key
        return error.code not in BrowserTabError.hopeless
