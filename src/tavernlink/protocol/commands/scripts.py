"""STscript: SillyTavern's own slash commands, through the list that the person allows."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Message, Name, Text

__all__ = ["ROWS", "ScriptAllow", "ScriptCommand", "ScriptCommands", "ScriptResult", "ScriptRun"]

ScriptAllow = Annotated[list[Name], msgspec.Meta(max_length=1000)]


class ScriptRun(Arguments):
    """A script."""

    text: Annotated[Text, msgspec.Meta(min_length=1)]
    """One or more slash commands, joined with `|`."""
    args: Annotated[dict[str, Text], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=dict)
    """What `{{arg::name}}` stands for in it: a safe way to hand in texts, which are never read as commands."""
    allow: ScriptAllow | None = None
    """Commands (and macros as `{{name}}`) that this script may use, of those that the person allows. Default: all of
    those."""


class ScriptResult(Message, omit_defaults=False):
    """What a script came to."""

    pipe: str
    """What its last command handed on."""
    aborted: bool
    """It ended itself with /abort."""
    abort_reason: str | None
    output: list[str]
    """What it showed with /echo."""


class ScriptCommands(Arguments):
    """Which commands to list."""

    allowed: bool | None = None
    """Only those that scripts may use (true), or may not (false)."""


class ScriptCommand(Message, omit_defaults=False):
    """One slash command of this SillyTavern."""

    name: Name
    aliases: list[Name]
    allowed: bool
    """Scripts may use it."""


ROWS = (
    command(
        "script.run",
        ScriptRun,
        ScriptResult,
        lane="visible",
        scope="control",
        destructive=True,
        about="Runs a script of slash commands. Every command in it, at any depth, must be allowed by the person.",
        errors=("not_allowed", "invalid_script", "unsupported_backend"),
        example={"text": "/add 40 2 | /pass {{arg::what}}: {{pipe}}", "args": {"what": "Sum"}},
        smoke=True,
    ),
    command(
        "script.commands",
        ScriptCommands,
        list[ScriptCommand],
        lane="immediate",
        scope="chat:read",
        about="Lists the slash commands of this SillyTavern, and whether scripts may use them.",
        errors=("unsupported_backend",),
        example={"allowed": True},
        smoke=True,
    ),
)
