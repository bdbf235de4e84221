"""Whose turn it is: what becomes of a message, by the room's mode.

immediate   every message goes to the tavern and triggers a reply
host        a host's message does; what others say is held until a host releases it
round       held until every speaker that is online has spoken once, then all of it goes
manual      every message goes to the tavern, none triggers; a host asks for the reply
"""

from __future__ import annotations

from typing import Literal

from tavernlink.core.rooms.ranks import is_host
from tavernlink.core.rooms.room import Member, Room
from tavernlink.errors import BadMessage, Conflict, Unavailable

__all__ = ["Verdict", "check_pace", "judge", "note_spoken", "waiting_for"]

Verdict = Literal["trigger", "hold", "put"]
_MINUTE = 60.0


def judge(room: Room, member: Member, now: float) -> Verdict:
    """Say what becomes of a message of this member. Raises `turn_taken`; `now` in seconds since 1970."""
    mode = room.record.settings.mode
    if mode == "manual":
        return "put"
    if mode == "host":
        return "trigger" if is_host(member) else "hold"
    if mode == "round":
        if any(held.member_id == member.id for held in room.held):
            raise Conflict("turn_taken", details={"waiting": waiting_for(room, now)})
        return "hold"
    return "trigger"


def waiting_for(room: Room, now: float) -> list[str]:
    """Ids of the members whose message the round still needs; `now` in seconds since 1970."""
    spoken = {held.member_id for held in room.held}
    return [
        member.id
        for member in room.members.values()
        if member.record.kind == "app"
        and member.online
        and not member.silent
        and member.id not in spoken
        and room.sanction(member.id, "mute", now) is None
    ]


def check_pace(room: Room, member: Member, length: int, now: float) -> None:
    """Raise where a member speaks too soon, or a guest too often or too much; `now` is monotonic."""
    settings = room.record.settings
    if not is_host(member) and settings.cooldown and member.spoke:
        left = member.spoke[-1] + settings.cooldown - now
        if left > 0:
            raise Unavailable("cooldown", details={"room": room.id, "retry_after": round(left, 1)})
    if member.record.role != "guest":
        return
    limits = settings.guests
    if length > limits.length:
        raise BadMessage(
            "too_large",
            f"A guest's message may have {limits.length} characters in this room.",
            {"room": room.id, "limit": limits.length},
        )
    while len(member.spoke) > 1 and member.spoke[0] <= now - _MINUTE:
        member.spoke.popleft()
    recent = [time for time in member.spoke if time > now - _MINUTE]
    if len(recent) >= limits.per_minute:
        wait = recent[-limits.per_minute] + _MINUTE - now
        raise BadMessage(
            "rate_limited",
            f"A guest may say {limits.per_minute} things a minute in this room.",
            {"room": room.id, "retry_after": round(max(wait, 0.1), 1)},
        )


def note_spoken(member: Member, now: float) -> None:
    """Remember when a member spoke."""
    member.spoke.append(now)
    while len(member.spoke) > 1 and member.spoke[0] <= now - _MINUTE:
        member.spoke.popleft()
