"""What the store keeps of rooms: one Struct for each table."""

from __future__ import annotations

from typing import Literal

import msgspec

from tavernlink.protocol.chat import Attachment, Persona
from tavernlink.protocol.rooms import RoomContext, RoomRole, RoomSettings

__all__ = ["HeldMessage", "InvitationRecord", "MemberRecord", "RoomRecord", "SanctionRecord"]


class RoomRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One room. Times are seconds since 1970."""

    id: str
    name: str
    created: float
    topic: str = ""
    owner: str | None = None
    """Member id."""
    settings: RoomSettings = RoomSettings()
    context: list[RoomContext] = []


class MemberRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One member of one room."""

    room_id: str
    member_id: str
    kind: Literal["app", "tavern"]
    key_id: str
    """Its key. An app's member id names it too; a tavern under another key is not this member."""
    role: RoomRole
    name: str
    persona: Persona | None = None
    joined: float


class SanctionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A mute, or the time for which somebody is kept out. Outlasts the membership."""

    room_id: str
    member_id: str
    kind: Literal["mute", "ban"]
    until: float
    reason: str = ""
    by: str | None = None


class InvitationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A code that lets whoever has it join."""

    code: str
    room_id: str
    role: RoomRole
    uses: int
    """Uses left."""
    expires: float
    by: str | None = None


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was acknowledged and waits for the turn."""

    room_id: str
    message_id: str
    number: int
    """Its place among those that wait."""
    member_id: str
    persona: Persona
    text: str
    attachments: list[Attachment] = []
    request_id: str
    time: float
