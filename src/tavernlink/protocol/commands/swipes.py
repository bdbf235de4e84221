"""Swipes: the alternatives of a message, of which one is shown."""

from __future__ import annotations

from typing import Any

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Count, Message, Name, Text
from tavernlink.protocol.requests import GenerationResult

__all__ = [
    "ROWS",
    "Swipe",
    "SwipeAt",
    "SwipeDelete",
    "SwipeList",
    "SwipeNew",
    "SwipeSelect",
    "SwipeState",
]


class SwipeAt(Arguments):
    """Which message."""

    index: Count | None = None
    """Place in the open chat, from 0; default: the last one."""


class SwipeNew(Arguments):
    """Nothing: a new alternative is made of the last message."""


class SwipeSelect(Arguments):
    """Which alternative of which message."""

    swipe: Count
    """From 0."""
    index: Count | None = None
    """Place of the message in the open chat, from 0; default: the last one."""


class SwipeDelete(Arguments):
    """Which alternative of which message."""

    swipe: Count | None = None
    """From 0; default: the one that is shown."""
    index: Count | None = None
    """Place of the message in the open chat, from 0; default: the last one."""


class SwipeState(Message, omit_defaults=False):
    """Which alternative of a message is shown."""

    index: Count
    swipe: Count
    """From 0."""
    swipes: Count
    """How many there are."""
    text: Text


class Swipe(Message):
    """One alternative."""

    text: Text
    reasoning: Text | None = None
    time: Name | None = None
    """SillyTavern's `send_date`."""
    model: Name | None = None


class SwipeList(Message, omit_defaults=False):
    """The alternatives of a message."""

    index: Count
    swipe: Count
    """The one that is shown, from 0."""
    swipes: list[Swipe]


_SECOND: tuple[str, dict[str, Any]] = ("swipe.new", {})
"""The reply at the end of the example's chat gets another alternative."""
_REPLIED: tuple[str, dict[str, Any]] = ("reply.generate", {})

ROWS = (
    command(
        "swipe.list",
        SwipeAt,
        SwipeList,
        lane="immediate",
        scope="chat:read",
        about="Lists the alternatives of a message.",
        errors=("unknown_message",),
        example={"index": 2},
    ),
    command(
        "swipe.next",
        SwipeAt,
        SwipeState,
        lane="visible",
        scope="control",
        about="Shows the next alternative. After the last one there is none: `swipe.new` makes one.",
        errors=("unknown_message", "unknown_swipe"),
        example={},
        before=(_REPLIED, _SECOND, ("swipe.select", {"swipe": 0})),
    ),
    command(
        "swipe.previous",
        SwipeAt,
        SwipeState,
        lane="visible",
        scope="control",
        about="Shows the alternative before.",
        errors=("unknown_message", "unknown_swipe"),
        example={},
        before=(_REPLIED, _SECOND),
    ),
    command(
        "swipe.new",
        SwipeNew,
        GenerationResult,
        lane="visible",
        scope="chat:write",
        about="Has a new alternative of the last reply generated, and shows it.",
        errors=("no_message", "no_backend", "generation_failed", "empty_reply", "stopped"),
        example={},
        before=(_REPLIED,),
        smoke=True,
    ),
    command(
        "swipe.select",
        SwipeSelect,
        SwipeState,
        lane="visible",
        scope="control",
        about="Shows a certain alternative.",
        errors=("unknown_message", "unknown_swipe"),
        example={"swipe": 0},
        before=(_REPLIED, _SECOND),
        smoke=True,
    ),
    command(
        "swipe.delete",
        SwipeDelete,
        SwipeState,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes an alternative; the last one of a message stays.",
        errors=("unknown_message", "unknown_swipe"),
        example={"swipe": 0},
        before=(_REPLIED, _SECOND),
    ),
)
