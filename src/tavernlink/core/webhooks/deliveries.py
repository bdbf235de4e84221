"""The deliveries of one webhook: what waits, what was delivered lately, and dead letters; in memory and on disk."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import msgspec

from tavernlink.core.limits import HubLimits
from tavernlink.core.webhooks.records import DeliveryRecord

if TYPE_CHECKING:
    from tavernlink.core.seams import Shelf

__all__ = ["Deliveries"]

_FULL = "Too many deliveries waited for this webhook."


class Deliveries:
    """Each is in exactly one of `waiting`, `delivered`, `dead`; each of those is ordered by number or by its end."""

    def __init__(self, shelf: Shelf[DeliveryRecord], limits: HubLimits) -> None:
        self._shelf = shelf
        self._limits = limits
        self.waiting: dict[str, DeliveryRecord] = {}
        self.delivered: dict[str, DeliveryRecord] = {}
        self.dead: dict[str, DeliveryRecord] = {}
        self.under_way: set[str] = set()
        """Ids of those that are just being sent."""
        self.forgotten = 0
        """Dead ones that had to make room."""
        self._size = 0
        """Of what waits, in bytes."""
        self._times: list[tuple[float, int, str]] = []
        """(next, number, id) of what waits; what is no longer so is skipped when it comes up."""

    def restore(self, record: DeliveryRecord) -> None:
        """Take up what was on disk; records come in the order of their numbers."""
        if record.state == "waiting":
            self._wait(record)
        else:
            (self.delivered if record.state == "delivered" else self.dead)[record.id] = record

    def add(self, record: DeliveryRecord, now: float) -> None:
        """Let one wait. Where there are too many, the oldest become dead letters."""
        self._wait(record)
        self._shelf.put(record)
        if (
            len(self.waiting) > self._limits.webhook_waiting
            or self._size > self._limits.webhook_waiting_bytes
        ):
            for each in [each for each in self.waiting.values() if each.id not in self.under_way]:
                if (
                    len(self.waiting) <= self._limits.webhook_waiting
                    and self._size <= self._limits.webhook_waiting_bytes
                ):
                    break
                self.bury(each, now, _FULL)

    def due(self, now: float, *, ordered: bool, most: int) -> list[DeliveryRecord]:
        """Return what is to be sent now; it is under way from now on."""
        if ordered:
            first = next(iter(self.waiting.values()), None)
            found = [first] if first is not None and first.next <= now and not self.under_way else []
        else:
            found = []
            while self._times and self._times[0][0] <= now and len(self.under_way) + len(found) < most:
                moment, _, id_ = heapq.heappop(self._times)
                record = self.waiting.get(id_)
                if record is not None and record.next == moment and id_ not in self.under_way:
                    found.append(record)
        self.under_way.update(record.id for record in found)
        return found

    def again(self, record: DeliveryRecord) -> None:
        """It failed and waits for its next try."""
        self.under_way.discard(record.id)
        self.waiting[record.id] = record
        self._note(record)
        self._shelf.put(record)

    def succeed(self, record: DeliveryRecord, now: float) -> None:
        """It was delivered; only the fact is kept, for a while."""
        self._leave(record.id)
        done = msgspec.structs.replace(record, state="delivered", next=now, why=None, body=b"")
        self.delivered[done.id] = done
        self._shelf.put(done)
        while len(self.delivered) > self._limits.webhook_log:
            self._forget(self.delivered, next(iter(self.delivered)))

    def bury(self, record: DeliveryRecord, now: float, why: str) -> None:
        """It will not be tried again unless somebody asks."""
        self._leave(record.id)
        dead = msgspec.structs.replace(record, state="dead", next=now, why=why)
        self.dead[dead.id] = dead
        self._shelf.put(dead)
        while len(self.dead) > self._limits.webhook_dead:
            self._forget(self.dead, next(iter(self.dead)))
            self.forgotten += 1

    def replay(self, ids: list[str] | None, now: float) -> int:
        """Let dead ones wait again, in the order of their numbers."""
        chosen = [each for each in self.dead.values() if ids is None or each.id in ids]
        for record in chosen:
            del self.dead[record.id]
            again = msgspec.structs.replace(record, state="waiting", since=now, next=now, tries=0, why=None)
            self._wait(again)
            self._shelf.put(again)
        self.waiting = dict(sorted(self.waiting.items(), key=lambda item: item[1].number))
        return len(chosen)

    def discard(self, ids: list[str] | None) -> int:
        """Forget dead ones."""
        chosen = [id_ for id_ in self.dead if ids is None or id_ in ids]
        for id_ in chosen:
            self._forget(self.dead, id_)
        return len(chosen)

    def drop_old(self, now: float) -> None:
        """Forget what died too long ago."""
        for record in list(self.dead.values()):
            if now - record.next < self._limits.webhook_dead_seconds:
                break
            self._forget(self.dead, record.id)
            self.forgotten += 1

    def clear(self) -> None:
        """The webhook is gone."""
        for id_ in (*self.waiting, *self.delivered, *self.dead):
            self._shelf.remove(id_)
        self.waiting, self.delivered, self.dead = {}, {}, {}

    def listed(self) -> list[DeliveryRecord]:
        """Every one, newest first."""
        every = [*self.waiting.values(), *self.delivered.values(), *self.dead.values()]
        return sorted(every, key=lambda record: -record.number)

    def _wait(self, record: DeliveryRecord) -> None:
        self.waiting[record.id] = record
        self._size += len(record.body)
        self._note(record)

    def _note(self, record: DeliveryRecord) -> None:
        if len(self._times) > 2 * len(self.waiting) + 64:  # an ordered webhook takes nothing out
            self._times = [
                (each.next, each.number, each.id)
                for each in self.waiting.values()
                if each.id not in self.under_way and each.id != record.id
            ]
            heapq.heapify(self._times)
        heapq.heappush(self._times, (record.next, record.number, record.id))

    def _leave(self, id_: str) -> None:
        self.under_way.discard(id_)
        gone = self.waiting.pop(id_, None)
        if gone is not None:
            self._size -= len(gone.body)

    def _forget(self, shelf: dict[str, DeliveryRecord], id_: str) -> None:
        del shelf[id_]
        self._shelf.remove(id_)
