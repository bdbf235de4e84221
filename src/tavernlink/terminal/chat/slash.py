"""What can be typed after a slash."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["SLASHES", "Need", "Slash", "find_slash", "fitting"]

Need = Literal["nothing", "write", "control"]


class Slash(NamedTuple):
    """One word. Its text for people is `slash.NAME` of the words."""

    name: str
    need: Need = "nothing"
    takes: str = ""
    """What may stand after it, for people: a name of the words; empty: nothing."""
    keys: str = ""
    """Keys that do the same."""


SLASHES = (
    Slash("regenerate", "write", keys="r"),
    Slash("continue", "write", keys="c"),
    Slash("swipe", "write"),
    Slash("next", "control", keys="m →"),
    Slash("previous", "control", keys="n ←"),
    Slash("stop", "control", keys="s F8"),
    Slash("impersonate", "write"),
    Slash("edit", "control", keys="e"),
    Slash("delete", "control", keys="d"),
    Slash("character", "control", "takes.name", "F2"),
    Slash("chat", "control", "takes.name", "F3"),
    Slash("tavern", "nothing", "takes.name", "F4"),
    Slash("new", "control", keys="F5"),
    Slash("as", "write", "takes.name"),
    Slash("thoughts", keys="t"),
    Slash("theme", keys="Ctrl+T"),
    Slash("help", keys="F1"),
    Slash("quit", keys="Ctrl+Q"),
)
"""In the order of the palette."""


def find_slash(name: str) -> Slash | None:
    """Return the one of this name, or the only one that begins so."""
    found = fitting(name)
    exact = [each for each in found if each.name == name]
    return (exact or found)[0] if len(exact or found) == 1 else None


def fitting(typed: str) -> list[Slash]:
    """Return those that begin as it was typed."""
    return [each for each in SLASHES if each.name.startswith(typed.lower())]
