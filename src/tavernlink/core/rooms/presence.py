"""Peers come and go: members are online or not, and a room whose owner tavern stays away is closed.

Peers inside this process (one HTTP request each) are nobody's presence: they are attached only where they ask to hear.
"""

from __future__ import annotations

from tavernlink.core.access.audit import Audit
from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.rooms.room import Member, Room
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.rooms.signs import Signs
from tavernlink.core.rooms.speaking import Speaking
from tavernlink.protocol.rooms import RoomClosed

__all__ = ["Presence"]


class Presence:
    """What the hub tells rooms about peers."""

    def __init__(self, rooms: Rooms, speaking: Speaking, signs: Signs, audit: Audit, *, grace: float) -> None:
        self._rooms = rooms
        self._speaking = speaking
        self._grace = grace
        self._signs = signs
        self._audit = audit
        for room in rooms.listed():
            self._owner_away(room)

    def came(self, peer: Peer) -> None:
        """A peer has a new session."""
        if not peer.session.bounds.kept:
            return
        for room in self._rooms.of(peer):
            self.attach(room, peer)

    def attach(self, room: Room, peer: Peer) -> None:
        """A member is there, by this session too."""
        member = room.member(peer)
        before = member.online
        if isinstance(peer, Tavern):
            member.sessions = ()
        self._rooms.attach(room, member, peer)
        self._tell(room, member, was_online=before)

    def back(self, peer: Peer) -> None:
        """A peer's session goes on over a new line."""
        for room in self._rooms.of(peer):
            member = room.member(peer)
            if peer.session in member.sessions and sum(s.link is not None for s in member.sessions) == 1:
                self._tell(room, member, was_online=False)

    def away(self, peer: Peer) -> None:
        """A peer's line dropped; its session may go on."""
        for room in self._rooms.of(peer):
            member = room.member(peer)
            if peer.session in member.sessions and not member.online:
                self._tell(room, member, was_online=True)

    def gone(self, peer: Peer) -> None:
        """A peer's session is over. An owner tavern's grace is over with it."""
        for room in self._rooms.of(peer):
            member = room.member(peer)
            before = member.online
            self._rooms.detach(room, member, peer.session)
            self._tell(room, member, was_online=before)
            if isinstance(peer, Tavern) and room.record.owner == member.id:
                self._close(room)

    def tick(self, now: float) -> None:
        """Let time pass: rooms close, typing goes out."""
        for room in [room for room in self._rooms.closing.values() if (room.closes or 0.0) <= now]:
            self._close(room)
        self._signs.tick(now)

    def _tell(self, room: Room, member: Member, *, was_online: bool) -> None:
        if was_online == member.online:
            return
        if not member.online and member.typing is not None:
            self._signs.indicate(room, member, None)
        self._rooms.tell_member(room, "online" if member.online else "offline", member)
        if member.id == room.record.owner:
            if member.online:
                room.closes = None
                self._rooms.closing.pop(room.id, None)
            else:
                self._owner_away(room)
        self._speaking.look(room)

    def _owner_away(self, room: Room) -> None:
        owner = room.members.get(room.record.owner or "")
        if owner is None or owner.record.kind != "tavern" or room.record.settings.keep:
            return
        room.closes = self._rooms.clock.now() + self._grace
        self._rooms.closing[room.id] = room

    def _close(self, room: Room) -> None:
        if room.record.settings.keep:
            room.closes = None
            self._rooms.closing.pop(room.id, None)
            return
        why = "The room's owner, a SillyTavern, went away and did not come back in time."
        self._audit.record("room.closed", "hub", target=room.name, why="owner_gone")
        self._rooms.close(room, RoomClosed(room=room.id, room_name=room.name, why="owner_gone", reason=why))
