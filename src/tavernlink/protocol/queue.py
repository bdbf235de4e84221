"""Messages by which a tavern sees its own queue, for the person in front of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name

__all__ = ["QueueChanged", "QueueEntry", "QueueWatch"]


class QueueWatch(Message):
    """tavern → hub: somebody looks at the queue (`queue.changed` follows, and again whenever it changes), or no more.

    It holds for the session. Without it a tavern hears nothing of its queue but the commands themselves.
    """

    on: bool


class QueueEntry(Message):
    """One request that runs in a tavern or waits for it."""

    request_id: Id
    """As its `command` names it; `request.cancel` from the tavern takes it."""
    name: Name
    """What is to be done: a command's name, e.g. `send`, `generate`, `message.delete`."""
    state: Literal["queued", "running", "cancelling"]
    """`cancelling`: it was cancelled, and the tavern has not yet said that it stopped."""
    asker: Name
    """In words for people: a program's name and that of its key."""
    asked: float
    """Seconds since 1970."""
    started: float | None = None
    """When it began to run, in seconds since 1970."""
    position: Count | None = None
    """While it waits: requests before it."""
    mode: Name | None = None
    """Of `generate`: `reply`, `swipe`, …"""
    session: Name | None = None
    """The session that it is a turn of."""


class QueueChanged(Message):
    """hub → tavern: its whole queue, to a tavern that asked for it by `queue.watch`; at most four times a second."""

    running: list[QueueEntry] = msgspec.field(default_factory=list)
    queued: list[QueueEntry] = msgspec.field(default_factory=list)
    """The next 50, in the order in which they will go."""
    waiting: Count = 0
    """All that wait."""
