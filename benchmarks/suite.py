"""The measurements, in the order in which they run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Comparison, Latency
from benchmarks.line import Line
from benchmarks.load import Fan, Run, open_fan
from benchmarks.machine import Cores
from benchmarks.servers import HubServer, NodeServer, Server

__all__ = ["Extras", "Plan", "Suite"]

_BURST = 100  # deltas sent without waiting
_PER_SECOND = 500.0  # deltas; about ten models that write at once
_LATENCY_PER_SECOND = 200.0
_LATENCY_DELTAS = 200  # of each server in a pair
_SLICES = 4  # of one measurement, hub and Node in turn
_LONGEST = 40.0  # seconds for one comparison, once there are
_LEAST_PAIRS = 5  # of them
_SETTLE = 1.0  # seconds for a server to come to rest


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    pairs: int = 7
    scale: float = 1.0
    """Of the number of deltas."""
    idle: int = 1_000
    """Connections for the memory figure."""
    crowd: int = 5_000
    """Idle connections beside a load."""
    starts: int = 3

    def deltas(self, number: int) -> int:
        """Return a number of deltas, scaled."""
        return max(_BURST, int(number * self.scale))


@dataclass(slots=True)
class Extras:
    """What is printed beside the CPU figures; index 0 is the hub, 1 Node."""

    latencies: dict[int, Latency] = field(default_factory=dict)
    """By number of subscribers."""
    idle_kib: tuple[float, float] = (0.0, 0.0)
    resting_mib: tuple[float, float] = (0.0, 0.0)
    start_seconds: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Burst:
    """Deltas back to back."""

    title: str
    deltas: int

    def __call__(self, fan: Fan) -> Run:
        return fan.burst(self.deltas, size=_BURST)


@dataclass(frozen=True, slots=True)
class _Paced:
    """Deltas at a steady rate."""

    title: str
    deltas: int

    def __call__(self, fan: Fan) -> Run:
        return fan.paced(self.deltas, rate=_PER_SECOND)


class Suite:
    """One whole run of the benchmark."""

    def __init__(
        self, plan: Plan, cores: Cores, *, data: Path, peer: Path, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._cores = cores
        self._data = data
        self._peer = peer
        self._say = say
        self.extras = Extras()

    def compare(self) -> list[Comparison]:
        """CPU per delivered message, and latency, for both fan-outs."""
        comparisons = []
        for subscribers, goal, many in ((50, 0.75, 4_000), (1, 1.0, 20_000)):
            burst = _Burst(f"1→{subscribers}, back to back", self._plan.deltas(many // _SLICES))
            paced = _Paced(
                f"1→{subscribers}, {_PER_SECOND:.0f} deltas/s", self._plan.deltas(1_000 // _SLICES)
            )
            with self._fans(subscribers) as fans:
                for fan in fans:  # Node compiles what it finds hot: give it time, uncounted
                    for load in (burst, paced):
                        for _ in range(_SLICES):
                            load(fan)
                comparisons += [self._compare(load, goal, fans) for load in (burst, paced)]
                self.extras.latencies[subscribers] = self._latency(subscribers, fans)
        return comparisons

    def measure_memory(self) -> None:
        """Resident memory at rest, and what an idle connection adds."""
        self._say(f"memory of {self._plan.idle} idle connections …")
        kib, resting = [], []
        for server in (self._hub(), self._node()):
            try:
                for line in [_idle(server) for _ in range(50)]:  # first connections load code and fill caches
                    line.close()
                time.sleep(_SETTLE)
                before = server.resident()
                lines = [_idle(server) for _ in range(self._plan.idle)]
                time.sleep(_SETTLE)
                kib.append((server.resident() - before) / 1024 / len(lines))
                resting.append(before / (1 << 20))
                for line in lines:
                    line.close()
            finally:
                server.stop()
        self.extras.idle_kib = (kib[0], kib[1])
        self.extras.resting_mib = (resting[0], resting[1])

    def measure_start(self) -> None:
        """From the start of the process to the first answer on /healthz, on a data folder that exists."""
        self._say("start-up …")
        seconds: tuple[list[float], list[float]] = ([], [])
        for _ in range(self._plan.starts):
            for place, make in enumerate((self._hub, self._node)):
                server = make()
                seconds[place].append(server.start_seconds)
                server.stop()
        self.extras.start_seconds = (statistics.median(seconds[0]), statistics.median(seconds[1]))

    def _compare(self, load: _Burst | _Paced, goal: float, fans: tuple[Fan, Fan]) -> Comparison:
        """Measure hub and Node in turn, each pair in slices, so that other work on the machine hits both alike."""
        found = Comparison(load.title, goal)
        enough = time.monotonic() + _LONGEST
        for pair in range(self._plan.pairs):
            if pair >= _LEAST_PAIRS and time.monotonic() > enough:
                break  # a machine that is busy with other things: the run must end all the same
            runs: tuple[list[Run], list[Run]] = ([], [])
            for part in range(_SLICES):
                for place in (0, 1) if part % 2 else (1, 0):
                    runs[place].append(load(fans[place]))
            mine, theirs = (
                sum(r.cpu for r in each) / sum(r.delivered for r in each) / 1_000 for each in runs
            )
            found.hub.append(mine)
            found.node.append(theirs)
            self._say(
                f"{load.title}: hub {mine:6.2f}, Node {theirs:6.2f} µs per delivery, ratio {mine / theirs:.2f}"
            )
        return found

    def _latency(self, subscribers: int, fans: tuple[Fan, Fan]) -> Latency:
        """Measure hub and Node in turn, in slices as the CPU is: what else the machine does hits both alike."""
        found = Latency()
        for _ in range(self._plan.pairs):
            took: tuple[list[float], list[float]] = ([], [])
            for part in range(_SLICES):
                for place in (0, 1) if part % 2 else (1, 0):
                    slice_ = fans[place].timed(_LATENCY_DELTAS // _SLICES, rate=_LATENCY_PER_SECOND)
                    took[place].extend(each / 1e6 for each in slice_)
            found.hub.append(took[0])
            found.node.append(took[1])
        self._say(f"latency 1→{subscribers}, p50: hub ÷ Node {found.ratio:.2f}")
        return found

    @contextmanager
    def _fans(self, subscribers: int) -> Iterator[tuple[Fan, Fan]]:
        """Both servers, fresh, with connections open. Both stay up, so that a pair is measured side by side."""
        hub = self._hub()
        try:
            node = self._node()
            try:
                fans = (open_fan(hub, subscribers), open_fan(node, subscribers))
                yield fans
                for fan in fans:
                    fan.close()
            finally:
                node.stop()
        finally:
            hub.stop()

    def _hub(self) -> Server:
        return HubServer(self._cores, self._data)

    def _node(self) -> Server:
        return NodeServer(self._cores, self._peer)


def _idle(server: Server) -> Line:
    line = Line(server.port, server.auth("app", "idle"))
    if server.welcomes:
        line.wait_event("welcome")
    return line
