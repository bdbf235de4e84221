"""Groups of characters that share a chat. Their chats are those of `chat.*` with `group`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Count, Id, Message, Name
from tavernlink.protocol.requests import GenerationResult

__all__ = [
    "ROWS",
    "Group",
    "GroupAdd",
    "GroupCreate",
    "GroupEdit",
    "GroupList",
    "GroupMember",
    "GroupOrder",
    "GroupPick",
    "GroupWho",
]

Strategy = Literal["natural", "list", "manual", "pooled"]
"""Who answers: those who are spoken of, all in order, only who is triggered, or each once before anyone twice."""
CardMode = Literal["swap", "append", "append_disabled"]
"""Whose card is in the prompt: only the speaker's, all members', or also those of muted ones."""
_GroupName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Delay = Annotated[int, msgspec.Meta(ge=1, le=3_600)]
_Members = Annotated[list[Id], msgspec.Meta(max_length=1_000)]


class GroupMember(Message, omit_defaults=False):
    """A member."""

    character: Id
    name: Name
    muted: bool
    """It does not answer unless it is triggered."""


class Group(Message, omit_defaults=False):
    """A group."""

    group: Id
    name: Name
    members: list[GroupMember]
    """In their order."""
    strategy: Strategy
    cards: CardMode
    self_replies: bool
    """A member may answer itself."""
    auto_delay: Count
    """Seconds between the replies of the automatic mode."""
    favorite: bool
    chat_id: Id | None
    """The chat that it has open, or had last."""
    chats: list[Id]
    open: bool
    """It is on screen now."""


class GroupList(Arguments):
    """Nothing."""


class GroupPick(Arguments):
    """Which group."""

    group: Id
    """Id or name."""


class GroupCreate(Arguments):
    """A new group."""

    members: _Members
    """Ids or names of characters, in order."""
    name: _GroupName | None = None
    """Default: made of the members' names."""
    strategy: Strategy = "natural"
    cards: CardMode = "swap"
    self_replies: bool = False
    auto_delay: _Delay = 5
    favorite: bool = False
    avatar: File | None = None
    """A picture; default: those of the members."""


class GroupEdit(Arguments):
    """What changes; what is not given stays."""

    group: Id
    """Id or name."""
    name: _GroupName | None = None
    strategy: Strategy | None = None
    cards: CardMode | None = None
    self_replies: bool | None = None
    auto_delay: _Delay | None = None
    favorite: bool | None = None
    avatar: File | None = None


class GroupWho(Arguments):
    """A character and a group."""

    character: Id
    """Id or name."""
    group: Id | None = None
    """Id or name; default: the open one."""


class GroupAdd(Arguments):
    """A character that joins."""

    character: Id
    """Id or name."""
    group: Id | None = None
    """Id or name; default: the open one."""
    index: Count | None = None
    """Its place among the members; default: the last."""


class GroupOrder(Arguments):
    """A new order."""

    members: _Members
    """Ids or names of all members."""
    group: Id | None = None
    """Id or name; default: the open one."""


_ERRORS = ("no_character", "unknown_character")
_WHO = {"group": "Party", "character": "Wren.png"}

ROWS = (
    command(
        "group.list",
        GroupList,
        list[Group],
        lane="immediate",
        scope="chat:read",
        about="Lists the groups.",
        example={},
    ),
    command(
        "group.get",
        GroupPick,
        Group,
        lane="immediate",
        scope="chat:read",
        about="Gives one group.",
        errors=("unknown_character",),
        example={"group": "Party"},
    ),
    command(
        "group.create",
        GroupCreate,
        Group,
        lane="visible",
        scope="control",
        about="Makes a group. `chat.open` opens it.",
        errors=("unknown_character",),
        example={"name": "Travellers", "members": ["default_Seraphina.png", "Wren.png"], "strategy": "list"},
        smoke=True,
    ),
    command(
        "group.edit",
        GroupEdit,
        Group,
        lane="visible",
        scope="control",
        about="Changes a group's name and settings.",
        errors=("unknown_character",),
        example={"group": "Party", "strategy": "pooled", "self_replies": True},
    ),
    command(
        "group.delete",
        GroupPick,
        Done,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a group and all its chats.",
        errors=("unknown_character",),
        example={"group": "Passers-by"},
        before=(("group.create", {"name": "Passers-by", "members": ["Wren.png"]}),),
    ),
    command(
        "group.member.add",
        GroupAdd,
        Group,
        lane="visible",
        scope="control",
        about="Takes a character into a group.",
        errors=_ERRORS,
        example={"group": "$0.group", "character": "default_Seraphina.png", "index": 0},
        before=(("group.create", {"name": "Two", "members": ["Wren.png"]}),),
    ),
    command(
        "group.member.remove",
        GroupWho,
        Group,
        lane="visible",
        scope="control",
        about="Takes a character out of a group; what it said stays.",
        errors=_ERRORS,
        example={"group": "$0.group", "character": "default_Seraphina.png"},
        before=(("group.create", {"name": "Three", "members": ["Wren.png", "default_Seraphina.png"]}),),
    ),
    command(
        "group.member.order",
        GroupOrder,
        Group,
        lane="visible",
        scope="control",
        about="Puts the members of a group in another order.",
        errors=_ERRORS,
        example={"group": "Party", "members": ["Wren.png", "default_Seraphina.png"]},
    ),
    command(
        "group.member.mute",
        GroupWho,
        Group,
        lane="visible",
        scope="control",
        about="Mutes a member: it does not answer unless it is triggered.",
        errors=_ERRORS,
        example=_WHO,
    ),
    command(
        "group.member.unmute",
        GroupWho,
        Group,
        lane="visible",
        scope="control",
        about="Lets a muted member answer again.",
        errors=_ERRORS,
        example=_WHO,
        before=(("group.member.mute", _WHO),),
    ),
    command(
        "group.member.trigger",
        GroupWho,
        GenerationResult,
        lane="visible",
        scope="chat:write",
        about="Has a chosen member speak next, a muted one too. The group must be open.",
        errors=(*_ERRORS, "no_backend", "generation_failed", "empty_reply", "stopped"),
        example={"character": "Wren.png"},
        before=(("chat.open", {"group": "Party"}),),
        smoke=True,
    ),
)
