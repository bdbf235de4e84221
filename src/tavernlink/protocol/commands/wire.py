"""What the hub asks a tavern to do. The outcome is the counted event `command.done`, not an ack: an ack is lost with
the line, an event is replayed (docs/adr).

The commands that programs run by name (`message.edit`, `swipe.next`, …) stand in `catalogue`. Beside them the hub uses
these of its own:

| name | lane | args | result |
|---|---|---|---|
| `send` | visible | `{text, generate, as?, attachments?}` | GenerationResult; `{message_index}` without generating |
| `generate` | visible; `raw` and `detached`: detached | Generate's, without what is for the hub | GenerationResult |
| `session.turn` | visible | `{character?, chat_id?, text, as?, attachments?, name}` | GenerationResult with `chat_id` |
| `refresh` | immediate | `{character, chat_id}`: another tab wrote to this chat | `{refreshed}` |
| `edit`, `delete` | visible | those of `message.edit` and `message.delete`, which they are | |
| `profile.publish` | detached | ProfilePublish's, without what is for the hub | ProfileInfo |
| `profile.apply` | visible; with `dry_run` detached | ProfileApply's | ProfileApplied |
| `profile.undo` | visible | ProfileUndo's | ProfileRestored |
| `stop` | immediate | `{}` | `{stopped}` |
| `context` | immediate | `{last}` | Context |
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tavernlink.protocol.chat import ChatMessage
from tavernlink.protocol.message import Count, Id, Message, Name
from tavernlink.protocol.outcome import ErrorInfo

__all__ = ["Command", "CommandCancel", "CommandDone", "CommandName", "CommandsKnown", "Context"]

CommandName = Literal[  # of the hub's own
    "send",
    "generate",
    "session.turn",
    "refresh",
    "edit",
    "delete",
    "profile.publish",
    "profile.apply",
    "profile.undo",
    "stop",
    "context",
]


class Command(Message):
    """hub → tavern: do this."""

    name: str
    request_id: Id
    """The hub's own id of this command; streams and `command.done` name it."""
    args: Any = None
    caller: Name | None = None
    """Of a command that a program ran by name: who that is, in words for the person at the tavern."""
    by: Id | None = None
    """Of such a command: the caller's member id, which marks what it puts into a chat (`sent_by`)."""
    destructive: bool = False
    """Of such a command: it changes or deletes what cannot be had back, so the person may want to be asked."""


class CommandCancel(Message):
    """hub → tavern: stop working on it; `command.done` still follows."""

    request_id: Id


class CommandDone(Message):
    """tavern → hub: the outcome, exactly once for each command."""

    request_id: Id
    ok: bool
    result: Any = None
    error: ErrorInfo | None = None


class CommandsKnown(Message):
    """tavern → hub: first in a new session, before its snapshots: the commands that this page knows.

    Only from a tavern that announced it (`reports` in its connect payload). What runs goes on; what is done is asked
    for again, and answered again; what the page would know and does not never arrived, and is sent again; what is
    older than the page ends with the error `interrupted`.
    """

    running: list[Id] = msgspec.field(default_factory=list)
    """Commands that it works on."""
    done: list[Id] = msgspec.field(default_factory=list)
    """Commands whose outcome it remembers."""
    seconds: float = 0.0
    """How far back it remembers every command."""


class Context(Message, omit_defaults=False):
    """Result of `context`: what is open and the settings that matter. Every field is always there."""

    user: Name | None = None
    persona: str | None = None
    """Description of the person's persona."""
    character: Name | None = None
    character_id: Id | None = None
    group: bool = False
    chat_id: Id | None = None
    total: Count = 0
    messages: list[ChatMessage] = msgspec.field(default_factory=list)
    """The last ones."""
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    """`main_api`, `source`, `model`, `preset`, `max_context`, `max_tokens`, `streaming`, `online`."""
