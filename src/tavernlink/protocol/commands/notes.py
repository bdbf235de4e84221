"""The author's note: of the open chat, and what new chats begin with."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Count, Message, Text

__all__ = ["ROWS", "Note", "NoteGet", "NotePosition", "NoteRole", "NoteSet", "Notes"]

NotePosition = Literal["before_prompt", "after_prompt", "in_chat"]
NoteRole = Literal["system", "user", "assistant"]


class Note(Message, omit_defaults=False):
    """A note and where it goes."""

    text: str
    position: NotePosition
    """Before or after the main prompt, or into the chat."""
    depth: Count
    """With `in_chat`: how many messages from the end."""
    role: NoteRole
    """With `in_chat`: who says it."""
    interval: Count
    """With every how many messages of the person it is sent; 0: never."""


class NoteGet(Arguments):
    """Nothing to say."""


class Notes(Message, omit_defaults=False):
    """The notes."""

    chat: Note | None
    """Of the open chat; null: no chat is open."""
    default: Note
    """What a new chat begins with."""


class NoteSet(Arguments):
    """Which note, and what is to change of it."""

    target: Literal["chat", "default"] = "chat"
    text: Text | None = None
    position: NotePosition | None = None
    depth: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    role: NoteRole | None = None
    interval: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None


ROWS = (
    command(
        "note.get",
        NoteGet,
        Notes,
        lane="immediate",
        scope="chat:read",
        about="Reads the author's note of the open chat, and the one that new chats begin with.",
        example={},
        smoke=True,
    ),
    command(
        "note.set",
        NoteSet,
        Note,
        lane="visible",
        scope="control",
        about="Changes an author's note. What is not given stays.",
        errors=("no_character",),
        example={"text": "It is raining.", "position": "in_chat", "depth": 2, "role": "system"},
        smoke=True,
    ),
)
