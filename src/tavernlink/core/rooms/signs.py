"""What members see of each other between messages: who types, who works on an answer, how the turn stands."""

from __future__ import annotations

from typing import Literal

from tavernlink.core.rooms.room import Member, Room
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.rooms.turns import waiting_for
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.protocol.rooms import RoomTurn, RoomTyping

__all__ = ["Signs"]

_SECONDS = 10.0  # until a sign that is not repeated goes out


class Signs:
    """Indicators, and news of the turn."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._lit: dict[tuple[str, str], tuple[Room, Member]] = {}
        """(Room, member) ids of those that type or work."""

    def indicate(self, room: Room, member: Member, state: Literal["typing", "processing"] | None) -> None:
        """A member types, works on something, or stopped; the others are told when that is new."""
        member.typing_ends = self._rooms.clock.now() + _SECONDS
        if state is None:
            self._lit.pop((room.id, member.id), None)
        else:
            self._lit[room.id, member.id] = (room, member)
        if state == member.typing:
            return
        member.typing = state
        content = RoomTyping(room=room.id, member=member.id, name=member.persona.name, state=state)
        self._rooms.tell(room, "room.typing", content, but=member.sessions)

    def tick(self, now: float) -> None:
        """Put out what was not said again."""
        for room, member in [pair for pair in self._lit.values() if pair[1].typing_ends <= now]:
            self.indicate(room, member, None)

    def tell_turn(
        self,
        room: Room,
        state: Literal["collecting", "running", "idle"],
        request_id: str | None = None,
        *,
        error: ErrorInfo | None = None,
    ) -> None:
        """Tell everybody how the room's turn stands."""
        settings = room.record.settings
        content = RoomTurn(
            room=room.id,
            state=state,
            mode=settings.mode,
            held=len(room.held),
            waiting=waiting_for(room, self._rooms.clock.wall()) if settings.mode == "round" else [],
            request_id=request_id,
            error=error,
        )
        self._rooms.tell(room, "room.turn", content)
