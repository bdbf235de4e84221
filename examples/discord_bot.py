"""A Discord bot: whoever mentions it, or writes to it alone, is answered by a character.

pip install discord.py
DISCORD_TOKEN=… CHARACTER=Seraphina python examples/discord_bot.py

Each channel is a session: a SillyTavern chat of its own. Whoever writes speaks there under their own name.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys

import discord

import tavernlink
from tavernlink.sdk import Hub

LONGEST = 2000
CHARACTER = os.environ.get("CHARACTER", "Seraphina")


class Bot(discord.Client):
    """What Discord says comes here."""

    def __init__(self, hub: Hub) -> None:
        intents = discord.Intents.default()
        intents.message_content = True  # switch it on for the bot in Discord's developer portal, too
        super().__init__(intents=intents, allowed_mentions=discord.AllowedMentions.none())
        self.hub = hub

    async def on_ready(self) -> None:
        """Discord let the bot in."""
        print(f"Listening as {self.user}.", flush=True)

    async def on_message(self, message: discord.Message) -> None:
        """Answer what is meant for the bot."""
        alone = message.guild is None
        if message.author.bot or not (alone or self.user in message.mentions):
            return
        text = re.sub(rf"<@!?{self.user.id}>", "", message.content).strip()
        if not text:
            return
        async with message.channel.typing():
            said = await self.ask(text, message)
        for start in range(0, len(said), LONGEST):
            await message.reply(said[start : start + LONGEST])

    async def ask(self, text: str, message: discord.Message) -> str:
        """Return the character's reply, or why there is none."""
        try:
            reply = await self.hub.tavern("any").send(
                text,
                session=f"discord-{message.channel.id}",
                character=CHARACTER,
                as_=message.author.display_name,
                request_id=f"discord-{message.id}",  # delivered twice, answered once
            )
        except tavernlink.TavernlinkError as error:
            return f"({error.message})"
        return reply.text


async def main() -> None:
    async with tavernlink.connect(name="Discord", connect_timeout=None) as hub, Bot(hub) as bot:
        await bot.start(os.environ["DISCORD_TOKEN"])


try:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
