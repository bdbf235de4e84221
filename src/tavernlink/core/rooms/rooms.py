"""Every room of the hub: found by name, by member, by tavern. Every change goes through here, to memory and disk.

To bring an event to a room is one look-up: `tell` goes over the sessions that the room keeps ready. What is not asked
every day (who is in how many rooms) is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from tavernlink.core.peers.peer import Peer
from tavernlink.core.peers.session import Session
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.rooms.records import (
    HeldMessage,
    InvitationRecord,
    MemberRecord,
    RoomRecord,
    SanctionRecord,
)
from tavernlink.core.rooms.room import Member, Room
from tavernlink.core.seams import Clock, Ids, Store
from tavernlink.errors import Conflict, NotFound, TavernlinkError, Unavailable
from tavernlink.protocol.event import Event
from tavernlink.protocol.message import Message
from tavernlink.protocol.rooms import MemberInfo, RoomChanged, RoomClosed, RoomInfo, RoomRole

__all__ = ["HEARD", "Rooms"]

HEARD = ("stream.*", "chat.changed")
"""What members hear of a room's taverns without subscribing."""


class KeepForApp(Protocol):
    """Lets an event wait for an app: (key id, app id, event, the session that would replay it) → whether it does."""

    def __call__(self, key_id: str, app_id: str, event: Event, *, also_in: Session | None = None) -> bool: ...


class Rooms:
    """The directory of rooms."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        subscriptions: Subscriptions,
        wanted_changed: Callable[[], None],
    ) -> None:
        self.clock = clock
        self.ids = ids
        self.told: list[Callable[[Room, str, Message], None]] = []
        """Called with what members are told; for those who only listen."""
        self.away: KeepForApp | None = None
        """What is said while a member's app is away may wait for it."""
        self.closing: dict[str, Room] = {}
        """Rooms whose owner tavern is away, by id."""
        self._store = store
        self._subscriptions = subscriptions
        self._wanted_changed = wanted_changed
        self._rooms: dict[str, Room] = {}
        self._by_name: dict[str, Room] = {}
        self._of_member: dict[str, dict[str, Room]] = {}
        """Member id → rooms by id. A tavern's member id is its id."""
        self._invitations: dict[str, InvitationRecord] = {}
        self._load()

    def _load(self) -> None:
        for record in self._store.rooms.load():
            self._index(Room(record))
        for member in self._store.room_members.load():
            if member.room_id in self._rooms:
                self._rooms[member.room_id].members[member.member_id] = Member(member)
                self._of_member.setdefault(member.member_id, {})[member.room_id] = self._rooms[member.room_id]
        for sanction in self._store.room_sanctions.load():
            if sanction.room_id in self._rooms and sanction.until > self.clock.wall():
                self._rooms[sanction.room_id].sanctions[sanction.member_id, sanction.kind] = sanction
        for held in sorted(self._store.room_held.load(), key=lambda held: held.number):
            if held.room_id in self._rooms:
                self._rooms[held.room_id].held.append(held)
        self._invitations = {each.code: each for each in self._store.room_invitations.load()}
        for tavern_id in {tavern for room in self._rooms.values() for tavern in room.taverns}:
            self._place(tavern_id)

    # Finding

    def find(self, wanted: str) -> Room:
        """Return the room with this id or name. Raises `unknown_room`."""
        room = self._rooms.get(wanted) or self._by_name.get(wanted.casefold())
        if room is None:
            raise NotFound("unknown_room", f"There is no room {wanted!r}.", {"room": wanted})
        return room

    def reach(self, peer: Peer, wanted: str) -> Room:
        """Return a room for a peer. Raises `unknown_room`, also for one outside the limits of the peer's key."""
        room = self.find(wanted)
        if not peer.key.reaches_room(room.id, room.name):
            raise NotFound("unknown_room", f"There is no room {wanted!r}.", {"room": wanted})
        return room

    def listed(self) -> list[Room]:
        """Every room, the oldest first."""
        return list(self._rooms.values())

    def of(self, peer: Peer) -> list[Room]:
        """Rooms of which this peer is a member."""
        return [room for room in self.of_member(peer.member_id) if room.find(peer) is not None]

    def of_member(self, member: str) -> list[Room]:
        """Rooms of a member id; of a tavern's id: rooms that its streams are told to."""
        found = self._of_member.get(member)
        return list(found.values()) if found else []

    def sessions(self, wanted: str) -> tuple[Session, ...]:
        """Sessions of a room's members, ready to be sent to. Raises `unknown_room`."""
        return self.find(wanted).audience

    # Telling

    def tell(self, room: Room, type_: str, content: Message, *, but: Iterable[Session] = ()) -> None:
        """Bring an event to every member, but for these sessions."""
        for told in self.told:
            told(room, type_, content)
        audience = room.audience
        absent = self._absent(room) if type_ == "room.message" else []
        if not audience and not absent:
            return
        event = Event(type_, content)
        for member in absent:
            self._keep(member, event)
        for session in audience:
            if session not in but:
                session.deliver(event)

    def _keep(self, member: Member, event: Event) -> None:
        if self.away is not None:
            app_id = member.id.removeprefix(f"{member.record.key_id}.")
            also_in = member.sessions[0] if member.sessions else None
            self.away(member.record.key_id, app_id, event, also_in=also_in)

    @staticmethod
    def _absent(room: Room) -> list[Member]:
        return [
            member for member in room.members.values() if member.record.kind == "app" and not member.online
        ]

    def tell_member(
        self, room: Room, what: str, member: Member, *, by: str | None = None, reason: str = ""
    ) -> None:
        """Tell the members what is new about one of them."""
        content = msgspec.convert(
            {"room": room.id, "room_name": room.name, "what": what, "by": by, "reason": reason}, RoomChanged
        )
        self.tell(
            room, "room.changed", msgspec.structs.replace(content, member=self.member_info(room, member))
        )

    def tell_settings(self, room: Room, by: str | None) -> None:
        """Tell the members that topic or settings are new."""
        record = room.record
        content = RoomChanged(
            room=room.id,
            room_name=room.name,
            what="settings",
            by=by,
            settings=record.settings,
            topic=record.topic,
        )
        self.tell(room, "room.changed", content)

    def member_info(self, room: Room, member: Member) -> MemberInfo:
        """Return what others see of a member."""
        return room.member_info(member, self.clock.wall())

    def info(self, room: Room, asker: Peer, *, members: bool = True) -> RoomInfo:
        """Return what the asker sees of a room."""
        closes = None if room.closes is None else self.clock.wall() + room.closes - self.clock.now()
        return room.info(asker, self.clock.wall(), members=members, closes=closes)

    # Rooms

    def create(self, record: RoomRecord) -> Room:
        """Make a room. Raises `room_exists`."""
        if record.name.casefold() in self._by_name or record.name in self._rooms:
            raise Conflict(
                "room_exists",
                f"There is a room {record.name!r} already. Choose another name.",
                {"room": record.name},
            )
        self._store.rooms.put(record)
        room = Room(record)
        self._index(room)
        return room

    def change(self, room: Room, record: RoomRecord) -> None:
        """Replace a room's record."""
        self._store.rooms.put(record)
        room.record = record

    def close(self, room: Room, closed: RoomClosed) -> None:
        """Tell everybody that a room is no more, and forget it."""
        self.tell(room, "room.closed", closed)
        for member in list(room.members.values()):
            self._drop(room, member)
        for held in room.held:
            self._store.room_held.remove(held.room_id, held.message_id)
        for sanction in room.sanctions.values():
            self._store.room_sanctions.remove(sanction.room_id, sanction.member_id, sanction.kind)
        for code in [each.code for each in self._invitations.values() if each.room_id == room.id]:
            self.revoke(code)
        self._store.rooms.remove(room.id)
        self.closing.pop(room.id, None)
        del self._rooms[room.id], self._by_name[room.name.casefold()]

    # Members

    def put_member(self, room: Room, record: MemberRecord) -> Member:
        """Take somebody in, or change a member's record. Raises `room_full`."""
        member = room.members.get(record.member_id)
        if member is None:
            self._check_space(room, record.role)
        self._store.room_members.put(record)
        if member is None:
            member = room.members[record.member_id] = Member(record)
            self._of_member.setdefault(record.member_id, {})[room.id] = room
        else:
            member.record = record
        room.changed()
        if record.kind == "tavern":
            self._place(record.member_id)
        return member

    def remove_member(self, room: Room, member: Member) -> None:
        """Take a member out; what waits of it is forgotten."""
        for held in [held for held in room.held if held.member_id == member.id]:
            self.unhold(room, held)
        self._drop(room, member)

    def attach(self, room: Room, member: Member, peer: Peer) -> None:
        """A member has a session: it hears the room from now on."""
        session = peer.session
        member.silent = "chat:write" not in peer.key.held
        if session not in member.sessions:
            member.sessions = (*member.sessions, session)
            room.changed()
            if member.record.kind == "app":
                self._subscriptions.join(session, room.id, HEARD)

    def detach(self, room: Room, member: Member, session: Session) -> None:
        """A member's session is over."""
        member.sessions = tuple(each for each in member.sessions if each is not session)
        room.changed()
        self._subscriptions.leave(session, room.id)

    # Mutes, bans, invitations

    def sanction(self, room: Room, record: SanctionRecord) -> None:
        """Mute somebody, or keep somebody out."""
        self._store.room_sanctions.put(record)
        room.sanctions[record.member_id, record.kind] = record

    def pardon(self, room: Room, member: str) -> None:
        """End a member's mute and ban."""
        for found in [each for each in room.sanctions.values() if each.member_id == member]:
            del room.sanctions[found.member_id, found.kind]
            self._store.room_sanctions.remove(found.room_id, found.member_id, found.kind)

    def invite(self, record: InvitationRecord) -> None:
        """Make an invitation."""
        now = self.clock.wall()
        for old in [each.code for each in self._invitations.values() if each.expires <= now]:
            self.revoke(old)
        self._store.room_invitations.put(record)
        self._invitations[record.code] = record

    def invitations(self, room: Room) -> list[InvitationRecord]:
        """Return the room's invitations that can be used."""
        now = self.clock.wall()
        return [each for each in self._invitations.values() if each.room_id == room.id and each.expires > now]

    def invitation(self, code: str) -> InvitationRecord:
        """Return an invitation that can be used. Raises `unknown_invitation`."""
        found = self._invitations.get(code)
        if found is None or found.expires <= self.clock.wall() or found.room_id not in self._rooms:
            raise NotFound("unknown_invitation")
        return found

    def use(self, invitation: InvitationRecord) -> None:
        """Count one use."""
        left = msgspec.structs.replace(invitation, uses=invitation.uses - 1)
        if left.uses:
            self._store.room_invitations.put(left)
            self._invitations[left.code] = left
        else:
            self.revoke(left.code)

    def revoke(self, code: str) -> None:
        """Take an invitation back. Raises `unknown_invitation`."""
        if self._invitations.pop(code, None) is None:
            raise NotFound("unknown_invitation")
        self._store.room_invitations.remove(code)

    # What waits for the turn

    def hold(self, room: Room, held: HeldMessage) -> None:
        """Keep a message until its turn."""
        self._store.room_held.put(held)
        room.held.append(held)

    def unhold(self, room: Room, held: HeldMessage) -> None:
        """Forget a message that waited."""
        room.held.remove(held)
        self._store.room_held.remove(held.room_id, held.message_id)

    # Inside

    def _check_space(self, room: Room, role: RoomRole) -> None:
        settings = room.record.settings
        guests = sum(1 for each in room.members.values() if each.record.role == "guest")
        full: TavernlinkError | None = None
        if len(room.members) >= settings.members:
            full = Unavailable("room_full", details={"room": room.id, "limit": settings.members})
        elif role == "guest" and guests >= settings.guests.number:
            why = "The room has as many guests as its settings allow."
            full = Unavailable("room_full", why, {"room": room.id, "limit": settings.guests.number})
        if full is not None:
            raise full

    def _drop(self, room: Room, member: Member) -> None:
        for session in member.sessions:
            self._subscriptions.leave(session, room.id)
        self._store.room_members.remove(room.id, member.id)
        del room.members[member.id]
        room.changed()
        mine = self._of_member.get(member.id, {})
        mine.pop(room.id, None)
        if not mine:
            self._of_member.pop(member.id, None)
        if member.record.kind == "tavern":
            self._place(member.id)

    def _index(self, room: Room) -> None:
        self._rooms[room.id] = room
        self._by_name[room.name.casefold()] = room

    def _place(self, tavern_id: str) -> None:
        """Say to the subscriptions which rooms a tavern is in."""
        rooms = (
            room.id for room in self.of_member(tavern_id) if room.members[tavern_id].record.kind == "tavern"
        )
        self._subscriptions.place(tavern_id, rooms)
        self._wanted_changed()
