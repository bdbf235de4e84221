"""Taking members out, keeping them quiet, giving them roles."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tavernlink.core.access.audit import Audit
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.peer import Peer
from tavernlink.core.rooms.ranks import OWNER, check_may, check_over, rank_of
from tavernlink.core.rooms.records import SanctionRecord
from tavernlink.core.rooms.room import Member, Room
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.rooms.signs import Signs
from tavernlink.core.rooms.speaking import Speaking
from tavernlink.core.seams import Ack
from tavernlink.errors import AuthError
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.room_moderation import RoomKick, RoomMute, RoomRemove, RoomRoleSet, RoomUnmute
from tavernlink.protocol.rooms import RoomClosed

__all__ = ["Moderation"]


class Moderation:
    """Handlers of what is done to a member by somebody above it."""

    def __init__(self, rooms: Rooms, speaking: Speaking, signs: Signs, audit: Audit) -> None:
        self._rooms = rooms
        self._speaking = speaking
        self._signs = signs
        self._audit = audit
        self.handlers: Mapping[str, Asked] = {
            "room.remove": self._remove,
            "room.kick": self._kick,
            "room.mute": self._mute,
            "room.unmute": self._unmute,
            "room.role": self._role,
        }

    def _remove(self, peer: Peer, message: RoomRemove, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "remove")
        member = self._below(room, peer, message.member)
        self._audit.record("room.removed", peer, target=room.name, member=member.id)
        self._take_out(
            room, member, "left", peer, RoomClosed(room=room.id, room_name=room.name, why="removed")
        )
        ack(Success())
        self._speaking.look(room)

    def _kick(self, peer: Peer, message: RoomKick, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "kick")
        member = self._below(room, peer, message.member)
        until = self._rooms.clock.wall() + message.seconds
        if message.seconds > 0:
            self._rooms.sanction(
                room,
                SanctionRecord(
                    room_id=room.id,
                    member_id=member.id,
                    kind="ban",
                    until=until,
                    reason=message.reason,
                    by=peer.member_id,
                ),
            )
        closed = RoomClosed(
            room=room.id,
            room_name=room.name,
            why="kicked",
            reason=message.reason,
            until=until if message.seconds > 0 else None,
        )
        self._audit.record(
            "room.kicked",
            peer,
            target=room.name,
            member=member.id,
            seconds=message.seconds,
            reason=message.reason,
        )
        self._take_out(room, member, "kicked", peer, closed)
        ack(Success())
        self._speaking.look(room)

    def _mute(self, peer: Peer, message: RoomMute, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "mute")
        member = self._below(room, peer, message.member)
        self._rooms.sanction(
            room,
            SanctionRecord(
                room_id=room.id,
                member_id=member.id,
                kind="mute",
                until=self._rooms.clock.wall() + message.seconds,
                reason=message.reason,
                by=peer.member_id,
            ),
        )
        self._audit.record(
            "room.muted",
            peer,
            target=room.name,
            member=member.id,
            seconds=message.seconds,
            reason=message.reason,
        )
        if member.typing is not None:
            self._signs.indicate(room, member, None)
        self._rooms.tell_member(room, "muted", member, by=peer.member_id, reason=message.reason)
        ack(Success(result=self._rooms.member_info(room, member)))
        self._speaking.look(room)

    def _unmute(self, peer: Peer, message: RoomUnmute, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "mute")
        member = room.members.get(message.member)
        if member is None and (message.member, "ban") not in room.sanctions:
            member = room.named(message.member)
        self._rooms.pardon(room, message.member if member is None else member.id)
        if member is not None:
            self._rooms.tell_member(room, "unmuted", member, by=peer.member_id)
        ack(Success())

    def _role(self, peer: Peer, message: RoomRoleSet, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "appoint")
        member = room.named(message.member)
        if message.role == "owner":
            self._hand_over(room, peer, member)
        else:
            check_over(room, peer, member.record.role)
            check_over(room, peer, message.role)
            self._rooms.put_member(room, msgspec.structs.replace(member.record, role=message.role))
        self._audit.record("room.role", peer, target=room.name, member=member.id, role=message.role)
        self._rooms.tell_member(room, "role", member, by=peer.member_id)
        ack(Success(result=self._rooms.member_info(room, member)))

    def _hand_over(self, room: Room, peer: Peer, member: Member) -> None:
        if rank_of(room, peer) < OWNER:
            raise AuthError(
                "forbidden", "Only the owner or an admin can hand the room over.", {"room": room.id}
            )
        before = room.members.get(room.record.owner or "")
        self._rooms.put_member(room, msgspec.structs.replace(member.record, role="owner"))
        self._rooms.change(room, msgspec.structs.replace(room.record, owner=member.id))
        if before is not None and before is not member:
            self._rooms.put_member(room, msgspec.structs.replace(before.record, role="manager"))
            self._rooms.tell_member(room, "role", before, by=peer.member_id)
        room.closes = None
        self._rooms.closing.pop(room.id, None)

    def _below(self, room: Room, peer: Peer, wanted: str) -> Member:
        """Return a member who stands below the peer."""
        member = room.named(wanted)
        check_over(room, peer, member.record.role)
        return member

    def _take_out(self, room: Room, member: Member, what: str, peer: Peer, closed: RoomClosed) -> None:
        event = Event("room.closed", closed)
        sessions = member.sessions
        self._rooms.remove_member(room, member)
        for session in sessions:
            session.deliver(event)
        self._rooms.tell_member(room, what, member, by=peer.member_id, reason=closed.reason)
