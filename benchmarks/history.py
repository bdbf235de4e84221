"""The figures of the first issue, and whether today's are worse.

What is compared does not depend on the machine: ratios to Node's socket.io of the same run, and memory. The figures
are those of the run on a quiet machine on 2026-11-21 that ended the first issue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Comparison
from benchmarks.suite import Extras

__all__ = ["Held", "held"]

_LEEWAY = 1.2
"""Two runs of one version differ by up to a fifth."""
_FIRST_RATIOS = {
    "1→50, back to back": 0.18,
    "1→50, 500 deltas/s": 0.77,
    "1→1, back to back": 0.66,
    "1→1, 500 deltas/s": 0.78,
}
_FIRST_LATENCY = {50: 0.88, 1: 0.85}
_FIRST_IDLE_KIB = 14.1


@dataclass(frozen=True, slots=True)
class Held:
    """One figure then and now; less is better."""

    title: str
    then: float
    now: float

    @property
    def worse(self) -> bool:
        """True if it got worse by more than what two runs of one version differ by."""
        return self.now > self.then * _LEEWAY


def held(comparisons: Sequence[Comparison], extras: Extras) -> list[Held]:
    """Return every figure of the first issue that says something on any machine."""
    found = [
        Held(f"CPU, hub ÷ Node, {each.title}", _FIRST_RATIOS[each.title], each.ratio) for each in comparisons
    ]
    for subscribers, latency in extras.latencies.items():
        title = f"latency p50, hub ÷ Node, 1→{subscribers}"
        found.append(Held(title, _FIRST_LATENCY[subscribers], latency.ratio))
    found.append(Held("memory per idle connection, KiB", _FIRST_IDLE_KIB, extras.idle_kib[0]))
    return found
