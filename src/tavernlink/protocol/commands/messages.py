"""Messages of the open chat."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.chat import Attachment, ChatMessage
from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.message import Count, Id, Message, Name, Text

__all__ = [
    "ROWS",
    "MessageDelete",
    "MessageEdit",
    "MessageGet",
    "MessageList",
    "MessageMove",
    "MessagePlace",
    "MessageRange",
    "MessageSend",
    "MessagesFound",
]

_Some = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class MessageList(Arguments):
    """Which messages: all conditions that are given must hold."""

    start: int | None = None
    """Where to begin, from 0; a negative number counts from the end. Default: so that the last `limit` are listed, or,
    with a condition, at the first."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100
    search: Name | None = None
    """Words that must all stand in the text or the reasoning; capitals do not matter."""
    name: Name | None = None
    """Who speaks."""
    role: Literal["user", "assistant", "system"] | None = None
    hidden: bool = True
    """False: leave out what is hidden from the model."""


class MessagesFound(Message, omit_defaults=False):
    """Messages of the open chat."""

    chat_id: Id | None
    total: Count
    """Messages in the chat."""
    messages: list[ChatMessage]
    """Each with its `index`."""
    next: Count | None = None
    """There may be more: list again with this `start`."""


class MessageGet(Arguments):
    """Which message."""

    index: Count
    """Place in the open chat, from 0."""


class MessageSend(Arguments):
    """What to put into the open chat, as whose."""

    text: Text
    role: Literal["user", "character", "narrator", "system", "comment"] = "user"
    """`user` and `character` speak. `narrator` tells (the model sees it as a system message). `system` and `comment`
    are notes on screen that the model does not see."""
    name: Name | None = None
    """Who speaks. Of a character: its id or name; default the open one. Any other name does, too."""
    index: Count | None = None
    """Put it before this message; default: at the end."""
    hidden: bool = False
    """Hide it from the model."""
    reasoning: Text | None = None
    """With role `character`: what was thought before it was said."""
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    """Pictures that go with it."""


class MessagePlace(Message, omit_defaults=False):
    """Where a message stands."""

    index: Count
    chat_id: Id | None


class MessageEdit(Arguments):
    """Which message gets what; what is not given stays."""

    index: Count
    """Place in the open chat, from 0."""
    text: Text | None = None
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """Who speaks; the picture goes with the name of a character or persona."""
    reasoning: Text | None = None
    """Empty: take it away."""


class MessageDelete(Arguments):
    """Which messages go."""

    index: Count
    """Place in the open chat, from 0."""
    count: _Some = 1
    """How many from there on."""


class MessageRange(Arguments):
    """Some messages that stand together."""

    index: Count
    """Place of the first in the open chat, from 0."""
    count: _Some = 1
    """How many from there on."""


class MessageMove(Arguments):
    """A message, and where it goes."""

    index: Count
    to: Count
    """Its place afterwards."""


ROWS = (
    command(
        "message.list",
        MessageList,
        MessagesFound,
        lane="immediate",
        scope="chat:read",
        about="Lists messages of the open chat, hidden ones too: a range, or those that a search finds.",
        example={"search": "forest", "role": "user"},
        before=(("message.send", {"text": "Tell me about the forest."}),),
    ),
    command(
        "message.get",
        MessageGet,
        ChatMessage,
        lane="immediate",
        scope="chat:read",
        about="Gives one message of the open chat.",
        errors=("unknown_message",),
        example={"index": 0},
    ),
    command(
        "message.send",
        MessageSend,
        MessagePlace,
        lane="visible",
        scope="chat:write",
        about="Puts a message into the open chat, as the user, a character, the narrator, or as a note. "
        "Nothing is generated.",
        errors=("unknown_message",),
        example={"text": "The rain stops.", "role": "narrator", "index": 1},
        smoke=True,
    ),
    command(
        "message.edit",
        MessageEdit,
        Done,
        lane="visible",
        scope="control",
        about="Changes a message: its text, who speaks, its reasoning.",
        errors=("unknown_message",),
        example={"index": 1, "text": "I would rather hear about the forest."},
        smoke=True,
    ),
    command(
        "message.delete",
        MessageDelete,
        Done,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes messages.",
        errors=("unknown_message",),
        example={"index": 2, "count": 2},
        smoke=True,
    ),
    command(
        "message.hide",
        MessageRange,
        Done,
        lane="visible",
        scope="control",
        about="Hides messages from the model; they stay on screen, greyed.",
        errors=("unknown_message",),
        example={"index": 0, "count": 2},
    ),
    command(
        "message.unhide",
        MessageRange,
        Done,
        lane="visible",
        scope="control",
        about="Shows hidden messages to the model again.",
        errors=("unknown_message",),
        example={"index": 0, "count": 2},
        before=(("message.hide", {"index": 0, "count": 2}),),
    ),
    command(
        "message.move",
        MessageMove,
        MessagePlace,
        lane="visible",
        scope="control",
        about="Moves a message to another place; those between make room.",
        errors=("unknown_message",),
        example={"index": 3, "to": 1},
        smoke=True,
    ),
)
