"""The console's colours for the terminal, dark and light, and how a terminal tells which it has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

from textual.theme import Theme

__all__ = ["DARK", "LIGHT", "Shade", "find_shade"]

Shade = Literal["dark", "light"]

DARK = Theme(
    name="tavernlink-dark",
    primary="#e58a5f",
    secondary="#f0b27a",
    accent="#e58a5f",
    success="#6fcf97",
    warning="#e8b04b",
    error="#ff8a80",
    foreground="#f0e9e1",
    background="#171412",
    surface="#211d1a",
    panel="#282320",
    dark=True,
    variables={"soft": "#b3a699", "line": "#3a332e", "tint": "#3d2a20", "block-cursor-foreground": "#1c120c"},
)
LIGHT = Theme(
    name="tavernlink-light",
    primary="#a54a24",
    secondary="#8a4a10",
    accent="#a54a24",
    success="#2c7a4b",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#221d18",
    background="#f6f3ee",
    surface="#ffffff",
    panel="#fbf9f6",
    dark=False,
    variables={"soft": "#685d51", "line": "#e2dbd0", "tint": "#f6e4da", "block-cursor-foreground": "#ffffff"},
)

_BRIGHT = frozenset({"7", "15"})


def find_shade(environment: Mapping[str, str] = os.environ) -> Shade:
    """Return what the terminal says of its background (`COLORFGBG`, e.g. `0;15`); dark where it says nothing."""
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if ground in _BRIGHT else "dark"
