"""One room in memory. It changes nothing by itself: `rooms` does, and writes it down."""

from __future__ import annotations

from collections import deque
from typing import Literal

import msgspec

from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.rooms.records import HeldMessage, MemberRecord, RoomRecord, SanctionRecord
from tavernlink.errors import AuthError, NotFound
from tavernlink.protocol.chat import Persona
from tavernlink.protocol.rooms import MemberInfo, RoomInfo

__all__ = ["Member", "Room"]


class Member:
    """One member with what is forgotten when the hub stops."""

    __slots__ = ("record", "sessions", "silent", "spoke", "typing", "typing_ends")

    def __init__(self, record: MemberRecord) -> None:
        self.record = record
        self.sessions: tuple[Session, ...] = ()
        """Connected, or away and to be resumed."""
        self.silent = False
        """Its key lets it only look on: no round waits for it."""
        self.spoke: deque[float] = deque()
        """Monotonic times of its messages of the last minute, and of the last one however old."""
        self.typing: Literal["typing", "processing"] | None = None
        self.typing_ends = 0.0

    @property
    def id(self) -> str:
        """Its member id."""
        return self.record.member_id

    @property
    def online(self) -> bool:
        """True while one of its lines is up."""
        return any(session.link is not None for session in self.sessions)

    @property
    def persona(self) -> Persona:
        """Under which it speaks."""
        return self.record.persona or Persona(name=self.record.name)


class Room:
    """Its record, its members, and what is not settled in it."""

    def __init__(self, record: RoomRecord) -> None:
        self.record = record
        self.members: dict[str, Member] = {}
        self.sanctions: dict[tuple[str, str], SanctionRecord] = {}
        """(Member id, kind) → mute or ban."""
        self.held: list[HeldMessage] = []
        self.closes: float | None = None
        """Monotonic time at which it is closed because its owner is away."""
        self.turn: str | None = None
        """Wire id of the request that carries the present turn."""
        self._audience: tuple[Session, ...] | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.record.name

    @property
    def audience(self) -> tuple[Session, ...]:
        """Sessions of all members; kept until `changed`."""
        if self._audience is None:
            self._audience = tuple(
                dict.fromkeys(session for member in self.members.values() for session in member.sessions)
            )
        return self._audience

    def changed(self) -> None:
        """Members or their sessions are not what they were."""
        self._audience = None

    @property
    def taverns(self) -> list[str]:
        """Ids of its taverns, the owner first, then in the order in which they joined."""
        found = [member.record for member in self.members.values() if member.record.kind == "tavern"]
        found.sort(key=lambda record: (record.member_id != self.record.owner, record.joined))
        return [record.member_id for record in found]

    def find(self, peer: Peer) -> Member | None:
        """Return the member that this peer is."""
        member = self.members.get(peer.member_id)
        kind = "tavern" if isinstance(peer, Tavern) else "app"
        if member is None or member.record.kind != kind or member.record.key_id != peer.key.id:
            return None
        return member

    def member(self, peer: Peer) -> Member:
        """Return the member that this peer is. Raises `not_a_member`."""
        member = self.find(peer)
        if member is None:
            raise AuthError("not_a_member", details={"room": self.id})
        return member

    def named(self, wanted: str) -> Member:
        """Return the member with this id or, where only one bears it, this name. Raises `unknown_member`."""
        by_id = self.members.get(wanted)
        if by_id is not None:
            return by_id
        found = [
            member for member in self.members.values() if wanted in (member.record.name, member.persona.name)
        ]
        if len(found) != 1:
            why = f"More than one member is called {wanted!r}: name one by its id." if found else None
            raise NotFound("unknown_member", why, {"member": wanted})
        return found[0]

    def sanction(self, member: str, kind: Literal["mute", "ban"], now: float) -> SanctionRecord | None:
        """Return a mute or ban that still lasts; `now` in seconds since 1970."""
        found = self.sanctions.get((member, kind))
        return found if found is not None and found.until > now else None

    def member_info(self, member: Member, now: float) -> MemberInfo:
        """Return what others see of a member; `now` in seconds since 1970."""
        mute = self.sanction(member.id, "mute", now)
        persona = member.record.persona
        if persona is not None and persona.avatar is not None:
            persona = msgspec.structs.replace(persona, avatar=None)
        return MemberInfo(
            id=member.id,
            kind=member.record.kind,
            name=member.persona.name,
            role=member.record.role,
            online=member.online,
            persona=persona,
            muted_until=mute.until if mute else None,
            typing=member.typing,
            held=sum(1 for held in self.held if held.member_id == member.id),
        )

    def info(self, asker: Peer, now: float, *, members: bool, closes: float | None = None) -> RoomInfo:
        """Return what the asker sees of it."""
        found = self.find(asker)
        return RoomInfo(
            room_id=self.id,
            name=self.name,
            topic=self.record.topic,
            created=self.record.created,
            owner=self.record.owner,
            settings=self.record.settings,
            role=found.record.role if found else None,
            members=[self.member_info(each, now) for each in self.members.values()] if members else [],
            online=sum(1 for each in self.members.values() if each.online),
            total=len(self.members),
            held=len(self.held),
            closes=closes,
        )
