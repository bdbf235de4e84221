"""A session: one peer's ordered events, kept over lost connections.

Both sides count the events they received, so a frame carries no number and the same bytes go to everyone. `buffer`
holds references to events from number `base` on: those sent but not confirmed, then those not sent yet.

        base             sent                total
          │   sent, maybe lost │   not sent yet   │
          └────────────────────┴─── waiting ──────┘

Overflow, written down: of what was sent, the oldest is forgotten (a resume from before it is refused: `resync`). What
is not sent waits; past `soft` events, text deltas of one stream are merged; past `hard` events or bytes a slow reader
is disconnected (`slow_consumer`) and a peer that is away loses its backlog (`resync`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeGuard

import msgspec

from tavernlink.core.seams import Link
from tavernlink.protocol.event import Event
from tavernlink.protocol.message import Message
from tavernlink.protocol.streams import StreamDelta

__all__ = ["LINES", "Bounds", "Lines", "Session"]

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


class Lines:
    """How often the line of any session came, went, filled up or ran free."""

    __slots__ = ("changes",)

    def __init__(self) -> None:
        self.changes = 0


LINES = Lines()
"""One for the process: whoever keeps what follows from the lines compares the number, and one change too many to look
at costs a microsecond."""


class Session:
    """The outbox and the counters of one peer."""

    __slots__ = (
        "_blocked",
        "_link",
        "_merge_from",
        "base",
        "bounds",
        "buffer",
        "confirmed",
        "expires",
        "id",
        "kept",
        "kept_bytes",
        "lost",
        "received",
        "size",
        "waiting",
    )

    def __init__(self, id_: str, bounds: Bounds) -> None:
        self.id = id_
        self.bounds = bounds
        self.kept = bounds.kept  # read with every event
        self.kept_bytes = bounds.kept_bytes
        self._merge_from = 0
        self._link: Link | None = None
        self._blocked = False
        self.buffer: deque[Event] = deque()
        self.size = 0
        """Bytes in the buffer."""
        self.base = 0
        self.waiting = 0
        """Events that are not sent yet."""
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

    @property
    def sent(self) -> int:
        """How many of those were sent, the last time they were."""
        return self.base + len(self.buffer) - self.waiting

    @property
    def link(self) -> Link | None:
        """The line, while there is one."""
        return self._link

    @link.setter
    def link(self, link: Link | None) -> None:
        self._link = link
        LINES.changes += 1

    @property
    def blocked(self) -> bool:
        """The line's write buffer is full."""
        return self._blocked

    @blocked.setter
    def blocked(self, blocked: bool) -> None:
        self._blocked = blocked
        LINES.changes += 1

    def deliver(self, event: Event) -> None:
        """Send a counted event, now or when the peer can take it."""
        buffer = self.buffer
        buffer.append(event)
        self.size += event.size
        link = self._link
        if link is None or self._blocked:
            self.waiting += 1
            self._hold()
            return
        link.send(event)
        if len(buffer) > self.kept or self.size > self.kept_bytes:
            self.forget()

    @staticmethod
    def keep(sessions: Iterable[Session], event: Event) -> None:
        """Keep a counted event that somebody else sends, on lines that are there and not blocked."""
        size = event.size
        for session in sessions:
            buffer = session.buffer
            buffer.append(event)
            session.size += size
            if len(buffer) > session.kept or session.size > session.kept_bytes:
                session.forget()

    def notify(self, event: Event) -> None:
        """Send an uncounted event to a peer that is there; else it is dropped."""
        if self.link is not None:
            self.link.send(event)

    def confirm(self, count: int) -> None:
        """The peer has the first `count` events: forget them. A count that cannot be is ignored."""
        if self.base < count <= self.sent:
            buffer, known = self.buffer, count - self.base
            if 2 * known > len(buffer):  # as a rule: what is left is little
                kept = list(islice(buffer, known, None))
                buffer.clear()
                buffer.extend(kept)
                self.size = sum([event.size for event in kept])
            else:
                self.size -= sum([buffer.popleft().size for _ in range(known)])
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
        self.waiting = self.total - count

    def detach(self, expires: float) -> None:
        """The line is gone."""
        self.link = None
        self.blocked = False
        self.expires = expires

    def flush(self) -> None:
        """Send what waits, as far as the line takes it."""
        for event in islice(self.buffer, len(self.buffer) - self.waiting, None):
            if self._link is None or self._blocked:
                return
            self.waiting -= 1
            self._link.send(event)
        self._merge_from = 0
        if len(self.buffer) > self.kept:
            self.forget()

    def forget(self) -> None:
        """Drop the oldest of what was sent, as far as there is too much."""
        while len(self.buffer) > self.waiting and (
            len(self.buffer) > self.kept or self.size > self.kept_bytes
        ):
            self.size -= self.buffer.popleft().size
            self.base += 1

    def _hold(self) -> None:
        if self.lost:
            self._give_up()
            return
        if self.waiting > self.bounds.soft and self.waiting > self._merge_from:
            self._merge()
            # From a quarter more on, so that each delta is merged a few times at most.
            self._merge_from = self.waiting + self.waiting // 4
        if self.waiting > self.bounds.hard or self.size > self.bounds.hard_bytes + self.bounds.kept_bytes:
            if self.link is not None:
                self.link.close(
                    "slow_consumer", "The connection read too slowly: its backlog is over the limit."
                )
            self.lost = True
            self._give_up()

    def _give_up(self) -> None:
        self.base += len(self.buffer)
        self.buffer.clear()
        self.waiting = 0
        self.size = 0

    def _merge(self) -> None:
        """Join neighbours among the unsent deltas."""
        buffer = self.buffer
        tail = [buffer.pop() for _ in range(self.waiting)][::-1]
        merged = list(_joined(tail))
        buffer.extend(merged)
        self.size += sum(event.size for event in merged) - sum(event.size for event in tail)
        self.waiting = len(merged)


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
