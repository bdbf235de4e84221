"""One row of the catalogue of commands: what a command takes, gives and needs. No rows here: those are in the nouns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tavernlink.protocol.message import Message

__all__ = ["Arguments", "CommandLane", "CommandScope", "CommandSpec", "Done", "command"]

CommandLane = Literal["visible", "detached", "immediate"]
"""`visible` touches the open chat: one at a time. `detached` goes beside it. `immediate` does not even queue."""

CommandScope = Literal["chat:read", "chat:write", "control"]

_NAME = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+")


class Arguments(Message, omit_defaults=False, forbid_unknown_fields=True):
    """Base of every command's arguments.

    A field that is not known is an error, not ignored: a misspelt one must not be lost. The hub fills defaults in
    before it hands them to the tavern, so a default stands in Python alone.
    """


class Done(Message):
    """Result of a command that has nothing to tell but that it is done."""


class CommandSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One command."""

    name: str
    """`noun.verb`, or `noun.part.verb`."""
    args: type[Arguments]
    result: Any
    """Type of the result: a Struct, or a list of one."""
    lane: CommandLane
    scope: CommandScope
    """What the key must hold."""
    destructive: bool
    """It changes or deletes what cannot be had back: the person can have it ask first."""
    about: str
    """What it does, in a sentence or two."""
    errors: tuple[str, ...]
    """Codes of its own, beside those that every command may end with."""
    example: Mapping[str, Any]
    """Arguments that work in the example world of the tests."""
    before: tuple[tuple[str, Mapping[str, Any]], ...]
    """Commands with arguments that are run first so that the example works. A text `$N.field` in these or in the
    example is replaced by that field of the N-th one's result, from 0."""
    smoke: bool
    """Its example is run on older versions of SillyTavern too."""

    @property
    def verb(self) -> str:
        """What comes after the noun, as a name of Python and JavaScript: `entry_edit` of `world.entry.edit`."""
        return self.name.partition(".")[2].replace(".", "_")


def command(
    name: str,
    args: type[Arguments],
    result: Any,
    *,
    lane: CommandLane,
    scope: CommandScope,
    about: str,
    example: Mapping[str, Any],
    before: tuple[tuple[str, Mapping[str, Any]], ...] = (),
    errors: tuple[str, ...] = (),
    destructive: bool = False,
    smoke: bool = False,
) -> CommandSpec:
    """Make a row. Raises `ValueError` for one that contradicts itself."""
    if not _NAME.fullmatch(name):
        message = f"{name!r} is not a name of a command: noun.verb, in small letters."
        raise ValueError(message)
    if destructive and scope != "control":
        message = f"{name} is destructive and must need the scope 'control'."
        raise ValueError(message)
    return CommandSpec(
        name=name,
        args=args,
        result=result,
        lane=lane,
        scope=scope,
        destructive=destructive,
        about=about,
        errors=errors,
        example=example,
        before=before,
        smoke=smoke,
    )
