"""From raw measurements to the figures of the report: pairs, medians, goals."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

__all__ = ["Comparison", "percentile"]


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


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
