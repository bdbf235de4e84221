"""What peers ask about rooms: one small function for each message type, and the table that names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tavernlink.core.access.audit import Audit
from tavernlink.core.access.rights import check_scope
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import App, Peer, Tavern
from tavernlink.core.rooms.invitations import Invitations
from tavernlink.core.rooms.moderation import Moderation
from tavernlink.core.rooms.names import check_free, check_length, to_persona
from tavernlink.core.rooms.presence import Presence
from tavernlink.core.rooms.ranks import check_may, check_over, rank_of
from tavernlink.core.rooms.records import MemberRecord, RoomRecord
from tavernlink.core.rooms.room import Member, Room
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.rooms.signs import Signs
from tavernlink.core.rooms.speaking import Speaking
from tavernlink.core.seams import Ack
from tavernlink.errors import AuthError, BadMessage, NotFound
from tavernlink.protocol.chat import Persona
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.rooms import (
    RoomAdd,
    RoomClosed,
    RoomContext,
    RoomContextGet,
    RoomContextSet,
    RoomCreate,
    RoomDelete,
    RoomGet,
    RoomJoin,
    RoomLeave,
    RoomList,
    RoomRole,
    RoomSet,
    RoomSettings,
    RoomTypingSet,
)

__all__ = ["RoomMessages"]

_MOST_CONTEXTS = 50


class RoomMessages:
    """Carries out what peers ask about rooms. Each handler acks exactly once or raises."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        speaking: Speaking,
        signs: Signs,
        presence: Presence,
        directory: Directory,
        audit: Audit,
    ) -> None:
        self._rooms = rooms
        self._speaking = speaking
        self._signs = signs
        self._presence = presence
        self._directory = directory
        self._audit = audit
        self.handlers: Mapping[str, Asked] = {
            "room.create": self._create,
            "room.delete": self._delete,
            "room.list": self._list,
            "room.get": self._get,
            "room.set": self._set,
            "room.join": self._join,
            "room.leave": self._leave,
            "room.add": self._add,
            "room.typing.set": self._typing,
            "room.context.set": self._context_set,
            "room.context.get": self._context_get,
            "room.release": speaking.release,
            **Invitations(rooms, audit).handlers,
            **Moderation(rooms, speaking, signs, audit).handlers,
        }

    # The room itself

    def _create(self, peer: Peer, message: RoomCreate, ack: Ack) -> None:
        if not peer.key.reaches_room(message.name):
            raise AuthError("forbidden", "This key is for other rooms: its limits do not name this one.")
        owner: Peer = peer
        if message.tavern is not None:
            owner = self._directory.resolve(message.tavern, peer.key)
            if owner is not peer and owner.key.id != peer.key.id:
                check_scope(peer.key, "admin", "make somebody else's SillyTavern the owner of a room")
        now = self._rooms.clock.wall()
        room = self._rooms.create(
            RoomRecord(
                id=self._rooms.ids.new("room"),
                name=message.name,
                topic=message.topic,
                created=now,
                owner=owner.member_id,
                settings=message.settings or RoomSettings(),
            )
        )
        self._audit.record("room.created", peer, target=room.name, owner=owner.member_id)
        self._take_in(room, owner, "owner", None)
        if owner is not peer and isinstance(peer, App) and peer.session.bounds.kept:
            self._take_in(room, peer, "manager", None)
        ack(Success(result=self._rooms.info(room, peer)))

    def _delete(self, peer: Peer, message: RoomDelete, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "delete")
        closed = RoomClosed(room=room.id, room_name=room.name, why="deleted", reason=message.reason)
        self._audit.record("room.deleted", peer, target=room.name, reason=message.reason)
        self._rooms.close(room, closed)
        ack(Success())

    def _list(self, peer: Peer, message: RoomList, ack: Ack) -> None:
        rooms = [
            self._rooms.info(room, peer, members=False)
            for room in self._rooms.listed()
            if peer.key.reaches_room(room.id, room.name) and self._may_see(room, peer)
        ]
        ack(Success(result=rooms))

    def _get(self, peer: Peer, message: RoomGet, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        if not self._may_see(room, peer):
            raise AuthError("not_a_member", details={"room": room.id})
        ack(Success(result=self._rooms.info(room, peer, members=rank_of(room, peer) >= 0)))

    def _set(self, peer: Peer, message: RoomSet, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "set")
        settings = _merged(room.record.settings, message.settings)
        topic = room.record.topic if message.topic is None else message.topic
        self._rooms.change(room, msgspec.structs.replace(room.record, settings=settings, topic=topic))
        self._audit.record("room.changed", peer, target=room.name, settings=message.settings)
        self._rooms.tell_settings(room, peer.member_id)
        ack(Success(result=self._rooms.info(room, peer)))
        self._speaking.look(room)

    @staticmethod
    def _may_see(room: Room, peer: Peer) -> bool:
        return rank_of(room, peer) >= 0 or room.record.settings.open

    # Coming and going

    def _join(self, peer: Peer, message: RoomJoin, ack: Ack) -> None:
        invitation = self._rooms.invitation(message.code) if message.code is not None else None
        wanted = message.room or (invitation.room_id if invitation else None)
        if wanted is None:
            raise BadMessage("invalid_message", "Name a room, or give an invitation's code (at $.room).")
        room = self._rooms.reach(peer, wanted)
        known = room.find(peer)
        if known is not None:
            persona = known.record.persona if message.as_ is None else to_persona(message.as_)
            if persona is not None:
                check_free(room, persona, known.id)
                check_length(room, persona, known.record.role)
            self._put(room, known, msgspec.structs.replace(known.record, persona=persona), "persona")
            if known.id not in room.members or peer.session not in known.sessions:
                self._attach(room, peer)
            ack(Success(result=self._rooms.info(room, peer)))
            return
        self._check_ban(room, peer.member_id)
        role: RoomRole = "guest"
        if invitation is not None and invitation.room_id == room.id:
            role = invitation.role
        elif invitation is not None:
            raise NotFound("unknown_invitation")
        elif "admin" in peer.key.held:
            role = "manager"
        elif not room.record.settings.open:
            raise AuthError("not_a_member", "This room wants an invitation.", {"room": room.id})
        self._take_in(room, peer, role, message.as_)
        if invitation is not None:
            self._rooms.use(invitation)
        ack(Success(result=self._rooms.info(room, peer)))

    def _leave(self, peer: Peer, message: RoomLeave, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        member = room.member(peer)
        if member.id == room.record.owner:
            raise AuthError(
                "forbidden", "The owner cannot leave: hand the room over, or delete it.", {"room": room.id}
            )
        self._rooms.tell_member(room, "left", member)
        self._rooms.remove_member(room, member)
        ack(Success())
        self._speaking.look(room)

    def _add(self, peer: Peer, message: RoomAdd, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "add")
        check_over(room, peer, message.role)
        if (message.app is None) == (message.tavern is None):
            raise BadMessage("invalid_message", "Name an app or a tavern to add (at $.app).")
        if message.tavern is not None:
            added: Peer | None = self._directory.resolve(message.tavern, peer.key)
            if added is not None and added is not peer and added.key.id != peer.key.id:
                check_scope(peer.key, "admin", "bring somebody else's SillyTavern into a room")
        else:
            added = self._app(message.app or "")
        if added is None:
            member = self._take_in_absent(room, message)
        else:
            self._check_ban(room, added.member_id)
            member = self._take_in(room, added, message.role, message.as_, by=peer.member_id)
        self._audit.record("room.added", peer, target=room.name, member=member.id, role=member.record.role)
        ack(Success(result=self._rooms.member_info(room, member)))

    # Typing and context

    def _typing(self, peer: Peer, message: RoomTypingSet, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        member = room.member(peer)
        if room.sanction(member.id, "mute", self._rooms.clock.wall()) is None:
            self._signs.indicate(room, member, message.state)
        ack(Success())

    def _context_set(self, peer: Peer, message: RoomContextSet, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "write context")
        entries = [entry for entry in room.record.context if entry.name != message.name]
        if message.text:
            entries.append(
                RoomContext(name=message.name, text=message.text, depth=message.depth, role=message.role)
            )
        if len(entries) > _MOST_CONTEXTS:
            raise BadMessage("too_large", f"A room may have {_MOST_CONTEXTS} entries of context.")
        self._rooms.change(room, msgspec.structs.replace(room.record, context=entries))
        ack(Success(result=entries))

    def _context_get(self, peer: Peer, message: RoomContextGet, ack: Ack) -> None:
        room = self._rooms.reach(peer, message.room)
        check_may(room, peer, "read context")
        ack(Success(result=room.record.context))

    # Inside

    def _take_in(
        self, room: Room, peer: Peer, role: RoomRole, as_: str | Persona | None, *, by: str | None = None
    ) -> Member:
        persona = None if as_ is None else to_persona(as_)
        known = room.find(peer)
        record = MemberRecord(
            room_id=room.id,
            member_id=peer.member_id,
            kind="tavern" if isinstance(peer, Tavern) else "app",
            key_id=peer.key.id,
            role=known.record.role if known else role,
            name=peer.name or peer.id,
            persona=persona or (known.record.persona if known else None),
            joined=known.record.joined if known else self._rooms.clock.wall(),
        )
        check_free(room, persona or Persona(name=record.name), record.member_id)
        check_length(room, persona or Persona(name=record.name), record.role)
        member = self._rooms.put_member(room, record)
        if peer.session.bounds.kept:
            self._rooms.attach(room, member, peer)
        self._rooms.tell_member(room, "joined", member, by=by)
        return member

    def _take_in_absent(self, room: Room, message: RoomAdd) -> Member:
        key_id, dot, app_id = (message.app or "").partition(".")
        if not dot or not key_id or not app_id:
            raise NotFound(
                "unknown_member",
                f"No app {message.app!r} is connected. One that is not is named by its key and id, KEY.APP.",
            )
        self._check_ban(room, f"{key_id}.{app_id}")
        persona = None if message.as_ is None else to_persona(message.as_)
        record = MemberRecord(
            room_id=room.id,
            member_id=f"{key_id}.{app_id}",
            kind="app",
            key_id=key_id,
            role=message.role,
            name=app_id,
            persona=persona,
            joined=self._rooms.clock.wall(),
        )
        check_free(room, persona or Persona(name=app_id), record.member_id)
        member = self._rooms.put_member(room, record)
        self._rooms.tell_member(room, "joined", member)
        return member

    def _app(self, wanted: str) -> App | None:
        """Return a connected app by member id, id or name."""
        apps = [
            peer
            for peer in self._directory.sessions.values()
            if isinstance(peer, App) and peer.session.bounds.kept
        ]
        for words in ([app.member_id for app in apps], [app.id for app in apps], [app.name for app in apps]):
            found = {app.member_id: app for app, word in zip(apps, words, strict=True) if word == wanted}
            if len(found) > 1:
                raise NotFound(
                    "unknown_member", f"More than one app is called {wanted!r}: name one as KEY.APP."
                )
            if found:
                return next(iter(found.values()))
        return None

    def _attach(self, room: Room, peer: Peer) -> None:
        if peer.session.bounds.kept:
            self._presence.attach(room, peer)

    def _check_ban(self, room: Room, member: str) -> None:
        ban = room.sanction(member, "ban", self._rooms.clock.wall())
        if ban is not None:
            left = round(ban.until - self._rooms.clock.wall(), 1)
            details = {"until": ban.until, "reason": ban.reason, "retry_after": left}
            raise AuthError("banned", None, details)

    def _put(self, room: Room, member: Member, record: MemberRecord, what: str) -> None:
        if record != member.record:
            self._rooms.put_member(room, record)
            self._rooms.tell_member(room, what, member)


def _merged(settings: RoomSettings, changes: dict[str, Any]) -> RoomSettings:
    """The settings with these changes; raises `invalid_message` for what no setting may be."""
    known: dict[str, Any] = msgspec.to_builtins(settings)
    unknown = sorted(set(changes) - set(known))
    guests = changes.get("guests")
    if isinstance(guests, dict):
        unknown += [f"guests.{name}" for name in sorted(set(guests) - set(known["guests"]))]
        changes = {**changes, "guests": known["guests"] | guests}
    if unknown:
        raise BadMessage("invalid_message", f"A room has no setting {', '.join(unknown)} (at $.settings).")
    try:
        return msgspec.convert(known | changes, RoomSettings)
    except msgspec.ValidationError as error:
        raise BadMessage(
            "invalid_message", f"The settings do not fit: {error}.", {"path": "$.settings"}
        ) from None
