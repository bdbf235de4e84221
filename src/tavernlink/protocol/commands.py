"""What the hub asks a tavern to do. The outcome is the counted event `command.done`, not an ack: an ack is lost with
the line, an event is replayed (docs/adr).

| name | lane | args | result |
|---|---|---|---|
| `send` | visible | `{text, generate, as?, attachments?}` | GenerationResult; `{message_index}` without generating |
| `generate` | visible; `raw` and `detached`: detached | Generate's, without what is for the hub | GenerationResult |
| `session.turn` | visible | `{character?, chat_id?, text, as?, attachments?, name}` | GenerationResult with `chat_id` |
| `edit` | visible | `{index, text}` | `{}` |
| `delete` | visible | `{index, count}` | `{}` |
| `stop` | immediate | `{}` | `{stopped}` |
| `context` | immediate | `{last}` | Context |
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tavernlink.protocol.chat import ChatMessage
from tavernlink.protocol.message import Count, Id, Message, Name
from tavernlink.protocol.outcome import ErrorInfo

__all__ = ["Command", "CommandCancel", "CommandDone", "CommandName", "Context"]

CommandName = Literal["send", "generate", "session.turn", "edit", "delete", "stop", "context"]


class Command(Message):
    """hub → tavern: do this."""

    name: str
    request_id: Id
    """The hub's own id of this command; streams and `command.done` name it."""
    args: Any = None


class CommandCancel(Message):
    """hub → tavern: stop working on it; `command.done` still follows."""

    request_id: Id


class CommandDone(Message):
    """tavern → hub: the outcome, exactly once for each command."""

    request_id: Id
    ok: bool
    result: Any = None
    error: ErrorInfo | None = None


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
