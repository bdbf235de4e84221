"""Lorebooks (world info): the books, and where they are in use. Their entries are in `world_entries`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands import world_entries
from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.commands.world_entries import WorldEntry
from tavernlink.protocol.message import Id, Message, Name

__all__ = [
    "ROWS",
    "World",
    "WorldActivate",
    "WorldBind",
    "WorldBinding",
    "WorldCreate",
    "WorldDelete",
    "WorldGet",
    "WorldInfo",
    "WorldList",
    "WorldPlace",
]

WorldPlace = Literal["chat", "character", "persona"]


class WorldList(Arguments):
    """Nothing to say."""


class WorldInfo(Message, omit_defaults=False):
    """One lorebook and where it is in use."""

    name: Name
    active: bool
    """It is active in every chat."""
    chat: bool
    """It is bound to the open chat."""
    persona: bool
    """It is bound to the selected persona."""
    characters: list[Id]
    """Characters that it is bound to, by their ids (avatar files)."""


class WorldGet(Arguments):
    """Which lorebook."""

    name: Name


class World(Message, omit_defaults=False):
    """A lorebook with its entries."""

    name: Name
    entries: list[WorldEntry]


class WorldCreate(Arguments):
    """Name of the new lorebook."""

    name: Annotated[Name, msgspec.Meta(min_length=1)]


class WorldDelete(Arguments):
    """Which lorebook."""

    name: Name


class WorldActivate(Arguments):
    """Which lorebook, and whether it is to be active in every chat."""

    name: Name
    active: bool = True


class WorldBind(Arguments):
    """What to bind, and to what."""

    name: Name | None
    """The lorebook; null: none."""
    to: WorldPlace = "chat"
    """The open chat, a character or the selected persona."""
    character: Id | None = None
    """With `character`: which one, by id or name; default: the open one."""


class WorldBinding(Message, omit_defaults=False):
    """What is bound now."""

    name: Name | None
    to: WorldPlace
    character: Id | None


ROWS = (
    command(
        "world.list",
        WorldList,
        list[WorldInfo],
        lane="immediate",
        scope="chat:read",
        about="Lists the lorebooks, and where each is in use.",
        example={},
        smoke=True,
    ),
    command(
        "world.get",
        WorldGet,
        World,
        lane="immediate",
        scope="chat:read",
        about="Reads a lorebook with all its entries.",
        errors=("unknown_item",),
        example={"name": "Eldoria"},
        smoke=True,
    ),
    command(
        "world.create",
        WorldCreate,
        WorldInfo,
        lane="visible",
        scope="control",
        about="Makes an empty lorebook.",
        errors=("item_exists",),
        example={"name": "The far shore"},
        smoke=True,
    ),
    command(
        "world.delete",
        WorldDelete,
        Done,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a lorebook with its entries.",
        errors=("unknown_item",),
        example={"name": "Short lived"},
        before=(("world.create", {"name": "Short lived"}),),
        smoke=True,
    ),
    command(
        "world.activate",
        WorldActivate,
        WorldInfo,
        lane="visible",
        scope="control",
        about="Makes a lorebook active in every chat, or no longer.",
        errors=("unknown_item",),
        example={"name": "Eldoria", "active": True},
        smoke=True,
    ),
    command(
        "world.bind",
        WorldBind,
        WorldBinding,
        lane="visible",
        scope="control",
        about="Binds a lorebook to the open chat, a character or the selected persona, in place of the one before.",
        errors=("unknown_item", "unknown_character", "no_character"),
        example={"name": "Eldoria", "to": "chat"},
        smoke=True,
    ),
    *world_entries.ROWS,
)
