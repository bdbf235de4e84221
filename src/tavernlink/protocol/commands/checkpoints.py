"""Checkpoints: copies of a chat up to a message, which keeps a link to its copy."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tavernlink.protocol.commands.chats import ChatOpened
from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Count, Id, Message

__all__ = [
    "ROWS",
    "Checkpoint",
    "CheckpointCreate",
    "CheckpointLeave",
    "CheckpointList",
    "CheckpointOpen",
    "Checkpoints",
]


class CheckpointCreate(Arguments):
    """Where the checkpoint stands."""

    index: Count | None = None
    """The message; default: the last one."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=150)] | None = None
    """Name of the new chat; default: that of this one with a number."""


class CheckpointList(Arguments):
    """Nothing."""


class CheckpointOpen(Arguments):
    """Which checkpoint."""

    index: Count
    """The message that has it."""


class CheckpointLeave(Arguments):
    """Nothing."""


class Checkpoint(Message, omit_defaults=False):
    """A message's link to a chat."""

    index: Count
    chat_id: Id
    exists: bool
    """False: that chat was deleted or renamed."""


class Checkpoints(Message, omit_defaults=False):
    """The checkpoints of the open chat."""

    checkpoints: list[Checkpoint]
    main_chat: Id | None
    """The open chat is a branch or checkpoint of this one."""


_MADE = ("checkpoint.create", {"index": 1})

ROWS = (
    command(
        "checkpoint.create",
        CheckpointCreate,
        Checkpoint,
        lane="visible",
        scope="control",
        about="Makes a copy of the open chat up to a message and links the message to it; the open chat stays open.",
        errors=("no_character", "unknown_message", "chat_exists"),
        example={"index": 2, "name": "Before the storm"},
        smoke=True,
    ),
    command(
        "checkpoint.list",
        CheckpointList,
        Checkpoints,
        lane="detached",
        scope="control",
        about="Lists the checkpoints of the open chat.",
        errors=("no_character",),
        example={},
        before=(_MADE,),
    ),
    command(
        "checkpoint.open",
        CheckpointOpen,
        ChatOpened,
        lane="visible",
        scope="control",
        about="Opens the chat that a message is linked to.",
        errors=("no_character", "unknown_message", "unknown_chat"),
        example={"index": 1},
        before=(_MADE,),
    ),
    command(
        "checkpoint.leave",
        CheckpointLeave,
        ChatOpened,
        lane="visible",
        scope="control",
        about="Goes back from a branch or checkpoint to the chat that it was made from.",
        errors=("no_character", "unknown_chat"),
        example={},
        before=(_MADE, ("checkpoint.open", {"index": 1})),
    ),
)
