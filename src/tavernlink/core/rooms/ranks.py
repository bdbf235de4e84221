"""Which role in a room may do what: one table. A key of the role `admin` stands above every owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tavernlink.core.peers.peer import Peer
from tavernlink.core.rooms.room import Member, Room
from tavernlink.errors import AuthError
from tavernlink.protocol.rooms import RoomRole

__all__ = ["MAY", "OWNER", "Act", "check_may", "check_over", "is_host", "rank_of", "stands_over"]

Act = Literal[
    "speak", "look", "read context", "generate", "invite", "add", "remove", "kick", "mute", "appoint", "release",
    "set", "write context", "go first", "delete",
]  # fmt: skip

_RANKS: Mapping[RoomRole, int] = {"guest": 0, "member": 1, "manager": 2, "owner": 3}
_ADMIN = 4
OWNER = _RANKS["owner"]
"""Rank of an owner."""

MAY: Mapping[Act, RoomRole] = {
    # what → the lowest role that may
    "look": "guest",
    "speak": "guest",
    "read context": "member",
    "generate": "member",
    "invite": "manager",
    "add": "manager",
    "remove": "manager",
    "kick": "manager",
    "mute": "manager",
    "appoint": "manager",
    "release": "manager",
    "set": "manager",
    "write context": "manager",
    "go first": "manager",
    "delete": "owner",
}


def rank_of(room: Room, peer: Peer) -> int:
    """Return how high a peer stands in a room; -1: not in it."""
    if "admin" in peer.key.held:
        return _ADMIN
    member = room.find(peer)
    return -1 if member is None else _RANKS[member.record.role]


def is_host(member: Member) -> bool:
    """True for those who lead: the owner and managers."""
    return _RANKS[member.record.role] >= _RANKS["manager"]


def check_may(room: Room, peer: Peer, act: Act) -> None:
    """Raise `not_a_member`, or `forbidden` where the peer's role in the room is too low."""
    rank = rank_of(room, peer)
    if rank < 0:
        raise AuthError("not_a_member", details={"room": room.id})
    if rank < _RANKS[MAY[act]]:
        raise AuthError(
            "forbidden",
            f"Your role in the room {room.name!r} does not allow that: {MAY[act]} is the lowest that may.",
            {"room": room.id, "needs": MAY[act]},
        )


def stands_over(room: Room, peer: Peer, role: RoomRole) -> bool:
    """Return whether the peer stands above this role in a room."""
    return rank_of(room, peer) > _RANKS[role]


def check_over(room: Room, peer: Peer, role: RoomRole) -> None:
    """Raise `forbidden` unless the peer stands above this role: nobody acts on his equals."""
    if not stands_over(room, peer, role):
        raise AuthError(
            "forbidden", f"Only somebody above a room's {role} may do that.", {"room": room.id, "role": role}
        )
