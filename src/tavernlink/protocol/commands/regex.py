"""Regex scripts: the global ones, and those of the open character's card."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.message import Count, Id, Message, Name, Text

__all__ = [
    "ROWS",
    "RegexAdd",
    "RegexDelete",
    "RegexEdit",
    "RegexEnable",
    "RegexGet",
    "RegexList",
    "RegexMacros",
    "RegexPlacement",
    "RegexScript",
    "RegexWhose",
]

RegexWhose = Literal["global", "character"]
RegexPlacement = Literal["user", "ai", "slash", "world", "reasoning"]
RegexMacros = Literal["none", "raw", "escaped"]
_Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
_Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class RegexScript(Message, omit_defaults=False):
    """One script."""

    id: Id
    name: Name
    whose: RegexWhose
    enabled: bool
    find: str
    """A pattern, as text or as `/pattern/flags`."""
    replace: str
    trim: list[str]
    """Texts that are cut out of what was found."""
    placement: list[RegexPlacement]
    """What it works on."""
    display_only: bool
    """It changes what is shown, not the chat."""
    prompt_only: bool
    """It changes what is sent to the model, not the chat."""
    run_on_edit: bool
    macros: RegexMacros
    """Whether macros in the pattern are replaced, and whether what they become is escaped."""
    min_depth: int | None
    max_depth: int | None


class RegexList(Arguments):
    """Whose scripts."""

    whose: RegexWhose | None = None
    """Default: all."""


class RegexGet(Arguments):
    """Which script."""

    script: Name
    """Id or name."""


class RegexAdd(Arguments):
    """A new script."""

    name: _Title
    find: _Pattern
    replace: Text = ""
    whose: RegexWhose = "global"
    enabled: bool = True
    trim: Annotated[list[Name], msgspec.Meta(max_length=100)] = msgspec.field(default_factory=list)
    placement: list[RegexPlacement] = msgspec.field(default_factory=lambda: ["ai"])
    display_only: bool = False
    prompt_only: bool = False
    run_on_edit: bool = True
    macros: RegexMacros = "none"
    min_depth: Count | None = None
    max_depth: Count | None = None


class RegexEdit(Arguments):
    """Which script, and what is to change of it."""

    script: Name
    """Id or name."""
    name: _Title | None = None
    find: _Pattern | None = None
    replace: Text | None = None
    trim: Annotated[list[Name], msgspec.Meta(max_length=100)] | None = None
    placement: list[RegexPlacement] | None = None
    display_only: bool | None = None
    prompt_only: bool | None = None
    run_on_edit: bool | None = None
    macros: RegexMacros | None = None
    min_depth: int | None = None
    """-1: no limit."""
    max_depth: int | None = None
    """-1: no limit."""


class RegexEnable(Arguments):
    """Which script, and whether it is to work."""

    script: Name
    """Id or name."""
    enabled: bool = True


class RegexDelete(Arguments):
    """Which script."""

    script: Name
    """Id or name."""


def _added(name: str) -> tuple[tuple[str, dict[str, object]], ...]:
    return (("regex.add", {"name": name, "find": "/\\*+/g", "placement": ["ai"], "enabled": False}),)


ROWS = (
    command(
        "regex.list",
        RegexList,
        list[RegexScript],
        lane="immediate",
        scope="chat:read",
        about="Lists the regex scripts, in the order in which they work.",
        example={},
        before=_added("Stars"),
        smoke=True,
    ),
    command(
        "regex.get",
        RegexGet,
        RegexScript,
        lane="immediate",
        scope="chat:read",
        about="Reads a regex script.",
        errors=("unknown_item",),
        example={"script": "$0.id"},
        before=_added("Read"),
        smoke=True,
    ),
    command(
        "regex.add",
        RegexAdd,
        RegexScript,
        lane="visible",
        scope="control",
        about="Adds a regex script at the end.",
        errors=("invalid_pattern", "unknown_character"),
        example={"name": "No stars", "find": "/\\*/g", "replace": "", "display_only": True},
        smoke=True,
    ),
    command(
        "regex.edit",
        RegexEdit,
        RegexScript,
        lane="visible",
        scope="control",
        destructive=True,
        about="Changes a regex script. What is not given stays.",
        errors=("unknown_item", "invalid_pattern"),
        example={"script": "$0.id", "replace": "_", "max_depth": 4},
        before=_added("Edited"),
        smoke=True,
    ),
    command(
        "regex.enable",
        RegexEnable,
        RegexScript,
        lane="visible",
        scope="control",
        about="Switches a regex script on or off.",
        errors=("unknown_item",),
        example={"script": "$0.id", "enabled": False},
        before=_added("Switched"),
        smoke=True,
    ),
    command(
        "regex.delete",
        RegexDelete,
        Done,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a regex script.",
        errors=("unknown_item",),
        example={"script": "$0.id"},
        before=_added("Short lived"),
        smoke=True,
    ),
)
