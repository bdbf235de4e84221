"""Messages about rooms: who is in them, who may speak, whose turn it is.

A room joins taverns and apps. What a member says with `chat.send {room}` goes into the room's taverns under the
member's own name and persona; every member hears `room.message`, and the `stream.*` and `chat.changed` of the room's
taverns, without subscribing. A room is named by its id or its name, a member by its id or, where only one bears it,
its name. Who lets people in, keeps them out and ranks them sends what is in `room_moderation`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.chat import Attachment, Persona
from tavernlink.protocol.message import Count, Id, Message, Name, Text
from tavernlink.protocol.outcome import ErrorInfo

__all__ = [
    "GuestLimits",
    "MemberInfo",
    "RoomAdd",
    "RoomChanged",
    "RoomClosed",
    "RoomContext",
    "RoomContextGet",
    "RoomContextSet",
    "RoomCreate",
    "RoomDelete",
    "RoomGet",
    "RoomInfo",
    "RoomJoin",
    "RoomLeave",
    "RoomList",
    "RoomMessage",
    "RoomMode",
    "RoomRelease",
    "RoomRole",
    "RoomSet",
    "RoomSettings",
    "RoomTurn",
    "RoomTyping",
    "RoomTypingSet",
]

RoomRole = Literal["owner", "manager", "member", "guest"]
RoomMode = Literal["immediate", "host", "round", "manual"]
_NAME = r"^[^\s\x00-\x1f/]([^\x00-\x1f/]*[^\s\x00-\x1f/])?$"
RoomName = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=_NAME)]
"""Anything that can stand in an address: no slash, no control character, no space at its ends."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
Reason = Annotated[str, msgspec.Meta(max_length=500)]
_ContextText = Annotated[str, msgspec.Meta(max_length=20_000)]


class GuestLimits(Message, omit_defaults=False):
    """What guests of a room may do."""

    per_minute: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    """Messages of one guest in any 60 seconds."""
    length: Annotated[int, msgspec.Meta(ge=1, le=200_000)] = 2_000
    """Characters of one message."""
    number: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 50
    """Guests at once."""


class RoomSettings(Message, omit_defaults=False):
    """How a room works."""

    mode: RoomMode = "immediate"
    """`immediate`: each message triggers a reply. `host`: what guests and members say is collected until a host (a
    manager or the owner) releases it as one turn; a host's own message triggers at once. `round`: collected until
    each member that is online has spoken once. `manual`: messages go into the chat at once, a host asks for the
    reply."""
    cooldown: Seconds = 0
    """Between two messages of one member; hosts need not wait."""
    guests: GuestLimits = msgspec.field(default_factory=GuestLimits)
    open: bool = False
    """True: whoever may use the hub may join, as a guest, without an invitation."""
    keep: bool = False
    """True: the room stays when its owner tavern does not return within its grace time."""
    reach: Literal["all", "first"] = "all"
    """Messages go to all taverns of the room, or to the first that is online."""
    members: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1_000
    """Members at most."""


class MemberInfo(Message, omit_defaults=False):
    """One member of a room."""

    id: Id
    """`KEY.APP` of an app (the id of its key, and its `app_id`), `tavern_id` of a tavern."""
    kind: Literal["app", "tavern"]
    name: Name
    """Under which it speaks."""
    role: RoomRole
    online: bool
    persona: Persona | None = None
    """Without its picture."""
    muted_until: float | None = None
    """Seconds since 1970."""
    typing: Literal["typing", "processing"] | None = None
    held: Count = 0
    """Messages of it that wait for the turn."""


class RoomInfo(Message, omit_defaults=False):
    """A room, as its members see it."""

    room_id: Id
    name: str
    topic: str
    created: float
    """Seconds since 1970."""
    owner: Id | None
    settings: RoomSettings
    role: RoomRole | None = None
    """Of the asker in it; None: none (an admin, or a room that is open to all)."""
    members: list[MemberInfo] = msgspec.field(default_factory=list)
    """Left empty by `room.list`."""
    online: Count = 0
    total: Count = 0
    """Members that are online, and all."""
    held: Count = 0
    """Messages that wait for the turn."""
    closes: float | None = None
    """When it will be closed because its owner is away: seconds since 1970."""


class RoomCreate(Message):
    """peer → hub, ack: RoomInfo. The creator is the owner. Taverns and admins only."""

    name: RoomName
    topic: Reason = ""
    settings: RoomSettings | None = None
    tavern: Id | None = None
    """The tavern that is to be the owner; default the creating tavern. Admins may leave it out and add one later."""


class RoomDelete(Message):
    """peer → hub, ack: nothing. The owner or an admin."""

    room: Id
    reason: Reason = ""


class RoomList(Message):
    """peer → hub, ack: [RoomInfo]. Rooms of the asker and open ones; admins see all."""


class RoomGet(Message):
    """peer → hub, ack: RoomInfo."""

    room: Id


class RoomSet(Message):
    """peer → hub, ack: RoomInfo. Changes what is given; a manager, the owner or an admin."""

    room: Id
    topic: Reason | None = None
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    """Fields of RoomSettings; `guests` may be given in part, too."""


class RoomJoin(Message):
    """peer → hub, ack: RoomInfo. Again by a member: changes its persona."""

    room: Id | None = None
    """May be left out with `code`."""
    code: Id | None = None
    """An invitation's code; not needed for an open room."""
    as_: Name | Persona | None = msgspec.field(default=None, name="as")
    """Under which the member speaks; default its app's name."""


class RoomLeave(Message):
    """peer → hub, ack: nothing."""

    room: Id


class RoomAdd(Message):
    """peer → hub, ack: MemberInfo. A manager, the owner or an admin; a tavern only by an admin or by its own key."""

    room: Id
    app: Id | None = None
    """Id or name of a connected app, or `KEY.APP`, also of one that is not connected."""
    tavern: Id | None = None
    """Id or name of a tavern."""
    role: RoomRole = "member"
    as_: Name | Persona | None = msgspec.field(default=None, name="as")


class RoomTypingSet(Message):
    """peer → hub, ack: nothing. `typing` while a person writes, `processing` while a program works on an answer.

    Goes out of itself after 10 seconds unless it is said again.
    """

    room: Id
    state: Literal["typing", "processing"] | None = "typing"


class RoomContext(Message):
    """A text that goes to the tavern with the room's generations only, and is never left behind in the chat."""

    name: Id
    text: _ContextText
    depth: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    """Messages from the end of the chat before which it stands; None: with the character's description."""
    role: Literal["system", "user", "assistant"] = "system"


class RoomContextSet(Message):
    """peer → hub, ack: [RoomContext]. A manager, the owner or an admin. An empty text takes the entry away."""

    room: Id
    text: _ContextText
    name: Id = "main"
    depth: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    role: Literal["system", "user", "assistant"] = "system"


class RoomContextGet(Message):
    """peer → hub, ack: [RoomContext]. Members; not guests."""

    room: Id


class RoomRelease(Message):
    """peer → hub, ack: Accepted. A host lets what was collected go as one turn; in `manual`, asks for the reply.

    A tavern that is a host hears how it went by `room.turn`.
    """

    room: Id
    request_id: Id | None = None


class RoomChanged(Message):
    """hub → peer: something about the room or its members."""

    room: Id
    room_name: str
    what: Literal[
        "created",
        "settings",
        "joined",
        "left",
        "kicked",
        "role",
        "muted",
        "unmuted",
        "online",
        "offline",
        "persona",
    ]
    member: MemberInfo | None = None
    by: Id | None = None
    """The member who did it, where it was another."""
    reason: str = ""
    settings: RoomSettings | None = None
    topic: str | None = None


class RoomMessage(Message):
    """hub → peer: somebody spoke in the room. Not told to the app that said it."""

    room: Id
    message_id: Id
    role: Literal["user", "assistant"]
    """`user`: a member, or the person at the tavern; `assistant`: a character."""
    name: Name
    text: Text
    time: float
    """Seconds since 1970."""
    member: Id | None = None
    """Of a member's message; None: typed in SillyTavern, or a character's."""
    tavern: Id | None = None
    """Of what was typed in SillyTavern, and of a character's reply."""
    held: bool = False
    """It waits for the turn."""
    kind: str | None = None
    """Of a character's: `reply`, `regenerate` and `swipe` (instead of the last one), `continue` (what was added)."""
    request_id: Id | None = None
    """Of a member's message: as its sender named it."""
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    """Of more than 256 kB together, only their names and types; `data` is empty then."""


class RoomTyping(Message):
    """hub → peer: a member types, works on something, or stopped (`state` null)."""

    room: Id
    member: Id
    name: Name
    state: Literal["typing", "processing"] | None


class RoomTurn(Message, omit_defaults=False):
    """hub → peer: how the room's turn stands."""

    room: Id
    state: Literal["collecting", "running", "idle"]
    mode: RoomMode
    held: Count = 0
    waiting: list[Id] = msgspec.field(default_factory=list)
    """Members whose message the round waits for."""
    request_id: Id | None = None
    """With `running` and `idle`: the request of the turn."""
    error: ErrorInfo | None = None
    """With `idle`: why it failed. With `collecting`: why what is complete cannot go."""


class RoomClosed(Message):
    """hub → peer: the room is no more, or no more for this member."""

    room: Id
    room_name: str
    why: Literal["deleted", "owner_gone", "removed", "kicked"]
    reason: str = ""
    until: float | None = None
    """With `kicked`: when it may come back, seconds since 1970."""
