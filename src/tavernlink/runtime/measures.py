"""What the core's statistics ask of the running hub: deliveries as timed, messages as the doors counted them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tavernlink.core.statistics.measures import Measured
from tavernlink.runtime.memory import own_memory

if TYPE_CHECKING:
    from tavernlink.core.statistics.failures import Failures
    from tavernlink.runtime.counts import Counts

__all__ = ["RunningMeasures"]

_SECONDS = 10  # that quantiles are of


class RunningMeasures:
    """Reads the counters that `/metrics` shows; nothing is measured twice."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._then = deque([counts.delivery.snapshot()], maxlen=_SECONDS + 1)
        """The delivery histogram as it was, one a second, oldest first."""

    @property
    def failures(self) -> Failures:
        """What was refused, at every door."""
        return self._counts.failures

    def take(self, now: float) -> Measured:
        """Look at the counters."""
        self._then.append(self._counts.delivery.snapshot())
        doors = [traffic for _, traffic in self._counts.doors()]
        return Measured(
            received=sum(traffic.messages_in for traffic in doors),
            sent=sum(traffic.messages_out for traffic in doors),
        )

    def quantiles(self) -> tuple[float | None, float | None]:
        """p50 and p99 of the last ten seconds' deliveries, in milliseconds."""
        p50, p99 = (self._counts.delivery.quantile(share, self._then[0]) for share in (0.5, 0.99))
        return (None if p50 is None else p50 * 1_000), (None if p99 is None else p99 * 1_000)

    def memory(self) -> int | None:
        """Bytes that this process takes, as of now."""
        return own_memory()
