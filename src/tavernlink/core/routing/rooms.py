"""Rooms as routing sees them: may a peer speak there, and who hears it."""

from __future__ import annotations

from collections.abc import Iterable

from tavernlink.core.peers.peer import Peer
from tavernlink.core.peers.session import Session
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.rooms.speaking import Speaking

__all__ = ["HubRooms"]


class HubRooms:
    """The hub's rooms, as `RoomDoors`."""

    def __init__(self, rooms: Rooms, speaking: Speaking) -> None:
        self._rooms = rooms
        self._speaking = speaking

    def enter(self, peer: Peer, room: str, size: int) -> None:
        """Raise unless the peer may speak in the room now: as for a chat message, but for its pace."""
        found = self._rooms.reach(peer, room)
        if "admin" not in peer.key.held:
            self._speaking.check(found, peer)

    def sessions(self, room: str) -> Iterable[Session]:
        """Members that are connected, or were a moment ago."""
        return self._rooms.sessions(room)

    def words(self, room: str) -> tuple[str, str]:
        """Id and name."""
        found = self._rooms.find(room)
        return found.id, found.name
