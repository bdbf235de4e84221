"""A live copy of a tavern's open chat.

    async with hub.tavern().mirror() as mirror:
        print(len(mirror.messages), mirror.chat_id)
        async for change in mirror:          # ChatChanged, already applied
            print(mirror.messages[-1].text)

A long chat is fetched backwards in pages while changes go on: each page names its revision, and every change up to
it is applied before the page is put in its place. A program that shows only the end of it opens `mirror(last=60)`, and
asks for more with `load_earlier`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from tavernlink.errors import Unavailable
from tavernlink.protocol.chat import ChatChanged, ChatGet, ChatMessage, ChatOp, ChatView
from tavernlink.protocol.session import Resync
from tavernlink.sdk.subscription import Subscription

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Mirror"]

_PAGE = 200
_TRIES = 10
_CATCH_UP_SECONDS = 30.0


class Mirror:
    """The open chat as a list that keeps itself up to date while it is iterated over, or at `update`."""

    def __init__(self, hub: Hub, tavern: str | None, *, last: int | None = None) -> None:
        self._hub = hub
        self._asked = tavern
        self._last = last
        self._events: Subscription | None = None
        self._start = 0
        self._loads = 0
        self.tavern: str | None = None
        """The tavern's id."""
        self.chat_id: str | None = None
        """None: no chat is open."""
        self.revision = 0
        self.loading = False
        """SillyTavern is still handing over a long chat."""
        self.messages: list[ChatMessage] = []
        """The messages, oldest first; a place in the list and `start` together are the index in the chat."""

    @property
    def start(self) -> int:
        """Index in the chat of the first message that is here; 0 once everything is."""
        return self._start

    async def __aenter__(self) -> Self:
        view = await self._get(limit=1)
        self.tavern = view.tavern
        self._events = self._hub.subscribe("chat.changed", tavern=view.tavern)
        self._events.tavern_id = view.tavern
        await self._events.open()
        try:
            await self._load(self._events)
        except BaseException:
            await self._events.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._events is not None:
            await self._events.close()

    async def __aiter__(self) -> AsyncIterator[ChatChanged]:
        """Yield each change after it was applied. A chat that had to be fetched anew comes as one `reset`."""
        while True:
            change = await self.update()
            if change is None:
                return
            yield change

    async def update(self) -> ChatChanged | None:
        """Wait for the next change, apply and return it; None when the mirror was closed.

        Raises the connection's error when that is over.
        """
        if self._events is None:
            raise Unavailable("closed", "The mirror is not open. Use `async with tavern.mirror() as mirror`.")
        async for event in self._events:
            if isinstance(event, Resync):
                await self._load(self._events)
                ops = [ChatOp(op="reset")]
                ops += [
                    ChatOp(op="insert", index=i, message=m) for i, m in enumerate(self.messages, self._start)
                ]
                return self._changed(ops)
            if isinstance(event, ChatChanged) and self.apply(event):
                return event
        return None

    async def load_earlier(self, limit: int = _PAGE) -> int:
        """Fetch up to `limit` messages before those that are here; returns how many came, 0 at the beginning.

        Meanwhile something else has to iterate over the changes: a page is only right for the revision that it names.
        """
        for _ in range(_TRIES):
            before, loads = self._start, self._loads
            if before == 0:
                break
            page = await self._get(before=before, limit=limit)
            if page.revision == self.revision and (before, loads) == (self._start, self._loads):
                self._put_before(page)
                return len(page.messages)
        return 0

    def apply(self, change: ChatChanged) -> bool:
        """Apply one change; False when it is older than what is here.

        A lower revision that begins with `reset` is a tavern that came back new: its numbers begin anew.
        """
        begins_anew = bool(change.ops) and change.ops[0].op == "reset"
        if change.revision <= self.revision and not begins_anew:
            return False
        for op in change.ops:
            self._apply(op)
        self.chat_id, self.revision, self.loading = change.chat_id, change.revision, change.loading
        return True

    def _apply(self, op: ChatOp) -> None:
        if op.op == "reset":
            self.messages, self._start = [], 0
            return
        place = op.index - self._start
        if op.op == "insert" and op.message is not None:
            if place < 0:
                self._start += 1
            else:
                self.messages.insert(place, op.message)
        elif place < 0:
            self._start -= op.op == "remove"
        elif place < len(self.messages):
            if op.op == "remove":
                del self.messages[place]
            elif op.message is not None:
                self.messages[place] = op.message

    async def _load(self, events: Subscription) -> None:
        """Fetch the chat, the newest page first: all of it, or the end that was asked for and what is here by now."""
        whole = self._last is None
        self._take_newest(await self._get(limit=_PAGE if whole else max(self._last or 1, len(self.messages))))
        while whole and self._start > 0:
            before, loads = self._start, self._loads
            page = await self._get(before=before, limit=_PAGE)
            if not await self._catch_up(events, page.revision):
                self._take_newest(await self._get(limit=_PAGE))
            if (self._start, self._loads) != (before, loads):
                continue  # messages before this page came or went: ask again with the new index
            self._put_before(page)

    async def _catch_up(self, events: Subscription, revision: int) -> bool:
        """Apply every change up to a page's revision, and not more; False when that cannot be."""
        try:
            async with asyncio.timeout(_CATCH_UP_SECONDS):
                while self.revision < revision:
                    event = await anext(events)
                    if isinstance(event, Resync):
                        return False
                    if isinstance(event, ChatChanged):
                        self.apply(event)
        except (TimeoutError, StopAsyncIteration):
            return False
        return self.revision == revision

    def _put_before(self, page: ChatView) -> None:
        self.messages[:0] = _without_index(page.messages)
        self._start = self._start - len(page.messages) if page.messages else 0

    def _take_newest(self, view: ChatView) -> None:
        self.chat_id, self.revision, self.loading = view.chat_id, view.revision, view.loading
        self.messages = _without_index(view.messages)
        self._start = view.total - len(view.messages)
        self._loads += 1

    async def _get(self, *, limit: int, before: int | None = None) -> ChatView:
        content = ChatGet(tavern=self.tavern or self._asked, limit=limit, before=before)
        return await self._hub.ask("chat.get", content, ChatView)

    def _changed(self, ops: list[ChatOp]) -> ChatChanged:
        return ChatChanged(
            tavern=self.tavern or "",
            chat_id=self.chat_id,
            revision=self.revision,
            ops=ops,
            loading=self.loading,
        )


def _without_index(messages: list[ChatMessage]) -> list[ChatMessage]:
    """Drop the indices of a page: they would be wrong after the next change, the place in the list is not."""
    return [msgspec.structs.replace(message, index=None) for message in messages]
