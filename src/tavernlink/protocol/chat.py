"""Messages about the open chat: its mirror, sending into it, changing it.

The hub gives each change a `revision`, which only grows for a tavern. An app that has revision N asks
`chat.get {since: N}` and gets the operations since, or the messages themselves where those are forgotten.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name, Text

__all__ = [
    "Attachment",
    "ChatChanged",
    "ChatDelete",
    "ChatEdit",
    "ChatGet",
    "ChatMessage",
    "ChatOp",
    "ChatSend",
    "ChatUpdate",
    "ChatView",
    "Persona",
]


_PICTURE = "^data:image/(png|jpeg|webp|gif);base64,"
_Picture = Annotated[str, msgspec.Meta(max_length=140_000, pattern=_PICTURE)]


class ChatMessage(Message):
    """One message of a chat."""

    name: Name
    """Who speaks."""
    role: Literal["user", "assistant", "system"]
    """`system`: hidden from the model."""
    text: Text
    index: Count | None = None
    """Place in the chat, from 0. Filled in by `chat.get`."""
    time: str | None = None
    """SillyTavern's `send_date`, as it stands there."""
    swipe: Count | None = None
    """Which of the alternatives is shown, from 0."""
    swipes: Count | None = None
    """How many alternatives there are."""
    reasoning: Text | None = None
    sent_by: Id | None = None
    """Where an app sent it: its member id, `KEY.APP`."""
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    """Further facts, e.g. model, token count, attached files."""


class ChatOp(Message):
    """One change. `reset` empties the chat; indices are those at the time of the operation."""

    op: Literal["insert", "replace", "remove", "reset"]
    index: Count = msgspec.field(default_factory=int)
    """Always sent, 0 too (a default made by a factory is not left out)."""
    message: ChatMessage | None = None
    """With `insert` and `replace`."""
    own: bool = False
    """True: the app that hears this sent the message itself. A bot that passes messages on leaves these out."""


class ChatUpdate(Message):
    """tavern → hub (type `chat.update`): the open chat changed, in order. A change of chat begins with `reset`."""

    chat_id: Id | None
    ops: list[ChatOp]
    loading: bool = False
    """True: more pages of a long chat follow."""


class ChatChanged(Message):
    """hub → app: the mirror changed."""

    tavern: Id
    chat_id: Id | None
    revision: Count
    ops: list[ChatOp]
    loading: bool = False


class ChatGet(Message):
    """app → hub, ack: ChatView. Without `since` and `before`: the last `limit` messages."""

    tavern: Id | None = None
    since: Count | None = None
    """A revision that the caller has."""
    before: Count | None = None
    """Messages with a lower index than this; pages backwards through a long chat."""
    limit: Count = 100


class ChatView(Message):
    """Result of `chat.get`."""

    tavern: Id
    chat_id: Id | None
    revision: Count
    total: Count
    """Messages in the chat."""
    messages: list[ChatMessage]
    ops: list[ChatOp] | None = None
    """With `since`, where the hub still has them: what changed; `messages` is empty then."""
    loading: bool = False


class Persona(Message):
    """Who speaks: for the length of one turn, the person at the keyboard is this one for SillyTavern."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """What `{{user}}` stands for, and the name over the message."""
    description: Annotated[str, msgspec.Meta(max_length=20_000)] | None = None
    """Goes into the prompt of the turn in the place of the person's own description."""
    avatar: _Picture | None = None
    """A picture of at most 100 kB as a data URL; else that of a persona of the same name, or SillyTavern's own."""


class Attachment(Message):
    """A file that goes with a message."""

    name: Name
    type: Name
    """MIME type."""
    data: str
    """Base64; a binary attachment on Socket.IO arrives here too."""


class ChatSend(Message):
    """app → hub, ack: Accepted. Sends a message into the open chat, or into a session's own chat."""

    text: Text
    tavern: Id | None = None
    """Id or name. `*` or `any`: whichever the pool chooses."""
    room: Id | None = None
    """Into the taverns of this room instead, under the member's own persona."""
    generate: bool = True
    """False: only put the message there."""
    as_: Name | Persona | None = msgspec.field(default=None, name="as")
    """Who speaks instead of the person's own persona: a name, or a name with a description and a picture."""
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    session: Name | None = None
    """Use this session's own SillyTavern chat instead of the open one; it is made at first use."""
    character: Name | None = None
    """With `session`: id or name of the character to talk to."""
    priority: Annotated[int, msgspec.Meta(ge=-100, le=100)] = 0
    """Higher goes first; other than 0 it is for admins, and in a room for its owner and managers."""
    request_id: Id | None = None
    timeout: float | None = None
    """Seconds that the work may take once it runs."""


class ChatEdit(Message):
    """app → hub, ack: Accepted. Changes a message's text."""

    index: Count
    text: Text
    tavern: Id | None = None
    revision: Count | None = None
    """Refuse with `stale_revision` unless the mirror is still at this revision."""
    request_id: Id | None = None


class ChatDelete(Message):
    """app → hub, ack: Accepted. Deletes messages."""

    index: Count
    count: Count = 1
    tavern: Id | None = None
    revision: Count | None = None
    request_id: Id | None = None
