"""As much of discord.py as the example uses: messages come from standard input, what is sent is printed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, Self


class Intents(SimpleNamespace):
    @classmethod
    def default(cls) -> Intents:
        return cls(message_content=False)


class AllowedMentions(SimpleNamespace):
    @classmethod
    def none(cls) -> AllowedMentions:
        return cls(everyone=False)


class Channel(SimpleNamespace):
    @contextlib.asynccontextmanager
    async def typing(self) -> AsyncIterator[None]:
        yield


class Message(SimpleNamespace):
    async def reply(self, content: str) -> None:
        assert 0 < len(content) <= 2000
        print(json.dumps({"channel": self.channel.id, "text": content}), flush=True)


class Client:
    def __init__(self, *, intents: Intents, allowed_mentions: AllowedMentions) -> None:
        assert intents.message_content
        assert not allowed_mentions.everyone
        self.user = SimpleNamespace(id=1, display_name="Bot")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def start(self, token: str) -> None:
        assert token == "token"
        await self.on_ready()  # type: ignore[attr-defined] # the bot has it
        while line := await asyncio.to_thread(sys.stdin.readline):
            said: dict[str, Any] = json.loads(line)
            await self.on_message(  # type: ignore[attr-defined] # the bot has it
                Message(
                    id=said["id"],
                    content=said["text"],
                    author=SimpleNamespace(bot=said.get("bot", False), display_name=said["name"]),
                    guild=None if said.get("alone") else object(),
                    mentions=[self.user] if "<@1>" in said["text"] else [],
                    channel=Channel(id=said["channel"]),
                )
            )
