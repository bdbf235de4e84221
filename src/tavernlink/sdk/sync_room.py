"""`Room` for programs without an event loop; options are those of its namesakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from tavernlink.protocol.message import Message
from tavernlink.protocol.requests import Accepted, GenerateMode
from tavernlink.protocol.room_moderation import Invitation
from tavernlink.protocol.rooms import MemberInfo, RoomContext, RoomInfo, RoomRole
from tavernlink.sdk.room import EVENTS, As, Room

if TYPE_CHECKING:
    from tavernlink.sdk.sync import SyncHub
    from tavernlink.sdk.sync_request import SyncReply

__all__ = ["SyncRoom"]


class SyncRoom:
    """`tavernlink.sdk.Room` with blocking methods."""

    def __init__(self, hub: SyncHub, room: Room) -> None:
        self._hub = hub
        self._room = room
        self.name = room.name

    def create(self, **options: Any) -> RoomInfo:
        """As `Room.create`."""
        return self._hub.loop.run(self._room.create(**options))

    def delete(self, reason: str = "") -> None:
        """As `Room.delete`."""
        self._hub.loop.run(self._room.delete(reason))

    def info(self) -> RoomInfo:
        """As `Room.info`."""
        return self._hub.loop.run(self._room.info())

    def set(self, *, topic: str | None = None, **settings: Any) -> RoomInfo:
        """As `Room.set`."""
        return self._hub.loop.run(self._room.set(topic=topic, **settings))

    def join(self, code: str | None = None, *, as_: As | None = None) -> RoomInfo:
        """As `Room.join`."""
        return self._hub.loop.run(self._room.join(code, as_=as_))

    def leave(self) -> None:
        """As `Room.leave`."""
        self._hub.loop.run(self._room.leave())

    def members(self) -> list[MemberInfo]:
        """As `Room.members`."""
        return self._hub.loop.run(self._room.members())

    def add(self, app: str | None = None, **options: Any) -> MemberInfo:
        """As `Room.add`."""
        return self._hub.loop.run(self._room.add(app, **options))

    def remove(self, member: str) -> None:
        """As `Room.remove`."""
        self._hub.loop.run(self._room.remove(member))

    def kick(self, member: str, *, reason: str = "", seconds: float = 600) -> None:
        """As `Room.kick`."""
        self._hub.loop.run(self._room.kick(member, reason=reason, seconds=seconds))

    def mute(self, member: str, *, seconds: float = 600, reason: str = "") -> MemberInfo:
        """As `Room.mute`."""
        return self._hub.loop.run(self._room.mute(member, seconds=seconds, reason=reason))

    def unmute(self, member: str) -> None:
        """As `Room.unmute`."""
        self._hub.loop.run(self._room.unmute(member))

    def set_role(self, member: str, role: RoomRole) -> MemberInfo:
        """As `Room.set_role`."""
        return self._hub.loop.run(self._room.set_role(member, role))

    def invite(self, **options: Any) -> Invitation:
        """As `Room.invite`."""
        return self._hub.loop.run(self._room.invite(**options))

    def invitations(self) -> list[Invitation]:
        """As `Room.invitations`."""
        return self._hub.loop.run(self._room.invitations())

    def revoke(self, code: str) -> None:
        """As `Room.revoke`."""
        self._hub.loop.run(self._room.revoke(code))

    def say(self, text: str, **options: Any) -> Accepted:
        """As `Room.say`."""
        return self._hub.loop.run(self._room.say(text, **options))

    def send(self, text: str, **options: Any) -> SyncReply:
        """As `Room.send`."""
        return self._hub.reply(lambda: self._room.send(text, **options))

    def generate(self, mode: GenerateMode = "reply", **options: Any) -> SyncReply:
        """As `Room.generate`."""
        return self._hub.reply(lambda: self._room.generate(mode, **options))

    def release(self, **options: Any) -> SyncReply:
        """As `Room.release`."""
        return self._hub.reply(lambda: self._room.release(**options))

    def typing(self, state: Literal["typing", "processing"] | None = "typing") -> None:
        """As `Room.typing`."""
        self._hub.loop.run(self._room.typing(state))

    def events(self, *types: str) -> Iterator[Message]:
        """As `Room.events`: subscribed when this returns; leaving the iteration unsubscribes."""
        return self._hub.subscribe(*(types or EVENTS), room=self.name)

    def context(self) -> list[RoomContext]:
        """As `Room.context`."""
        return self._hub.loop.run(self._room.context())

    def set_context(self, text: str, **options: Any) -> list[RoomContext]:
        """As `Room.set_context`."""
        return self._hub.loop.run(self._room.set_context(text, **options))
