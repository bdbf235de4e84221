"""Under which name a member speaks: its own, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterable

from tavernlink.core.peers.peer import Tavern
from tavernlink.core.rooms.ranks import is_host
from tavernlink.core.rooms.room import Member, Room
from tavernlink.errors import BadMessage, Conflict
from tavernlink.protocol.chat import Persona
from tavernlink.protocol.rooms import RoomRole

__all__ = ["check_free", "check_length", "persona_for", "to_persona"]


def to_persona(wanted: str | Persona) -> Persona:
    """Return a persona for what a message's `as` says. Raises `invalid_message` for an empty name."""
    if isinstance(wanted, Persona):
        return wanted
    if not wanted:
        raise BadMessage("invalid_message", "A member needs a name (at $.as).", {"path": "$.as"})
    return Persona(name=wanted)


def persona_for(member: Member, wanted: str | Persona | None) -> Persona:
    """Who speaks in one message: the member's own persona, or what the message says."""
    own = member.record.persona
    if wanted is None or wanted == "" or (own is not None and wanted == own.name):
        return member.persona
    return to_persona(wanted)


def check_length(room: Room, persona: Persona, role: RoomRole) -> None:
    """Raise `too_large` where a guest says more of itself than it may in one message: it is in every prompt."""
    limit = room.record.settings.guests.length
    if role == "guest" and len(persona.description or "") > limit:
        raise BadMessage(
            "too_large",
            f"A guest's description may have {limit} characters in this room.",
            {"room": room.id, "limit": limit},
        )


def check_free(room: Room, persona: Persona, member: str, taverns: Iterable[Tavern] = ()) -> None:
    """Raise `name_taken` where another member bears the name.

    Nobody but hosts may speak as the person at one of `taverns`, or as its character.
    """
    name = persona.name.casefold()
    taken = {other.persona.name.casefold() for other in room.members.values() if other.id != member}
    mine = room.members.get(member)
    if mine is None or not is_host(mine):
        for tavern in taverns:
            taken |= {(tavern.state.user or "").casefold(), (tavern.state.character or "").casefold()}
    if name in taken:
        raise Conflict("name_taken", details={"name": persona.name})
