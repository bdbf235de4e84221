"""What happens in a room's taverns, told to its members as `room.message`.

Replies come from the ends of streams, whose text is final; what the person types comes from the chat mirror. What an
app sent through the hub is in the mirror too, and is left out here: the room has heard it already.
"""

from __future__ import annotations

from tavernlink.core.peers.peer import Tavern
from tavernlink.core.relay.streams import Stream
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.protocol.chat import ChatUpdate
from tavernlink.protocol.rooms import RoomMessage
from tavernlink.protocol.streams import StreamEnd

__all__ = ["Hearing"]

_REPLIES = frozenset({"reply", "regenerate", "swipe", "continue"})


class Hearing:
    """Listens to taverns for their rooms. For a tavern in no room it is one look-up."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def chat(self, tavern: Tavern, update: ChatUpdate, length: int) -> None:
        """The open chat changed; it had `length` messages before."""
        rooms = self._rooms.of_member(tavern.id)
        if not rooms or update.loading or any(op.op == "reset" for op in update.ops):
            return
        for op in update.ops:
            said = op.message
            if op.op == "remove":
                length -= 1
            if op.op != "insert":
                continue
            length += 1
            if said is None or said.role != "user" or said.sent_by is not None or op.index != length - 1:
                continue
            for room in rooms:
                content = RoomMessage(
                    room=room.id,
                    message_id=self._rooms.ids.new("m"),
                    role="user",
                    name=said.name,
                    text=said.text,
                    time=self._rooms.clock.wall(),
                    tavern=tavern.id,
                )
                self._rooms.tell(room, "room.message", content, but=(tavern.session,))

    def reply(self, tavern: Tavern, stream: Stream, end: StreamEnd) -> None:
        """A generation is over."""
        rooms = self._rooms.of_member(tavern.id)
        if not rooms or stream.start.kind not in _REPLIES or end.reason == "error" or not end.text:
            return
        for room in rooms:
            content = RoomMessage(
                room=room.id,
                message_id=self._rooms.ids.new("m"),
                role="assistant",
                name=stream.start.character or tavern.state.character or tavern.name,
                text=end.text[:200_000],
                time=self._rooms.clock.wall(),
                tavern=tavern.id,
                kind=stream.start.kind,
            )
            self._rooms.tell(room, "room.message", content, but=(tavern.session,))
