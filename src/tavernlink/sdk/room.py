"""A handle on one room: who is in it, what is said, whose turn it is. Made by `Hub.room`; costs nothing.

    async with tavernlink.connect(url, key, id="discord-bot") as hub:
        room = hub.room("den")
        await room.join(code, as_=Persona(name="Alice", description="A mage."))
        async with room.events() as events:
            await room.say("I open the door.")
            async for event in events:
                if isinstance(event, RoomMessage): print(event.name, event.text)

A member is the same one after a restart of the program only where it connects with an `id` of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from tavernlink.protocol.chat import Attachment, ChatSend, Persona
from tavernlink.protocol.requests import Accepted, Generate, GenerateMode
from tavernlink.protocol.room_moderation import (
    Invitation,
    RoomInvitations,
    RoomInvite,
    RoomKick,
    RoomMute,
    RoomRemove,
    RoomRevoke,
    RoomRoleSet,
    RoomUnmute,
)
from tavernlink.protocol.rooms import (
    MemberInfo,
    RoomAdd,
    RoomContext,
    RoomContextGet,
    RoomContextSet,
    RoomCreate,
    RoomDelete,
    RoomGet,
    RoomInfo,
    RoomJoin,
    RoomLeave,
    RoomRelease,
    RoomRole,
    RoomSet,
    RoomSettings,
    RoomTypingSet,
)
from tavernlink.sdk.reply import Reply
from tavernlink.sdk.subscription import Subscription

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["EVENTS", "As", "Room"]

EVENTS = ("room.*", "stream.*", "chat.changed")
"""What `Room.events` brings by default."""

As = str | Persona
"""Who speaks: a name, or a name with a description and a picture."""


class Room:
    """One room of a hub, by id or name. Members are named by their id or, where only one bears it, their name.

    Every method may raise `NotFound("unknown_room")` and `AuthError` (`not_a_member`, `forbidden`).
    """

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub = hub
        self.name = name
        """Id or name as it was asked for."""

    def __repr__(self) -> str:
        return f"<Room {self.name} of {self._hub.url}>"

    # ── The room ─────────────────────────────────────────────────────────────────────────────────────────
    async def create(
        self, *, topic: str = "", settings: RoomSettings | None = None, tavern: str | None = None
    ) -> RoomInfo:
        """Make it; this program or `tavern` (id or name) is its owner. Only under a key of an admin or a tavern."""
        if tavern is not None:
            tavern = (await self._hub.tavern(tavern).info()).tavern_id
        content = RoomCreate(name=self.name, topic=topic, settings=settings, tavern=tavern)
        return await self._hub.ask("room.create", content, RoomInfo)

    async def delete(self, reason: str = "") -> None:
        """Delete it; its members are told."""
        await self._hub.ask("room.delete", RoomDelete(room=self.name, reason=reason), object)

    async def info(self) -> RoomInfo:
        """Return its settings and members."""
        return await self._hub.ask("room.get", RoomGet(room=self.name), RoomInfo)

    async def set(self, *, topic: str | None = None, **settings: Any) -> RoomInfo:
        """Change its topic and the settings that are given, see `RoomSettings`."""
        return await self._hub.ask(
            "room.set", RoomSet(room=self.name, topic=topic, settings=settings), RoomInfo
        )

    # ── Members ──────────────────────────────────────────────────────────────────────────────────────────
    async def join(self, code: str | None = None, *, as_: As | None = None) -> RoomInfo:
        """Join, with an invitation's code where the room is not open; again: change one's persona."""
        return await self._hub.ask("room.join", RoomJoin(room=self.name, code=code, as_=as_), RoomInfo)

    async def leave(self) -> None:
        """Leave."""
        await self._hub.ask("room.leave", RoomLeave(room=self.name), object)

    async def members(self) -> list[MemberInfo]:
        """Return who is in it, online or not."""
        return (await self.info()).members

    async def add(
        self,
        app: str | None = None,
        *,
        tavern: str | None = None,
        role: RoomRole = "member",
        as_: As | None = None,
    ) -> MemberInfo:
        """Add an app (id or name of a connected one, or `KEY.APP`) or a tavern (id or name)."""
        content = RoomAdd(room=self.name, app=app, tavern=tavern, role=role, as_=as_)
        return await self._hub.ask("room.add", content, MemberInfo)

    async def remove(self, member: str) -> None:
        """Take a member out; it may come back."""
        await self._hub.ask("room.remove", RoomRemove(room=self.name, member=member), object)

    async def kick(self, member: str, *, reason: str = "", seconds: float = 600) -> None:
        """Take a member out and keep it out for some seconds."""
        content = RoomKick(room=self.name, member=member, reason=reason, seconds=seconds)
        await self._hub.ask("room.kick", content, object)

    async def mute(self, member: str, *, seconds: float = 600, reason: str = "") -> MemberInfo:
        """Let a member only listen for some seconds."""
        content = RoomMute(room=self.name, member=member, seconds=seconds, reason=reason)
        return await self._hub.ask("room.mute", content, MemberInfo)

    async def unmute(self, member: str) -> None:
        """End a mute, and the time for which a kicked member is kept out."""
        await self._hub.ask("room.unmute", RoomUnmute(room=self.name, member=member), object)

    async def set_role(self, member: str, role: RoomRole) -> MemberInfo:
        """Give a member another role; `owner` hands the room over."""
        content = RoomRoleSet(room=self.name, member=member, role=role)
        return await self._hub.ask("room.role", content, MemberInfo)

    async def invite(
        self,
        *,
        role: Literal["manager", "member", "guest"] = "guest",
        uses: int = 1,
        seconds: float = 86_400,
    ) -> Invitation:
        """Make an invitation; whoever has its code may join."""
        content = RoomInvite(room=self.name, role=role, uses=uses, seconds=seconds)
        return await self._hub.ask("room.invite", content, Invitation)

    async def invitations(self) -> list[Invitation]:
        """Those that can be used, of roles below this program's own; the one that ends first at the head."""
        return await self._hub.ask("room.invitations", RoomInvitations(room=self.name), list[Invitation])

    async def revoke(self, code: str) -> None:
        """Take an invitation back."""
        await self._hub.ask("room.revoke", RoomRevoke(room=self.name, code=code), object)

    # ── Talking ──────────────────────────────────────────────────────────────────────────────────────────
    async def say(
        self,
        text: str,
        *,
        as_: As | None = None,
        generate: bool = True,
        attachments: Iterable[Attachment] = (),
        request_id: str | None = None,
    ) -> Accepted:
        """Say something; returns when the hub has it. `held` in the answer: it waits for the room's turn.

        Raises `AuthError("muted")`, `Unavailable("cooldown")`, `BadMessage` (`rate_limited`, `too_large`) where this
        member may not speak now, and `Conflict("turn_taken")` in a round.
        """
        request_id = request_id or _new_id()
        content = self._saying(text, as_, attachments, request_id, generate=generate)
        return await self._hub.ask("chat.send", content, Accepted)

    def send(
        self,
        text: str,
        *,
        as_: As | None = None,
        attachments: Iterable[Attachment] = (),
        request_id: str | None = None,
    ) -> Reply:
        """Say something and follow the reply. It raises `Conflict("held")` where the message waits for the turn."""
        request_id = request_id or _new_id()
        content = self._saying(text, as_, attachments, request_id, generate=True)
        return Reply(self._hub, "chat.send", content, request_id)

    def generate(self, mode: GenerateMode = "reply", *, request_id: str | None = None) -> Reply:
        """`reply`, `regenerate`, `swipe` or `continue` in the room's taverns, with the room's private context."""
        request_id = request_id or _new_id()
        return Reply(
            self._hub, "generate", Generate(mode=mode, room=self.name, request_id=request_id), request_id
        )

    def release(self, *, request_id: str | None = None) -> Reply:
        """Let what was collected go as one turn; where nothing was, ask for a reply. For hosts."""
        request_id = request_id or _new_id()
        return Reply(
            self._hub, "room.release", RoomRelease(room=self.name, request_id=request_id), request_id
        )

    async def typing(self, state: Literal["typing", "processing"] | None = "typing") -> None:
        """Show the others that somebody types, or that a program works; say it again within 10 s, or None to stop."""
        await self._hub.ask("room.typing.set", RoomTypingSet(room=self.name, state=state), object)

    def events(self, *types: str) -> Subscription:
        """Return what happens in the room: its own events (`room.*`), `stream.*` and `chat.changed` of its taverns.

        With `types`, those globs instead; SillyTavern's own events are `event.NAME`.
        """
        return self._hub.subscribe(*(types or EVENTS), room=self.name)

    # ── Private context ──────────────────────────────────────────────────────────────────────────────────
    async def context(self) -> list[RoomContext]:
        """Return the texts that go with the room's generations."""
        return await self._hub.ask("room.context.get", RoomContextGet(room=self.name), list[RoomContext])

    async def set_context(
        self,
        text: str,
        *,
        name: str = "main",
        depth: int | None = None,
        role: Literal["system", "user", "assistant"] = "system",
    ) -> list[RoomContext]:
        """Set one of them, see `RoomContext`; an empty text takes it away."""
        content = RoomContextSet(room=self.name, text=text, name=name, depth=depth, role=role)
        return await self._hub.ask("room.context.set", content, list[RoomContext])

    def _saying(
        self, text: str, as_: As | None, attachments: Iterable[Attachment], request_id: str, *, generate: bool
    ) -> ChatSend:
        return ChatSend(
            text=text,
            room=self.name,
            as_=as_,
            generate=generate,
            attachments=list(attachments),
            request_id=request_id,
        )


def _new_id() -> str:
    return uuid.uuid4().hex
