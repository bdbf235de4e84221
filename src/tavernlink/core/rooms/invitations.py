"""Letting people in by a code: making invitations, seeing which are open, taking them back."""

from __future__ import annotations

from collections.abc import Mapping

from tavernlink.core.access.audit import Audit
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.peer import Peer
from tavernlink.core.rooms.ranks import check_may, check_over, stands_over
from tavernlink.core.rooms.records import InvitationRecord
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.seams import Ack
from tavernlink.errors import NotFound
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.room_moderation import Invitation, RoomInvitations, RoomInvite, RoomRevoke

__all__ = ["Invitations"]


class Invitations:
    """Handlers of what is asked about a room's invitations."""

    def __init__(self, rooms: Rooms, audit: Audit) -> None:
        self._rooms = rooms
        self._audit = audit
        self.handlers: Mapping[str, Asked] = {
            "room.invite": self._invite,
            "room.invitations": self._list,
            "room.revoke": self._revoke,
        }

    def _invite(self, peer: Peer, message: RoomInvite, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "invite")
        check_over(room, peer, message.role)
        record = InvitationRecord(
            code=self._rooms.ids.new("i"),
            room_id=room.id,
            role=message.role,
            uses=message.uses,
            expires=self._rooms.clock.wall() + message.seconds,
            by=peer.member_id,
        )
        self._rooms.invite(record)
        self._audit.record("room.invited", peer, target=room.name, role=record.role, uses=record.uses)
        ack(Success(result=_shown(record)))

    def _list(self, peer: Peer, message: RoomInvitations, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "invite")
        # A code is as good as the role behind it: nobody sees one that they could not have made.
        found = [each for each in self._rooms.invitations(room) if stands_over(room, peer, each.role)]
        ack(Success(result=[_shown(each) for each in sorted(found, key=lambda each: each.expires)]))

    def _revoke(self, peer: Peer, message: RoomRevoke, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "invite")
        if self._rooms.invitation(message.code).room_id != room.id:
            raise NotFound("unknown_invitation")
        self._rooms.revoke(message.code)
        ack(Success())


def _shown(record: InvitationRecord) -> Invitation:
    return Invitation(
        code=record.code,
        room_id=record.room_id,
        role=record.role,
        uses=record.uses,
        expires=record.expires,
    )
