"""Messages of those who look after a room: invitations, ranks, mutes, and who must go."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message
from tavernlink.protocol.rooms import Reason, RoomRole, Seconds

__all__ = [
    "Invitation",
    "RoomInvitations",
    "RoomInvite",
    "RoomKick",
    "RoomMute",
    "RoomRemove",
    "RoomRevoke",
    "RoomRoleSet",
    "RoomUnmute",
    "Sanction",
]


class RoomRemove(Message):
    """peer → hub, ack: nothing. Takes a member out; it may come back."""

    room: Id
    member: Id


class RoomKick(Message):
    """peer → hub, ack: nothing. Takes a member out, tells it why, and keeps it out for a time."""

    room: Id
    member: Id
    reason: Reason = ""
    seconds: Seconds = 600


class RoomInvite(Message):
    """peer → hub, ack: Invitation."""

    room: Id
    role: Literal["manager", "member", "guest"] = "guest"
    uses: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    seconds: Seconds = 86_400
    """How long it is valid."""


class Invitation(Message, omit_defaults=False):
    """Lets whoever has the code join."""

    code: Id
    room_id: Id
    role: RoomRole
    uses: Count
    """Uses left."""
    expires: float
    """Seconds since 1970."""


class RoomInvitations(Message):
    """peer → hub, ack: [Invitation], the one that ends first at the head. Those that can be used, of roles below the
    asker's own.
    """

    room: Id


class RoomRevoke(Message):
    """peer → hub, ack: nothing. Takes an invitation back."""

    room: Id
    code: Id


class RoomRoleSet(Message):
    """peer → hub, ack: MemberInfo. Only the owner makes managers; `owner` hands the room over."""

    room: Id
    member: Id
    role: RoomRole


class RoomMute(Message):
    """peer → hub, ack: MemberInfo. A mute outlasts leaving and coming back."""

    room: Id
    member: Id
    seconds: Annotated[float, msgspec.Meta(gt=0, le=31_536_000)] = 600
    reason: Reason = ""


class RoomUnmute(Message):
    """peer → hub, ack: nothing. Ends a mute, and a kick's time too."""

    room: Id
    member: Id


class Sanction(Message):
    """Told to a member whom it concerns, in an error's details: why it may not speak or come in."""

    until: float
    reason: str = ""
