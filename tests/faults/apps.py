"""The apps of the fault test: some ask without end and follow what they asked, one listens to every stream."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Any, TypeVar

from tavernlink.errors import NotFound, TavernlinkError
from tavernlink.protocol.message import Message
from tavernlink.protocol.requests import Accepted, RequestUpdate
from tavernlink.protocol.session import Resync
from tavernlink.protocol.streams import StreamDelta, StreamEnd, StreamStart
from tavernlink.sdk import Hub
from tavernlink.sdk.calls import Repeat
from tavernlink.sdk.reply import Reply
from tavernlink.sdk.request import Request
from tests.faults.ledger import Asked, Kind, Report

__all__ = ["Asker", "Listener"]

_FINAL = frozenset({"done", "failed", "cancelled"})
_PATIENCE = 90.0  # seconds for one request, restarts of everything included

_KINDS: tuple[Kind, ...] = ("post", "post", "send", "detached")

_T = TypeVar("_T")


class _Witness(Hub):
    """The SDK's own handle, which also writes down what the hub says."""

    def __init__(self, url: str, key: str, name: str, asked: dict[str, Asked]) -> None:
        super().__init__(url, key, name=name, id=name, connect_timeout=None)
        self._asked = asked

    async def ask(
        self,
        type_: str,
        content: Message | dict[str, Any],
        result: type[_T],
        *,
        timeout: float | None = 30.0,  # noqa: ASYNC109 (the SDK's own signature)
        repeat: Repeat = Repeat.ALWAYS,
    ) -> _T:
        answer = await super().ask(type_, content, result, timeout=timeout, repeat=repeat)
        if isinstance(answer, Accepted) and answer.request_id in self._asked:
            self._asked[answer.request_id].accepted = True
        return answer

    def receive_event(self, content: Message) -> None:
        if isinstance(content, RequestUpdate) and content.state in _FINAL:
            asked = self._asked.get(content.request_id)
            if asked is not None:
                asked.told.add(content.state)
        super().receive_event(content)


class Asker:
    """Asks one thing after the other. `die` is what becomes of a program that is killed; it comes back as itself."""

    def __init__(self, name: str, url: str, key: str, chance: random.Random, report: Report) -> None:
        self.name = name
        self.asked: dict[str, Asked] = {}
        self._url = url
        self._key = key
        self._chance = chance
        self._report = report
        self._hub = self._handle()
        self._number = 0

    async def run(self, stopping: Callable[[], bool]) -> None:
        """Ask until it is time to stop."""
        await self._hub.open()
        while not stopping():
            await self._ask()
            await asyncio.sleep(self._chance.uniform(0, 0.2))
        await self._hub.close()

    async def die(self) -> None:
        """End every connection and forget what is under way; a new life with the same id follows."""
        old, self._hub = self._hub, self._handle()
        await old.close()
        await self._hub.open()

    async def settle(self, hub: Hub, asked: Asked) -> None:
        """Learn what became of one request in the end."""
        with contextlib.suppress(NotFound):
            async with asyncio.timeout(_PATIENCE):
                while True:
                    update: RequestUpdate = await hub.call("request.get", {"request_id": asked.request_id})
                    if update.state in _FINAL:
                        asked.state = update.state
                        asked.code = update.error.code if update.error else None
                        return
                    await asyncio.sleep(0.2)

    async def _ask(self) -> None:
        self._number += 1
        kind: Kind = self._chance.choice(_KINDS) if self._number > 1 else "send"
        asked = Asked(
            f"{self.name}-{self._number}", f"mark-{self.name}-{self._number}-{self._chance.random()}", kind
        )
        self.asked[asked.request_id] = asked
        with contextlib.suppress(TavernlinkError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._follow(asked, self._start(asked))

    def _start(self, asked: Asked) -> Request[Any]:
        tavern = self._hub.tavern("faults")
        text = f"Tell me. {asked.mark} [tokens={self._chance.randint(5, 300)}] [speed=150]"
        if asked.kind == "post":
            return tavern.post(text, request_id=asked.request_id)
        if asked.kind == "send":
            return tavern.send(text, request_id=asked.request_id)
        messages = [{"role": "user", "content": text}]
        return tavern.generate("detached", messages=messages, request_id=asked.request_id)

    async def _follow(self, asked: Asked, request: Request[Any]) -> None:
        if not isinstance(request, Reply):
            await request
            return
        pieces: list[str] = []
        async for piece in request:
            if piece.replaces:
                pieces.clear()
            pieces.append(piece)
        result = await request
        if "".join(pieces).strip() != result.text.strip():
            self._report.inconsistent.append(f"{asked.request_id}: its pieces are not its text")

    def _handle(self) -> _Witness:
        return _Witness(self._url, self._key, self.name, self.asked)


class Listener:
    """Hears every visible stream of the tavern, and that each adds up."""

    def __init__(self, url: str, key: str, report: Report) -> None:
        self._hub = Hub(url, key, name="listener", id="listener", connect_timeout=None)
        self._report = report
        self._open: dict[str, tuple[list[str], int]] = {}

    async def run(self) -> None:
        """Listen until cancelled."""
        async with self._hub, self._hub.subscribe("stream.*") as events:
            async for event in events:
                self._receive(event)

    def _receive(self, event: Message) -> None:
        match event:
            case Resync():
                self._report.streams_cut += len(self._open)
                self._open.clear()
            case StreamStart(stream_id=id_):
                self._report.streams += id_ not in self._open
                self._open[id_] = ([], -1)
            case StreamDelta(stream_id=id_, channel="text") if id_ in self._open:
                pieces, seq = self._open[id_]
                if event.seq <= seq:
                    self._report.inconsistent.append(f"stream {id_}: delta {event.seq} came after {seq}")
                kept = [] if event.replace else pieces
                kept.append(event.text)
                self._open[id_] = (kept, event.seq)
            case StreamEnd(stream_id=id_) if id_ in self._open:
                pieces, _ = self._open.pop(id_)
                if "".join(pieces).strip() != event.text.strip():
                    self._report.inconsistent.append(f"stream {id_}: its deltas are not its text")
