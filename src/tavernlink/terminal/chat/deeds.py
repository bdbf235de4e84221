"""What a person does with the open chat: each deed by its name, the same for keys and slash words.

A deed asks the hub and returns when it is done; errors are the caller's to tell. It draws nothing itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tavernlink.protocol.chat import ChatMessage
from tavernlink.sdk import Reply, Tavern
from tavernlink.terminal.picker import Choice, Picker
from tavernlink.terminal.sure import Sure

if TYPE_CHECKING:
    from tavernlink.terminal.chat.app import ChatApp

__all__ = ["Deeds"]

_CHATS = 300


class Deeds:
    """All of them, for one screen. `word` is what stands behind a slash word."""

    def __init__(self, face: ChatApp) -> None:
        self._face = face
        self._words = face.words
        self.reply: Reply | None = None
        """The generation that was asked for here and is not over."""
        self.speaks_as: str | None = None
        self.all: dict[str, Callable[[str], Awaitable[None]]] = {
            "regenerate": lambda _: self._generate("regenerate"),
            "continue": lambda _: self._generate("continue"),
            "swipe": lambda _: self._generate("swipe"),
            "next": self._next,
            "previous": self._previous,
            "stop": self._stop,
            "impersonate": self._impersonate,
            "edit": self._edit,
            "delete": self._delete,
            "character": self._character,
            "chat": self._chat,
            "tavern": self._tavern,
            "new": self._new,
            "as": self._as,
            "thoughts": self._thoughts,
            "theme": self._theme,
            "help": self._help,
            "quit": self._quit,
        }

    @property
    def position(self) -> int:
        """Requests before it; 0: it does not wait."""
        waits = self.reply is not None and self.reply.state == "queued"
        return (self.reply.position or 0) if waits and self.reply is not None else 0

    @property
    def _handle(self) -> Tavern:
        return self._face.hub.tavern(self._face.tavern_id)

    # ── Generating ───────────────────────────────────────────────────────────────────────────────────────
    async def send(self, text: str) -> None:
        """Send a message and follow its reply."""
        await self._follow(self._handle.send(text, as_=self.speaks_as))

    async def _generate(self, mode: str) -> None:
        await self._follow(self._handle.generate(mode))  # type: ignore[arg-type]  # names of `all`

    async def _follow(self, reply: Reply) -> None:
        self.reply = reply
        try:
            async for _ in reply.events():
                self._face.draw_notice()
            await reply
        finally:
            if self.reply is reply:
                self.reply = None
            self._face.end_stream(reply.stream_id)
            self._face.draw_notice()

    async def _stop(self, _: str) -> None:
        if self.reply is not None:
            await self.reply.cancel()
        elif not await self._handle.stop():
            self._face.tell(self._words("chat.nothingToStop"))

    async def _impersonate(self, _: str) -> None:
        result = await self._handle.generate("impersonate")
        self._face.composer.replace_text(result.text)

    # ── Alternatives ─────────────────────────────────────────────────────────────────────────────────────
    async def _next(self, _: str) -> None:
        index, message = self._message()
        if (message.swipe or 0) + 1 < (message.swipes or 1):
            await self._handle.swipes.next(index=index)
        elif index == self._face.end - 1 and message.role == "assistant":
            await self._generate("swipe")
        else:
            self._face.tell(self._words("chat.noAlternative"))

    async def _previous(self, _: str) -> None:
        index, message = self._message()
        if (message.swipe or 0) > 0:
            await self._handle.swipes.previous(index=index)
        else:
            self._face.tell(self._words("chat.firstAlternative"))

    # ── Changing messages ────────────────────────────────────────────────────────────────────────────────
    async def _edit(self, _: str) -> None:
        index, message = self._message()
        self._face.edit(index, message)

    async def save(self, index: int, before: ChatMessage, text: str) -> bool:
        """Change a message's text, if it is still what was there when one began; returns whether it was."""
        if self._face.message_at(index) is not before:
            now = self._face.message_at(index)
            if now is None or now.text != before.text:
                self._face.tell(self._words("chat.changedMeanwhile"), bad=True)
                return False
        await self._handle.edit(index, text, revision=self._face.revision)
        return True

    async def _delete(self, _: str) -> None:
        index, message = self._message()
        start = " ".join(message.text.split())[:60]
        question = self._words("chat.deleteAsk", index=index, name=message.name, text=start)
        if await self._face.ask(Sure(question, self._words)):
            await self._handle.delete(index, revision=self._face.revision)

    def _message(self) -> tuple[int, ChatMessage]:
        index = self._face.history.selected
        message = None if index is None else self._face.message_at(index)
        if index is None or message is None:
            self._face.tell(self._words("chat.noMessage"))
            raise asyncio.CancelledError
        return index, message

    # ── Going elsewhere ──────────────────────────────────────────────────────────────────────────────────
    async def _character(self, word: str) -> None:
        listed = await self._handle.characters()
        info = self._face.tavern_info
        current = info.character_id if info else None
        choices = [
            Choice(
                each.id,
                each.name,
                self._words("chat.group") if each.kind == "group" else "",
                current=each.id == current,
            )
            for each in listed
        ]
        kinds = {each.id: each.kind for each in listed}
        if picked := await self._pick("pick.character", choices, word):
            group = kinds[picked] == "group"
            await self._handle.chats.open(
                character=None if group else picked, group=picked if group else None
            )

    async def _chat(self, word: str) -> None:
        found = await self._handle.chats.list(limit=_CHATS)
        choices = [
            Choice(
                each.chat_id,
                each.chat_id,
                f"{self._words('chat.messages', count=each.messages)}  {' '.join(each.last_message.split())[:60]}",
                current=each.open,
            )
            for each in found.chats
        ]
        if picked := await self._pick("pick.chat", choices, word):
            await self._handle.chats.open(chat_id=picked)

    async def _tavern(self, word: str) -> None:
        choices = [
            Choice(
                each.tavern_id,
                each.name,
                each.character or ("" if each.online else self._words("tavern.away")),
                current=each.tavern_id == self._face.tavern_id,
            )
            for each in await self._face.hub.taverns()
        ]
        if picked := await self._pick("pick.tavern", choices, word):
            self._face.go_to_tavern(picked)

    async def _pick(self, title: str, choices: list[Choice], word: str) -> str | None:
        named = [
            each for each in choices if word and word.casefold() in (each.name.casefold(), each.id.casefold())
        ]
        if len(named) == 1:
            return named[0].id
        return await self._face.ask(Picker(self._words(title), choices, self._words, typed=word))

    async def _new(self, _: str) -> None:
        await self._handle.chats.new()

    # ── The screen ───────────────────────────────────────────────────────────────────────────────────────
    async def _as(self, word: str) -> None:
        self.speaks_as = word or None
        self._face.tell(self._words("chat.speaksAs", name=word) if word else self._words("chat.speaksAsSelf"))
        self._face.draw_notice()

    async def _thoughts(self, _: str) -> None:
        self._face.history.action_toggle_thoughts()

    async def _theme(self, _: str) -> None:
        self._face.action_toggle_shade()

    async def _help(self, _: str) -> None:
        self._face.action_help()

    async def _quit(self, _: str) -> None:
        await self._face.action_quit()
