"""A Matrix bot: in a room of two it answers everything, in a larger one whoever names it.

pip install matrix-nio
MATRIX_SERVER=https://matrix.example MATRIX_USER=@bot:matrix.example MATRIX_PASSWORD=… \
    CHARACTER=Seraphina python examples/matrix_bot.py

Each room is a session: a SillyTavern chat of its own. Invite the bot; it joins. Rooms with encryption need
`pip install "matrix-nio[e2e]"` and a `store_path`, see matrix-nio's documentation.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

from nio import AsyncClient, InviteMemberEvent, LoginError, MatrixRoom, RoomMessageText

import tavernlink
from tavernlink.sdk import Hub

CHARACTER = os.environ.get("CHARACTER", "Seraphina")


class Bot:
    """What Matrix says comes here."""

    def __init__(self, client: AsyncClient, hub: Hub) -> None:
        self.client = client
        self.hub = hub
        self.work: set[asyncio.Task[None]] = set()

    async def on_invite(self, room: MatrixRoom, event: InviteMemberEvent) -> None:
        """Go where the bot is invited."""
        if event.state_key == self.client.user_id and event.membership == "invite":
            await self.client.join(room.room_id)

    async def on_message(self, room: MatrixRoom, event: RoomMessageText) -> None:
        """Begin to answer what is meant for the bot."""
        name = room.user_name(self.client.user_id) or self.client.user_id
        asked = room.member_count <= 2 or self.client.user_id in event.body or name in event.body
        if event.sender != self.client.user_id and asked:
            task = asyncio.create_task(self.answer(room, event))  # other rooms need not wait for this reply
            self.work.add(task)
            task.add_done_callback(self.work.discard)

    async def answer(self, room: MatrixRoom, event: RoomMessageText) -> None:
        """Send the character's reply, or why there is none."""
        await self.client.room_typing(room.room_id, typing_state=True, timeout=60_000)
        try:
            reply = await self.hub.tavern("any").send(
                event.body,
                session=f"matrix-{room.room_id}",
                character=CHARACTER,
                as_=room.user_name(event.sender) or event.sender,
                request_id=f"matrix-{event.event_id}",  # delivered twice, answered once
            )
            said = reply.text
        except tavernlink.TavernlinkError as error:
            said = f"({error.message})"
        await self.client.room_typing(room.room_id, typing_state=False)
        await self.client.room_send(room.room_id, "m.room.message", {"msgtype": "m.notice", "body": said})


async def main() -> None:
    client = AsyncClient(os.environ["MATRIX_SERVER"], os.environ["MATRIX_USER"])
    try:
        async with tavernlink.connect(name="Matrix", connect_timeout=None) as hub:
            entered = await client.login(os.environ["MATRIX_PASSWORD"], device_name="Tavernlink")
            if isinstance(entered, LoginError):
                sys.exit(f"Matrix does not let the bot in: {entered.message}")
            bot = Bot(client, hub)
            client.add_event_callback(bot.on_invite, InviteMemberEvent)
            await client.sync(timeout=3000)  # what was said before the bot came is not answered
            client.add_event_callback(bot.on_message, RoomMessageText)
            print(f"Listening as {client.user_id}.", flush=True)
            await client.sync_forever(timeout=30_000)
    finally:
        await client.close()


try:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
