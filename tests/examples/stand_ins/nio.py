"""As much of matrix-nio as the example uses: events come from standard input, what is sent goes to standard output."""

from __future__ import annotations

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any


class InviteMemberEvent(SimpleNamespace): ...


class LoginError(SimpleNamespace): ...


class RoomMessageText(SimpleNamespace): ...


class MatrixRoom(SimpleNamespace):
    def user_name(self, user_id: str) -> str:
        return user_id.partition(":")[0].removeprefix("@").capitalize()


class AsyncClient:
    def __init__(self, homeserver: str, user: str) -> None:
        self.user_id = user
        self._callbacks: dict[type, Any] = {}

    async def login(self, password: str, *, device_name: str) -> object:
        return LoginError(message="Forbidden") if password == "wrong" else object()

    def add_event_callback(self, callback: Any, kind: type) -> None:
        self._callbacks[kind] = callback

    async def sync(self, *, timeout: int) -> None:
        assert RoomMessageText not in self._callbacks

    async def sync_forever(self, *, timeout: int) -> None:
        while line := await asyncio.to_thread(sys.stdin.readline):
            said = json.loads(line)
            room = MatrixRoom(room_id=said["room"], member_count=said.get("members", 2))
            event: Any
            if "invited" in said:
                event = InviteMemberEvent(state_key=said["invited"], membership="invite")
            else:
                event = RoomMessageText(sender=said["sender"], body=said["text"], event_id=said["id"])
            await self._callbacks[type(event)](room, event)

    async def join(self, room_id: str) -> None:
        print(json.dumps({"joined": room_id}), flush=True)

    async def room_typing(self, room_id: str, *, typing_state: bool, timeout: int = 30_000) -> None: ...

    async def room_send(self, room_id: str, message_type: str, content: dict[str, Any]) -> None:
        assert message_type == "m.room.message"
        print(json.dumps({"room": room_id, "text": content["body"]}), flush=True)

    async def close(self) -> None: ...
