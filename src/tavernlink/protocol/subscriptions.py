"""Messages by which an app says what it wants to hear."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tavernlink.protocol.message import Id, Message

__all__ = ["Subscribe", "Unsubscribe"]

_Glob = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Globs = Annotated[list[_Glob], msgspec.Meta(max_length=64)]


class Subscribe(Message):
    """app → hub, ack: nothing. What is asked for twice is delivered once."""

    types: _Globs
    """Globs over message types: `stream.*`, `chat.changed`, `tavern.changed`, `request.update`; SillyTavern's own
    events are `event.NAME`, e.g. `event.message_sent` or `event.*`."""
    tavern: Id = "*"
    """A tavern's id, or `*`: every tavern, now and later."""
    room: Id | None = None


class Unsubscribe(Message):
    """app → hub, ack: nothing. Takes back what the same words subscribed to; no `types`: everything."""

    types: _Globs = msgspec.field(default_factory=list)
    tavern: Id = "*"
    room: Id | None = None
