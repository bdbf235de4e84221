"""Quick replies: the person's own buttons."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Count, Message, Name, Text

__all__ = [
    "ROWS",
    "QuickReply",
    "QuickReplyList",
    "QuickReplyRun",
    "QuickReplyRunResult",
    "QuickReplySet",
    "QuickReplySets",
]


class QuickReplySets(Arguments):
    """Nothing to say."""


class QuickReplySet(Message, omit_defaults=False):
    """A set of quick replies."""

    name: Name
    replies: Count
    """How many it has."""
    active: list[Literal["global", "chat", "character"]]
    """Where its buttons stand: with every chat, with the open one, with its character."""


class QuickReplyList(Arguments):
    """Of which set."""

    set: Name


class QuickReply(Message, omit_defaults=False):
    """One button."""

    set: Name
    label: str
    title: str
    text: str
    """A script, or a message that is typed."""
    hidden: bool


class QuickReplyRun(Arguments):
    """Which button to press."""

    set: Name
    label: Name
    args: Annotated[dict[str, Text], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=dict)
    """What `{{arg::name}}` stands for in it."""


class QuickReplyRunResult(Message, omit_defaults=False):
    """What came of it."""

    pipe: str
    """What its script ended with."""


ROWS = (
    command(
        "quick_reply.sets",
        QuickReplySets,
        list[QuickReplySet],
        lane="immediate",
        scope="chat:read",
        about="Lists the sets of quick replies.",
        errors=("unsupported_backend",),
        example={},
        smoke=True,
    ),
    command(
        "quick_reply.list",
        QuickReplyList,
        list[QuickReply],
        lane="immediate",
        scope="chat:read",
        about="Lists the quick replies of a set.",
        errors=("unsupported_backend", "unknown_item"),
        example={"set": "Default"},
        smoke=True,
    ),
    command(
        "quick_reply.run",
        QuickReplyRun,
        QuickReplyRunResult,
        lane="visible",
        scope="control",
        destructive=True,
        about="Presses a quick reply. It is the person's own script, so it is not held against the list for scripts.",
        errors=("unsupported_backend", "unknown_item"),
        example={"set": "Default", "label": "Match UI to Background"},
    ),
)
