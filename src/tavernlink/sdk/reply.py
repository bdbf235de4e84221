"""The reply of a generation: its text while it comes, and its result at the end.

reply = hub.tavern().send("hello")
async for delta in reply:              # str; print it as it comes
    print(delta, end="")
result = await reply                   # GenerationResult: the final text, the reason of the end, usage
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import msgspec

from tavernlink.errors import TavernlinkError
from tavernlink.protocol.message import Message
from tavernlink.protocol.requests import GenerationResult, RequestUpdate
from tavernlink.protocol.streams import Channel, StreamDelta, StreamEnd, StreamStart
from tavernlink.sdk.request import Asker, Request
from tavernlink.sdk.track import Track

__all__ = ["Delta", "Reply", "ReplyEvent"]

ReplyEvent = RequestUpdate | StreamStart | StreamDelta | StreamEnd
"""What `Reply.events` yields."""


class Delta(str):
    """New text of a reply: a `str` that also says where it belongs."""

    __slots__ = ("replaces",)

    replaces: bool
    """True: SillyTavern changed earlier text, and this is the whole text so far. Rare."""

    def __new__(cls, text: str, *, replaces: bool = False) -> Self:
        """Make one from its text."""
        delta = super().__new__(cls, text)
        delta.replaces = replaces
        return delta


class Reply(Request[GenerationResult]):
    """A generation on its way: `async for` gives its text in pieces, `await` its result. Both, in any order.

    Iterating starts at the first piece however late it begins, and ends or raises as `await` does. No piece is lost
    or given twice when the line drops. Pieces add up to `result.text`, except that SillyTavern trims (and may rewrite)
    a text at its end: what was merely trimmed is not told, what was rewritten comes as one more `Delta` with
    `replaces` set. A model that does not stream gives one piece.
    """

    def __init__(self, asker: Asker, type_: str, content: Message, request_id: str) -> None:
        self.stream_id: str | None = None
        """Id of the stream that is read at this moment."""
        self._log: list[ReplyEvent] = []
        self._more = asyncio.Event()
        self._tracks: dict[Channel, Track] = {}
        self._ended = False
        super().__init__(asker, type_, content, request_id, _convert)

    @property
    def text(self) -> str:
        """The text so far."""
        return self._track("text").text

    @property
    def reasoning(self) -> str:
        """The model's thoughts so far; empty where it gives none."""
        return self._track("reasoning").text

    async def __aiter__(self) -> AsyncIterator[Delta]:
        async for event in self.events():
            if isinstance(event, StreamDelta) and event.channel == "text":
                yield Delta(event.text, replaces=event.replace)

    async def events(self) -> AsyncIterator[ReplyEvent]:
        """Everything about this reply, from its beginning, as protocol messages in order.

        `StreamDelta`s of both channels (`text`, `reasoning`) come as `async for` gives them: none twice, and
        `replace` only where earlier text really changed. Raises as `await` does, at the end.
        """
        place = 0
        while True:
            while place < len(self._log):
                yield self._log[place]
                place += 1
            if self.finished:
                break
            self._more.clear()
            await self._more.wait()
        self._outcome.result()

    # ── What the hub tells ───────────────────────────────────────────────────────────────────────────────
    def receive_stream(self, event: StreamStart | StreamDelta | StreamEnd) -> None:
        """Take one event of the request's stream."""
        if self.finished:
            return
        if isinstance(event, StreamStart):
            if event.stream_id == self.stream_id:
                self._ended = (
                    False  # told again after the line dropped, or by a tab that goes on with a new session
                )
                return
            self.stream_id, self._tracks, self._ended = event.stream_id, {}, False
            self._append(event)
        elif isinstance(event, StreamDelta):
            shown = self._track(event.channel).receive(event.text, event.seq, replace=event.replace)
            self._show(event, shown)
        elif not self._ended:
            self._finish_tracks(event.text, event.reasoning, event.seq)
            self._append(event)

    def receive_update(self, update: RequestUpdate) -> None:
        """Take a new state; with the final one, what no stream has told is told."""
        if self.finished:
            return
        if update.state == "done" and not self._ended:
            try:
                result = _convert(update.result)
            except msgspec.ValidationError:
                pass  # Request says so
            else:
                self._finish_tracks(result.text, result.reasoning, 0)
        self._append(update)
        super().receive_update(update)
        self._more.set()

    def fail(self, error: TavernlinkError) -> None:
        """End it with `error`, unless it is over."""
        super().fail(error)
        self._more.set()

    def _finish_tracks(self, text: str, reasoning: str | None, seq: int) -> None:
        self._ended = True
        stream_id = self.stream_id or self.request_id
        finals: tuple[tuple[Channel, str | None], ...] = (("reasoning", reasoning), ("text", text))
        for channel, final in finals:
            if final is not None:
                delta = StreamDelta(stream_id=stream_id, seq=max(seq, 1), text="", channel=channel)
                self._show(delta, self._track(channel).finish(final))

    def _show(self, delta: StreamDelta, shown: tuple[str, bool] | None) -> None:
        if shown is not None:
            text, replaces = shown
            self._append(msgspec.structs.replace(delta, text=text, replace=replaces))

    def _append(self, event: ReplyEvent) -> None:
        self._log.append(event)
        self._more.set()

    def _track(self, channel: Channel) -> Track:
        return self._tracks.setdefault(channel, Track())


def _convert(result: Any) -> GenerationResult:
    return msgspec.convert(result, GenerationResult)
