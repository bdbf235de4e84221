"""`/api/rooms`: rooms, their members, what is said in them, and whose turn it is.

A program that speaks over HTTP is a member by its key and the name in the header `X-Tavernlink-App` (`http` without
one), since each request is a connection of its own. It is online while it listens to `/api/rooms/{room}/events`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ASGIApp

from tavernlink.http.api.answers import Answer, Asked, Wait, ok, submit
from tavernlink.http.api.events import follow
from tavernlink.http.api.room_bodies import (
    Adding,
    Changing,
    ContextText,
    Inviting,
    Joining,
    Kicking,
    Muting,
    RoleGiven,
    Typing,
)
from tavernlink.http.caller import AsCaller, HttpRequest
from tavernlink.http.presence import answer_by
from tavernlink.protocol.chat import ChatSend
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
    RoomList,
    RoomRelease,
    RoomSet,
    RoomTypingSet,
)
from tavernlink.protocol.subscriptions import Subscribe

__all__ = ["RoomRoutes"]

_EVENTS = "room.*,stream.*,chat.changed"
_Types = QueryParameter(description="Globs over message types, comma-separated.")


class RoomRoutes(Controller):
    """Rooms; which of it a member may do is decided by its role in the room."""

    path = "/rooms"
    tags = ["rooms"]

    # The room

    @get("/", summary="Rooms of the caller, and open ones")
    async def show_all(self, caller: AsCaller) -> Answer[list[RoomInfo]]:
        """`room.list`."""
        return ok(await caller.ask_as_member("room.list", RoomList()))

    @post("/", summary="Make a room", status_code=201)
    async def create(self, caller: AsCaller, data: JSONBody[RoomCreate]) -> Answer[RoomInfo]:
        """`room.create`; taverns and admins only."""
        return ok(await caller.ask_as_member("room.create", data), status=201)

    @get("/{room:str}", summary="Its settings and members")
    async def show(self, caller: AsCaller, room: FromPath[str]) -> Answer[RoomInfo]:
        """`room.get`."""
        return ok(await caller.ask_as_member("room.get", RoomGet(room=room)))

    @patch("/{room:str}", summary="Change topic and settings")
    async def change(
        self, caller: AsCaller, room: FromPath[str], data: JSONBody[Changing]
    ) -> Answer[RoomInfo]:
        """`room.set`."""
        content = RoomSet(room=room, topic=data.topic, settings=data.settings)
        return ok(await caller.ask_as_member("room.set", content))

    @delete("/{room:str}", summary="Delete it", status_code=200)
    async def remove(self, caller: AsCaller, room: FromPath[str]) -> Answer[None]:
        """`room.delete`."""
        return ok(await caller.ask_as_member("room.delete", RoomDelete(room=room)))

    # Members

    @post("/{room:str}/join", summary="Join it, or change one's persona", status_code=200)
    async def join(self, caller: AsCaller, room: FromPath[str], data: JSONBody[Joining]) -> Answer[RoomInfo]:
        """`room.join`."""
        content = RoomJoin(room=room, code=data.code, as_=data.as_)
        return ok(await caller.ask_as_member("room.join", content))

    @post("/{room:str}/leave", summary="Leave it", status_code=200)
    async def leave(self, caller: AsCaller, room: FromPath[str]) -> Answer[None]:
        """`room.leave`."""
        return ok(await caller.ask_as_member("room.leave", RoomLeave(room=room)))

    @post("/{room:str}/members", summary="Add an app or a tavern", status_code=201)
    async def add(self, caller: AsCaller, room: FromPath[str], data: JSONBody[Adding]) -> Answer[MemberInfo]:
        """`room.add`."""
        content = RoomAdd(room=room, app=data.app, tavern=data.tavern, role=data.role, as_=data.as_)
        return ok(await caller.ask_as_member("room.add", content), status=201)

    @delete("/{room:str}/members/{member:str}", summary="Take a member out", status_code=200)
    async def take_out(self, caller: AsCaller, room: FromPath[str], member: FromPath[str]) -> Answer[None]:
        """`room.remove`."""
        return ok(await caller.ask_as_member("room.remove", RoomRemove(room=room, member=member)))

    @post("/{room:str}/members/{member:str}/kick", summary="Take it out and keep it out", status_code=200)
    async def kick(
        self, caller: AsCaller, room: FromPath[str], member: FromPath[str], data: JSONBody[Kicking]
    ) -> Answer[None]:
        """`room.kick`."""
        content = RoomKick(room=room, member=member, reason=data.reason, seconds=data.seconds)
        return ok(await caller.ask_as_member("room.kick", content))

    @put("/{room:str}/members/{member:str}/mute", summary="Let it only listen for a time")
    async def mute(
        self, caller: AsCaller, room: FromPath[str], member: FromPath[str], data: JSONBody[Muting]
    ) -> Answer[MemberInfo]:
        """`room.mute`."""
        content = RoomMute(room=room, member=member, reason=data.reason, seconds=data.seconds)
        return ok(await caller.ask_as_member("room.mute", content))

    @delete("/{room:str}/members/{member:str}/mute", summary="End a mute or a kick's time", status_code=200)
    async def unmute(self, caller: AsCaller, room: FromPath[str], member: FromPath[str]) -> Answer[None]:
        """`room.unmute`."""
        return ok(await caller.ask_as_member("room.unmute", RoomUnmute(room=room, member=member)))

    @put("/{room:str}/members/{member:str}/role", summary="Give it another role")
    async def give_role(
        self, caller: AsCaller, room: FromPath[str], member: FromPath[str], data: JSONBody[RoleGiven]
    ) -> Answer[MemberInfo]:
        """`room.role`."""
        content = RoomRoleSet(room=room, member=member, role=data.role)
        return ok(await caller.ask_as_member("room.role", content))

    @post("/{room:str}/invitations", summary="Make an invitation", status_code=201)
    async def invite(
        self, caller: AsCaller, room: FromPath[str], data: JSONBody[Inviting]
    ) -> Answer[Invitation]:
        """`room.invite`."""
        content = RoomInvite(room=room, role=data.role, uses=data.uses, seconds=data.seconds)
        return ok(await caller.ask_as_member("room.invite", content), status=201)

    @get("/{room:str}/invitations", summary="Invitations that can be used")
    async def invitations(self, caller: AsCaller, room: FromPath[str]) -> Answer[list[Invitation]]:
        """`room.invitations`."""
        return ok(await caller.ask_as_member("room.invitations", RoomInvitations(room=room)))

    @delete("/{room:str}/invitations/{code:str}", summary="Take an invitation back", status_code=200)
    async def revoke(self, caller: AsCaller, room: FromPath[str], code: FromPath[str]) -> Answer[None]:
        """`room.revoke`."""
        return ok(await caller.ask_as_member("room.revoke", RoomRevoke(room=room, code=code)))

    # Talking

    @post("/{room:str}/messages", summary="Say something", status_code=202)
    async def say(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        room: FromPath[str],
        data: JSONBody[ChatSend],
        wait: Wait = False,
    ) -> Asked:
        """`chat.send`; with `wait`, a message that has to wait for the turn is answered with `held`."""
        content = msgspec.structs.replace(data, room=room, tavern=None)
        return await submit(caller.member(), request, "chat.send", content, wait=wait)

    @post("/{room:str}/release", summary="Let what was collected go as one turn", status_code=202)
    async def release(
        self, *, caller: AsCaller, request: HttpRequest, room: FromPath[str], wait: Wait = False
    ) -> Asked:
        """`room.release`."""
        return await submit(caller.member(), request, "room.release", RoomRelease(room=room), wait=wait)

    @put("/{room:str}/typing", summary="Show that somebody types, or that a program works")
    async def typing(self, caller: AsCaller, room: FromPath[str], data: JSONBody[Typing]) -> Answer[None]:
        """`room.typing.set`."""
        content = RoomTypingSet(room=room, state=data.state)
        return ok(await caller.ask_as_member("room.typing.set", content))

    @get("/{room:str}/context", summary="The texts that go with the room's generations")
    async def context(self, caller: AsCaller, room: FromPath[str]) -> Answer[list[RoomContext]]:
        """`room.context.get`."""
        return ok(await caller.ask_as_member("room.context.get", RoomContextGet(room=room)))

    @put("/{room:str}/context", summary="Set one of them; an empty text takes it away")
    async def set_context(
        self, caller: AsCaller, room: FromPath[str], data: JSONBody[ContextText]
    ) -> Answer[list[RoomContext]]:
        """`room.context.set`."""
        content = RoomContextSet(room=room, text=data.text, name=data.name, depth=data.depth, role=data.role)
        return ok(await caller.ask_as_member("room.context.set", content))

    @get(
        "/{room:str}/events",
        summary="What happens in it, as server-sent events, until the client goes",
        media_type="text/event-stream",
        responses={
            200: ResponseSpec(
                str,
                description="`event:` is the message's type, `data:` its content.",
                media_type="text/event-stream",
                generate_examples=False,
            )
        },
    )
    async def listen(
        self, caller: AsCaller, room: FromPath[str], types: Annotated[str, _Types] = _EVENTS
    ) -> ASGIApp:
        """`subscribe` with `room`; members only."""
        globs = [glob.strip() for glob in types.split(",") if glob.strip()]
        return answer_by(partial(follow, caller.member(), Subscribe(types=globs, room=room)))
