"""What can go wrong while a demo is set up. Each message says what happened and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tavernlink.errors import TavernlinkError

__all__ = ["DemoError"]


class DemoError(TavernlinkError):
    """A step of setting up or running the demo failed."""

    codes: ClassVar[Mapping[str, str]] = {
        "node_missing": "SillyTavern needs Node.js 20 or newer with npm. Get it from https://nodejs.org and try again.",
        "install_failed": "SillyTavern could not be installed from npm.",
        "sillytavern_failed": "SillyTavern did not start.",
        "hub_failed": "The hub did not start.",
        "reply_failed": "The message did not make the whole way to the model and back.",
    }
