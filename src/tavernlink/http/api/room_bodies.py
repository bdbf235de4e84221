"""Bodies of `/api/rooms`: the messages about rooms without what the address says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.chat import Persona
from tavernlink.protocol.message import Id, Message, Name
from tavernlink.protocol.rooms import RoomRole

__all__ = [
    "Adding",
    "Changing",
    "ContextText",
    "Inviting",
    "Joining",
    "Kicking",
    "Muting",
    "RoleGiven",
    "Typing",
]

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
_Reason = Annotated[str, msgspec.Meta(max_length=500)]


class Changing(Message):
    """`room.set`."""

    topic: _Reason | None = None
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    """Fields of RoomSettings; `guests` may be given in part, too."""


class Joining(Message):
    """`room.join`."""

    code: Id | None = None
    as_: Name | Persona | None = msgspec.field(default=None, name="as")


class Adding(Message):
    """`room.add`."""

    app: Id | None = None
    tavern: Id | None = None
    role: RoomRole = "member"
    as_: Name | Persona | None = msgspec.field(default=None, name="as")


class Kicking(Message):
    """`room.kick`."""

    reason: _Reason = ""
    seconds: _Seconds = 600


class Muting(Message):
    """`room.mute`."""

    seconds: Annotated[float, msgspec.Meta(gt=0, le=31_536_000)] = 600
    reason: _Reason = ""


class RoleGiven(Message):
    """`room.role`."""

    role: RoomRole


class Inviting(Message):
    """`room.invite`."""

    role: Literal["manager", "member", "guest"] = "guest"
    uses: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    seconds: _Seconds = 86_400


class Typing(Message):
    """`room.typing.set`."""

    state: Literal["typing", "processing"] | None = "typing"


class ContextText(Message):
    """`room.context.set`."""

    text: Annotated[str, msgspec.Meta(max_length=20_000)]
    name: Id = "main"
    depth: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    role: Literal["system", "user", "assistant"] = "system"
