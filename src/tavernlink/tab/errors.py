"""What can go wrong with a headless tab. Each message says what happened and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tavernlink.errors import TavernlinkError

__all__ = ["BrowserTabError"]


class BrowserTabError(TavernlinkError):
    """The tab could not be opened or did not become usable."""

    codes: ClassVar[Mapping[str, str]] = {
        "browser_missing": "No Chrome, Chromium or Edge was found.",
        "playwright_missing": "The headless tab needs Playwright: `pip install 'tavernlink[tab]'`.",
        "browser_failed": "The browser did not start.",
        "page_failed": "SillyTavern's page did not open.",
        "login_required": "SillyTavern asks for a login.",
        "login_refused": "SillyTavern does not accept the login.",
        "model_failed": "SillyTavern could not connect to the model.",
        "hub_failed": "The extension in the tab did not connect to the hub.",
        "hub_refused": "The hub does not accept the tab.",
        "key_missing": "The file with the hub's key cannot be read.",
        "unknown_character": "SillyTavern has no such character.",
        "tab_lost": "The tab went away.",
        "invalid_settings": "The file of tabs does not fit.",
    }
    hopeless: ClassVar[frozenset[str]] = frozenset(
        {
            "browser_missing",
            "playwright_missing",
            "login_required",
            "login_refused",
            "unknown_character",
            "hub_refused",
            "key_missing",
            "invalid_settings",
        }
    )
    """Codes of what no waiting mends: a person must."""
