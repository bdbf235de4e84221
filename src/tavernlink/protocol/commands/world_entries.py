"""Entries of lorebooks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.message import Count, Message, Name, Text

__all__ = [
    "ROWS",
    "WorldEntries",
    "WorldEntry",
    "WorldEntryAdd",
    "WorldEntryDelete",
    "WorldEntryEdit",
    "WorldEntryFields",
    "WorldEntryList",
    "WorldEntryLogic",
    "WorldEntryPosition",
    "WorldEntryRole",
    "WorldEntrySearch",
    "WorldFound",
]

WorldEntryPosition = Literal[
    "before_character",
    "after_character",
    "before_note",
    "after_note",
    "at_depth",
    "before_examples",
    "after_examples",
    "outlet",
]
WorldEntryLogic = Literal["and_any", "not_all", "not_any", "and_all"]
WorldEntryRole = Literal["system", "user", "assistant"]
_Keys = Annotated[list[Name], msgspec.Meta(max_length=500)]


class WorldEntry(Message, omit_defaults=False):
    """One entry. What SillyTavern keeps beside these fields is in `other`, under its own names."""

    uid: Count
    keys: list[str]
    """Words, or `/pattern/flags`, that wake it."""
    secondary_keys: list[str]
    logic: WorldEntryLogic
    """How the secondary keys count."""
    title: str
    """SillyTavern's comment or memo."""
    content: str
    enabled: bool
    constant: bool
    """It is always awake."""
    position: WorldEntryPosition
    depth: Count
    """With `at_depth`: how many messages from the end."""
    role: WorldEntryRole
    """With `at_depth`: who says it."""
    order: int
    probability: Annotated[int, msgspec.Meta(ge=0, le=100)]
    """Percent."""
    other: dict[str, Any]


class WorldEntryFields(Arguments):
    """What is to be in an entry. What is not given stays, or is as SillyTavern makes a new one."""

    keys: _Keys | None = None
    secondary_keys: _Keys | None = None
    logic: WorldEntryLogic | None = None
    title: Text | None = None
    content: Text | None = None
    enabled: bool | None = None
    constant: bool | None = None
    position: WorldEntryPosition | None = None
    depth: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    role: WorldEntryRole | None = None
    order: Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)] | None = None
    probability: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    other: dict[str, Any] = msgspec.field(default_factory=dict)
    """Fields under SillyTavern's own names, e.g. `sticky` or `group`."""


class WorldEntryList(Arguments):
    """Which lorebook, and which part of its entries."""

    world: Name
    offset: Count = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class WorldEntries(Message, omit_defaults=False):
    """Some entries, by `uid`."""

    total: Count
    """How many the lorebook has."""
    entries: list[WorldEntry]


class WorldEntryAdd(WorldEntryFields, kw_only=True):
    """Which lorebook, and what is to be in the new entry."""

    world: Name


class WorldEntryEdit(WorldEntryFields, kw_only=True):
    """Which entry, and what is to change of it."""

    world: Name
    uid: Count


class WorldEntryDelete(Arguments):
    """Which entry."""

    world: Name
    uid: Count


class WorldEntrySearch(Arguments):
    """What to look for, and where."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    """Part of a key, a title or the content; capitals do not matter."""
    worlds: Annotated[list[Name], msgspec.Meta(max_length=1000)] = msgspec.field(default_factory=list)
    """Default: all lorebooks."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50


class WorldFound(Message, omit_defaults=False):
    """An entry that was found, and where."""

    world: Name
    entry: WorldEntry


_ADDED = (
    (
        "world.entry.add",
        {
            "world": "Eldoria",
            "keys": ["moor"],
            "title": "Moor",
            "content": "Nobody crosses the moor at night.",
        },
    ),
)

ROWS = (
    command(
        "world.entry.list",
        WorldEntryList,
        WorldEntries,
        lane="immediate",
        scope="chat:read",
        about="Lists entries of a lorebook.",
        errors=("unknown_item",),
        example={"world": "Eldoria", "limit": 10},
        smoke=True,
    ),
    command(
        "world.entry.search",
        WorldEntrySearch,
        list[WorldFound],
        lane="immediate",
        scope="chat:read",
        about="Looks for a text in keys, titles and contents of entries.",
        errors=("unknown_item",),
        example={"text": "moor", "worlds": ["Eldoria"]},
        before=_ADDED,
        smoke=True,
    ),
    command(
        "world.entry.add",
        WorldEntryAdd,
        WorldEntry,
        lane="visible",
        scope="control",
        about="Adds an entry to a lorebook.",
        errors=("unknown_item", "unsupported_parameter"),
        example={
            "world": "Eldoria",
            "keys": ["lighthouse", "/light ?house/i"],
            "content": "The lighthouse has been dark for a hundred years.",
            "position": "at_depth",
            "depth": 2,
            "other": {"sticky": 3},
        },
        smoke=True,
    ),
    command(
        "world.entry.edit",
        WorldEntryEdit,
        WorldEntry,
        lane="visible",
        scope="control",
        about="Changes an entry. What is not given stays.",
        errors=("unknown_item", "unknown_entry", "unsupported_parameter"),
        example={
            "world": "Eldoria",
            "uid": "$0.uid",
            "content": "The moor is safe by day.",
            "constant": True,
        },
        before=_ADDED,
        smoke=True,
    ),
    command(
        "world.entry.delete",
        WorldEntryDelete,
        Done,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes an entry.",
        errors=("unknown_item", "unknown_entry"),
        example={"world": "Eldoria", "uid": "$0.uid"},
        before=_ADDED,
        smoke=True,
    ),
)
