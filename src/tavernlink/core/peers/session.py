"""A session: one peer's ordered events, kept over lost connections.

Both sides count the events they received, so a frame carries no number and the same bytes go to everyone. `buffer`
holds references to events from number `base` on: those sent but not confirmed, then those not sent yet.

        base            sent                 total
          │   sent, maybe lost │   not sent yet   │
          └────────────────────┴──────────────────┘

Overflow, written down: of what was sent, the oldest is forgotten (a resume from before it is refused: `resync`). What
is not sent waits; past `soft` events, text deltas of one stream are merged; past `hard` events or bytes a slow reader
is disconnected (`slow_consumer`) and a peer that is away loses its backlog (`resync`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TypeGuard

import msgspec

from tavernlink.core.seams import Link
from tavernlink.protocol.event import Event
from tavernlink.protocol.message import Message
from tavernlink.protocol.streams import StreamDelta

__all__ = ["Bounds", "Session"]

_MERGED_TEXT = 16_000  # characters of one merged delta


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much a session keeps."""

    kept: int = 2_000
    """Events that were sent and may have to be replayed."""
    kept_bytes: int = 4 << 20
    soft: int = 2_000
    """Unsent events from which on deltas are merged."""
    hard: int = 20_000
    """Unsent events at which the backlog is given up."""
    hard_bytes: int = 16 << 20


class Session:
    """The outbox and the counters of one peer."""

    __slots__ = (
        "_kept",
        "_kept_bytes",
        "_merge_from",
        "base",
        "blocked",
        "bounds",
        "buffer",
        "confirmed",
        "expires",
        "id",
        "link",
        "lost",
        "received",
        "sent",
        "size",
    )

    def __init__(self, id_: str, bounds: Bounds) -> None:
        self.id = id_
        self.bounds = bounds
        self._kept = bounds.kept  # read with every event
        self._kept_bytes = bounds.kept_bytes
        self._merge_from = 0
        self.link: Link | None = None
        self.blocked = False
        """The line's write buffer is full."""
        self.buffer: deque[Event] = deque()
        self.size = 0
        """Bytes in the buffer."""
        self.base = 0
        self.sent = 0
        self.received = 0
        """Counted events that came from the peer."""
        self.confirmed = 0
        """How many of those the peer was told of."""
        self.lost = False
        """The backlog was given up; this session cannot be resumed."""
        self.expires: float | None = None
        """When a session without a line ends; None while it has one."""

    @property
    def total(self) -> int:
        """Events delivered into this session so far."""
        return self.base + len(self.buffer)

    def deliver(self, event: Event) -> None:
        """Send a counted event, now or when the peer can take it."""
        buffer = self.buffer
        buffer.append(event)
        self.size += event.size
        link = self.link
        if link is None or self.blocked:
            self._hold()
            return
        self.sent += 1
        link.send(event)
        if len(buffer) > self._kept or self.size > self._kept_bytes:
            self._forget()

    def notify(self, event: Event) -> None:
        """Send an uncounted event to a peer that is there; else it is dropped."""
        if self.link is not None:
            self.link.send(event)

    def confirm(self, count: int) -> None:
        """The peer has the first `count` events: forget them. A count that cannot be is ignored."""
        if self.base < count <= self.sent:
            forget = self.buffer.popleft
            for _ in range(count - self.base):
                self.size -= forget().size
            self.base = count

    def can_resume(self, count: int) -> bool:
        """True if everything after the peer's first `count` events is still here."""
        return not self.lost and self.base <= count <= self.total

    def attach(self, link: Link, count: int) -> None:
        """Go on over a new line with a peer that has `count` events; `flush` sends the rest."""
        self.link = link
        self.blocked = False
        self.expires = None
        self.confirm(min(count, self.sent))
        self.sent = count

    def detach(self, expires: float) -> None:
        """The line is gone."""
        self.link = None
        self.blocked = False
        self.expires = expires

    def flush(self) -> None:
        """Send what waits, as far as the line takes it."""
        for event in islice(self.buffer, self.sent - self.base, None):
            if self.link is None or self.blocked:
                return
            self.sent += 1
            self.link.send(event)
        self._merge_from = 0
        if len(self.buffer) > self.bounds.kept:
            self._forget()

    def _forget(self) -> None:
        while self.base < self.sent and (
            len(self.buffer) > self.bounds.kept or self.size > self.bounds.kept_bytes
        ):
            self.size -= self.buffer.popleft().size
            self.base += 1

    def _hold(self) -> None:
        if self.lost:
            self._give_up()
            return
        waiting = self.total - self.sent
        if waiting > self.bounds.soft and waiting > self._merge_from:
            waiting = self._merge(waiting)
            self._merge_from = waiting + waiting // 4  # so that each delta is merged a few times at most
        if waiting > self.bounds.hard or self.size > self.bounds.hard_bytes + self.bounds.kept_bytes:
            if self.link is not None:
                self.link.close(
                    "slow_consumer", "The connection read too slowly: its backlog is over the limit."
                )
            self.lost = True
            self._give_up()

    def _give_up(self) -> None:
        self.base += len(self.buffer)
        self.sent = self.base
        self.buffer.clear()
        self.size = 0

    def _merge(self, waiting: int) -> int:
        """Join neighbours among the unsent deltas; return how many events wait now."""
        buffer = self.buffer
        tail = [buffer.pop() for _ in range(waiting)][::-1]
        merged = list(_joined(tail))
        buffer.extend(merged)
        self.size += sum(event.size for event in merged) - sum(event.size for event in tail)
        return len(merged)


def _joined(events: list[Event]) -> Iterator[Event]:
    """The same events, with deltas that add text to one channel of one stream made one."""
    run: list[StreamDelta] = []
    size = 0
    kept: Event | None = None
    for event in events:
        delta = event.content
        if run and size <= _MERGED_TEXT and _continues(delta, run[-1]):
            run.append(delta)
            size += len(delta.text)
            continue
        if kept is not None:
            yield _as_one(run) if len(run) > 1 else kept
        kept = event
        run = [delta] if type(delta) is StreamDelta else []
        size = len(delta.text) if type(delta) is StreamDelta else 0
    if kept is not None:
        yield _as_one(run) if len(run) > 1 else kept


def _continues(after: Message, before: StreamDelta) -> TypeGuard[StreamDelta]:
    return (
        type(after) is StreamDelta
        and after.stream_id == before.stream_id
        and after.channel == before.channel
        and not after.replace
    )


def _as_one(run: list[StreamDelta]) -> Event:
    text = "".join(delta.text for delta in run)
    return Event("stream.delta", msgspec.structs.replace(run[0], seq=run[-1].seq, text=text))
