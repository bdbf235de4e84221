"""What only the event loop can measure, as the core is handed it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from tavernlink.core.statistics.failures import Failures

__all__ = ["Measured", "Measures", "NoMeasures"]


class Measured(NamedTuple):
    """Totals since the start."""

    received: int
    """Messages and HTTP requests."""
    sent: int


class Measures(Protocol):
    """Asked once a second."""

    @property
    def failures(self) -> Failures:
        """What was refused, at every door."""

    def take(self, now: float) -> Measured:
        """Look at the counters; `now` in monotonic seconds."""

    def quantiles(self) -> tuple[float | None, float | None]:
        """p50 and p99 of how long deliveries took lately, in milliseconds; None: none was measured."""

    def memory(self) -> int | None:
        """Bytes that the process takes; None: not known."""


class NoMeasures:
    """A core without an event loop around it."""

    def __init__(self) -> None:
        self.failures = Failures()

    def take(self, now: float) -> Measured:
        """Nothing came through a door."""
        return Measured(0, 0)

    def quantiles(self) -> tuple[float | None, float | None]:
        """Nothing was measured."""
        return None, None

    def memory(self) -> int | None:
        """Nothing is known."""
        return None
