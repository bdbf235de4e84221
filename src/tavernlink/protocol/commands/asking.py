"""Messages about commands: running one by its name, listing those there are."""

from __future__ import annotations

from typing import Any

import msgspec

from tavernlink.protocol.commands.entry import CommandLane, CommandScope
from tavernlink.protocol.message import Count, Id, Message, Name
from tavernlink.protocol.requests import Priority

__all__ = ["CommandInfo", "CommandList", "CommandRun"]


class CommandRun(Message):
    """app → hub, ack: Accepted. Runs a command by its name; its result comes with `request.update`."""

    name: Name
    """One of `command.list`, e.g. `message.edit`."""
    args: dict[str, Any] = msgspec.field(default_factory=dict)
    """As the command wants them; checked before it waits."""
    tavern: Id | None = None
    """Id or name. `*` or `any`: whichever the pool chooses. Absent: the default tavern."""
    revision: Count | None = None
    """Refuse with `stale_revision` unless the open chat is still at this revision, now and when the command begins."""
    priority: Priority = 0
    request_id: Id | None = None
    timeout: float | None = None
    """Seconds that the work may take once it runs."""


class CommandList(Message):
    """app → hub, ack: [CommandInfo]."""

    tavern: Id | None = None
    """Id or name: tells which of them this tavern can do."""


class CommandInfo(Message, omit_defaults=False):
    """One command of the catalogue."""

    name: Name
    noun: Name
    """The group that it belongs to: `messages`, `swipes`, …; in the SDK the attribute of a tavern."""
    about: str
    lane: CommandLane
    scope: CommandScope
    """What the key must hold."""
    destructive: bool
    """It changes or deletes what cannot be had back: the person may be asked first."""
    allowed: bool
    """This key may run it."""
    known: bool | None
    """The tavern that was named can do it; null where none was named."""
    args: dict[str, Any]
    """JSON Schema of the arguments."""
    result: dict[str, Any]
    """JSON Schema of the result."""
    errors: list[str]
    """Codes of its own."""
    example: dict[str, Any]
    """Arguments."""
