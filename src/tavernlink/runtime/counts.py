"""Plain counters of what goes through the hub, for `/metrics`. Adding to one is all that the hot path pays."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from tavernlink.core.statistics.failures import Failures
from tavernlink.logs import redact

__all__ = ["Counts", "Histogram", "Traffic"]

_DELIVERY = (0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_WAIT = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Traffic:
    """Messages and bytes through one door."""

    __slots__ = ("bytes_in", "bytes_out", "messages_in", "messages_out")

    def __init__(self) -> None:
        self.messages_in = 0
        self.bytes_in = 0
        self.messages_out = 0
        self.bytes_out = 0


class Histogram:
    """Numbers of values up to each bound, in seconds."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.sum = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def add(self, seconds: float) -> None:
        """Count a value."""
        self.sum += seconds
        self._counts[bisect_left(self.bounds, seconds)] += 1

    def snapshot(self) -> tuple[int, ...]:
        """Return the numbers of values between the bounds, for `quantile`."""
        return tuple(self._counts)

    def quantile(self, share: float, since: Sequence[int]) -> float | None:
        """Return the value below which this share of the values since a snapshot lie; None where there are none.

        Within two bounds values are taken to lie evenly; beyond the last one, on it.
        """
        counts = [now - then for now, then in zip(self._counts, since, strict=True)]
        rank = share * sum(counts)
        if not rank:
            return None
        below = 0
        for place, count in enumerate(counts[:-1]):
            if count and below + count >= rank:
                low = self.bounds[place - 1] if place else 0.0
                return low + (self.bounds[place] - low) * (rank - below) / count
            below += count
        return self.bounds[-1]

    def cumulative(self) -> list[tuple[str, int]]:
        """Return (bound, values up to it), as Prometheus wants them; the last bound is `+Inf`."""
        total, found = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self._counts, strict=True):
            total += count
            found.append((bound, total))
        return found


class Counts:
    """Everything that is counted in one hub."""

    def __init__(self) -> None:
        self._doors: dict[str, Traffic] = {}
        self.answers: Counter[tuple[str, int]] = Counter()
        """(Door, HTTP status) → answers."""
        self.errors: Counter[str] = Counter()
        """Code → refused messages, connects and HTTP requests."""
        self.failures = Failures(redact)
        """The last of them."""
        self.connects: Counter[str] = Counter()
        """How a connect ended: `new`, `resumed`, or `resync` where a resume was impossible."""
        self.finished: Counter[tuple[str, str]] = Counter()
        """(Final state, error code or nothing) → requests."""
        self.delivery = Histogram(_DELIVERY)
        """From a message's arrival until it has been handed to every receiver's line; every 32nd message."""
        self.queued = Histogram(_WAIT)
        """How long requests waited."""
        self.ran = Histogram(_WAIT)
        """How long they ran."""
        self.lag = 0.0
        """How late the event loop was at the last tick, in seconds."""

    def refused(self, code: str, message: str, *, who: str, about: str, key_id: str = "") -> None:
        """Count something that was refused."""
        self.errors[code] += 1
        self.failures.add(time=time.time(), code=code, message=message, who=who, about=about, key_id=key_id)

    def door(self, name: str) -> Traffic:
        """Return the counters of a door."""
        found = self._doors.get(name)
        if found is None:
            found = self._doors[name] = Traffic()
        return found

    def doors(self) -> list[tuple[str, Traffic]]:
        """Return every door that was used."""
        return sorted(self._doors.items())
