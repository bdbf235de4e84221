"""Updates come from standard input, what is sent goes to standard output."""

from __future__ import annotations

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any, Self


class ContextTypes:
    DEFAULT_TYPE = SimpleNamespace


class _Filter:
    def __and__(self, other: _Filter) -> _Filter:
        return self

    def __invert__(self) -> _Filter:
        return self


filters = SimpleNamespace(TEXT=_Filter(), COMMAND=_Filter())


class CommandHandler(SimpleNamespace):
    def __init__(self, command: str, callback: Any) -> None:
        super().__init__(command=command, callback=callback)


class MessageHandler(SimpleNamespace):
    def __init__(self, wanted: _Filter, callback: Any) -> None:
        super().__init__(command=None, callback=callback)


class _Message(SimpleNamespace):
    async def reply_text(self, text: str) -> None:
        assert 0 < len(text) <= 4096
        print(json.dumps({"chat": self.chat, "text": text}), flush=True)


class _Chat(SimpleNamespace):
    async def send_action(self, action: str) -> None:
        assert action == "typing"


class Application:
    def __init__(self, builder: _Builder) -> None:
        self._builder = builder
        self._handlers: list[Any] = []
        self.bot_data: dict[str, Any] = {}

    @staticmethod
    def builder() -> _Builder:
        return _Builder()

    def add_handler(self, handler: Any) -> None:
        self._handlers.append(handler)

    def run_polling(self, *, allowed_updates: list[str]) -> None:
        assert allowed_updates == ["message"]
        asyncio.run(self._run())

    async def _run(self) -> None:
        try:
            await self._builder.opening(self)
            print(json.dumps({"listening": True}), flush=True)
            while line := await asyncio.to_thread(sys.stdin.readline):
                await self._receive(json.loads(line))
        finally:
            await self._builder.closing(self)

    async def _receive(self, said: dict[str, Any]) -> None:
        update = SimpleNamespace(
            effective_message=_Message(chat=said["chat"], message_id=said["id"], text=said["text"]),
            effective_chat=_Chat(id=said["chat"]),
            effective_user=SimpleNamespace(full_name=said["name"]),
        )
        command = said["text"][1:] if said["text"].startswith("/") else None
        handler = next(each for each in self._handlers if each.command == command)
        await handler.callback(update, SimpleNamespace(bot_data=self.bot_data))


class _Builder:
    opening: Any
    closing: Any

    def token(self, token: str) -> Self:
        assert token == "token"
        return self

    def concurrent_updates(self, concurrent_updates: bool) -> Self:
        return self

    def post_init(self, opening: Any) -> Self:
        self.opening = opening
        return self

    def post_shutdown(self, closing: Any) -> Self:
        self.closing = closing
        return self

    def build(self) -> Application:
        return Application(self)
