"""What an app hears of one tab's streams, put together stream by stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tavernlink.protocol.streams import Channel, StreamDelta, StreamEnd, StreamStart
from tavernlink.sdk import Hub
from tavernlink.sdk.subscription import Subscription
from tavernlink.tab import Tab
from tests.e2e.patience import PATIENCE

__all__ = ["Ear", "Overheard", "overhear", "tavern_of"]


async def tavern_of(tab: Tab) -> str:
    """Return the id under which this tab is a tavern."""
    return str(await tab.evaluate("() => globalThis.tavernlink.id"))


@dataclass
class Overheard:
    """One stream from its start to its end."""

    start: StreamStart
    deltas: list[StreamDelta] = field(default_factory=list)
    end: StreamEnd | None = None

    @property
    def ended(self) -> StreamEnd:
        assert self.end is not None, f"stream {self.start.stream_id} has no end"
        return self.end

    def text(self, channel: Channel = "text") -> str:
        """Return what a reader of the deltas ends up with."""
        text = ""
        for delta in self.deltas:
            if delta.channel == channel:
                text = delta.text if delta.replace else text + delta.text
        return text

    def assert_in_order(self) -> None:
        """Every delta arrived, once and in order."""
        assert [delta.seq for delta in self.deltas] == list(range(1, len(self.deltas) + 1))
        assert self.ended.seq == len(self.deltas)

    def assert_in_order_with_gaps(self) -> None:
        """As above, but deltas may have been merged where the line was down: numbers only grow."""
        numbers = [delta.seq for delta in self.deltas]
        assert numbers == sorted(set(numbers))
        assert self.ended.seq == numbers[-1]


class Ear:
    """Collects streams from an open subscription."""

    def __init__(self, events: Subscription) -> None:
        self._events = events
        self.streams: dict[str, Overheard] = {}

    async def next_end(self, seconds: float = PATIENCE) -> Overheard:
        """Return the next stream that ends."""
        async with asyncio.timeout(seconds):
            async for event in self._events:
                if isinstance(event, StreamStart):
                    self.streams[event.stream_id] = Overheard(event)
                elif isinstance(event, StreamDelta):
                    self.streams[event.stream_id].deltas.append(event)
                elif isinstance(event, StreamEnd):
                    stream = self.streams[event.stream_id]
                    assert stream.end is None, "a stream ended twice"
                    stream.end = event
                    return stream
        raise AssertionError("the subscription ended")

    async def next_delta(self, seconds: float = PATIENCE) -> StreamDelta:
        """Return the next delta of any stream."""
        async with asyncio.timeout(seconds):
            async for event in self._events:
                if isinstance(event, StreamStart):
                    self.streams[event.stream_id] = Overheard(event)
                elif isinstance(event, StreamDelta):
                    self.streams[event.stream_id].deltas.append(event)
                    return event
        raise AssertionError("the subscription ended")


@contextlib.asynccontextmanager
async def overhear(app: Hub, tab: Tab) -> AsyncIterator[Ear]:
    """Listen to every stream of this tab while inside."""
    async with app.subscribe("stream.*", tavern=await tavern_of(tab)) as events:
        yield Ear(events)
