"""Messages about inboxes: what came for an app while it was away, with the time when it came."""

from __future__ import annotations

from typing import Any

from tavernlink.protocol.message import Count, Id, Message

__all__ = ["InboxGet", "InboxMessage", "InboxTaken"]


class InboxMessage(Message, omit_defaults=False):
    """hub → app: a message that came while no line of this app was up.

    It waits until `inbox.taken` names its number or a later one; an app that does not say so gets it again with each
    new session.
    """

    id: Count
    """Grows within an inbox."""
    time: float
    """When it came, in seconds since 1970."""
    type: str
    """Type of the message: `request.update`, `function.result`, `room.message`, `x.…`."""
    content: Any
    """Its content."""


class InboxGet(Message):
    """app → hub, ack: [InboxMessage], what waits, oldest first."""

    app: Id | None = None
    """Id of another app of the same key; default this one."""


class InboxTaken(Message):
    """app → hub, ack: `{taken: count}`. Everything up to this number is dealt with."""

    upto: Count
    app: Id | None = None
    """Id of another app of the same key; default this one."""
