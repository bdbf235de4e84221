"""From raw measurements to the figures of the report: pairs, medians, goals."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

__all__ = ["Comparison", "Latency", "percentile"]


@dataclass(slots=True)
class Comparison:
    """One kind of load on both servers, measured in interleaved pairs. CPU microseconds per delivered message."""

    title: str
    goal: float
    """The most that hub ÷ Node may be."""
    hub: list[float] = field(default_factory=list)
    node: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Hub ÷ Node of each pair."""
        return [mine / theirs for mine, theirs in zip(self.hub, self.node, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool:
        """True if the goal was reached."""
        return self.ratio <= self.goal


@dataclass(slots=True)
class Latency:
    """Milliseconds from a send to the last receive on both servers: one list of each for each interleaved pair."""

    hub: list[list[float]] = field(default_factory=list)
    node: list[list[float]] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios of p50, hub ÷ Node."""
        return statistics.median(
            percentile(mine, 0.5) / percentile(theirs, 0.5)
            for mine, theirs in zip(self.hub, self.node, strict=True)
        )

    def at(self, share: float) -> tuple[float, float]:
        """Return the percentile over all pairs, hub's and Node's."""
        hub, node = ([each for pair in pairs for each in pair] for pairs in (self.hub, self.node))
        return percentile(hub, share), percentile(node, share)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
