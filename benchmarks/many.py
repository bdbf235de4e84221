"""What much of something costs: a hundred rules, a thousand rooms, five thousand connections that only stay open.

Each is measured on two hubs side by side, one with little of it and one with much, in slices that alternate, so that
other work on the machine meets both.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.crowd import NOTE, Crowd, Listener, ask_all
from benchmarks.frames import masked
from benchmarks.line import Line, event_frame
from benchmarks.load import open_fan
from benchmarks.machine import Cores
from benchmarks.servers import HubServer, Server

__all__ = ["Many", "Weighed"]

_RULES = 100
_FEW_ROOMS = 10
_ROOMS = 1_000
_MEMBERS = 5  # of each room, beside its tavern
_SUBSCRIBERS = 50
_SLICE = 200  # messages in each slice
_BURST = 50  # messages sent without waiting
_SLICES = 6
_SETTLE = 1.0  # seconds for a server to come to rest


@dataclass(slots=True)
class Weighed:
    """One load on a hub with little and on one with much of something. CPU microseconds per delivered message."""

    title: str
    little: list[float] = field(default_factory=list)
    much: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of much ÷ little over the pairs."""
        return statistics.median(much / little for much, little in zip(self.much, self.little, strict=True))


class _Notes:
    """A tavern that sends messages of its own type, and those who hear them."""

    def __init__(self, server: Server, sender: Line, crowd: Crowd) -> None:
        self._server = server
        self._sender = sender
        self._crowd = crowd
        self._sent = 0

    def cost(self, type_: str, targets: list[dict[str, str]], reached: int) -> float:
        """Send a slice of messages to one target after another, each of which reaches so many."""
        frames = []
        for _ in range(_SLICE):
            self._sent += 1
            content = {"n": self._sent, "text": " the quick brown fox "}
            to = targets[self._sent % len(targets)]
            frames.append(masked(event_frame(type_, {"to": to, "content": content})))
        self._sender.socket.setblocking(True)
        started = self._server.cpu()
        for first in range(0, _SLICE, _BURST):
            for frame in frames[first : first + _BURST]:
                self._sender.socket.sendall(frame)
            self._crowd.gather(_BURST * reached)
        cpu = self._server.cpu() - started
        self._sender.socket.setblocking(False)
        self._sender.drain()
        return cpu / (_SLICE * reached) / 1_000


class Many:
    """The measurements, in the order in which they run. Results are in `weighed`, `room_kib` and `idle_kib`."""

    def __init__(self, cores: Cores, *, data: Path, idle: int, say: Callable[[str], None]) -> None:
        self._cores = cores
        self._data = data
        self._say = say
        self.idle = idle
        """Connections that only stay open."""
        self.weighed: list[Weighed] = []
        self.room_kib = 0.0
        self.idle_kib = 0.0

    def measure(self) -> None:
        """Run everything."""
        self._rules()
        self._rooms()
        self._idle()

    def _rules(self) -> None:
        self._say(f"{_RULES} rules …")
        with self._hubs() as (plain, ruled), ExitStack() as stack:
            notes = []
            for server in (plain, ruled):
                crowd = Crowd([Listener(server.port, server.auth("app", "listener"))])
                stack.callback(crowd.close)
                notes.append(_Notes(server, Line(server.port, server.auth("tavern", "sender")), crowd))
            admin = Line(ruled.port, ruled.auth("admin", "admin"))
            ask_all(admin, [("route.put", _rule(number)) for number in range(1, _RULES + 1)])
            admin.close()
            for title, type_ in (
                (f"to a peer, {_RULES} rules about other types", f"{NOTE}.plain"),
                (f"to a peer, {_RULES} rules tried on each", f"{NOTE}.ruled"),
            ):
                to = [{"peer": "listener"}]
                self._weigh(title, [partial(each.cost, type_, to, 1) for each in notes])

    def _rooms(self) -> None:
        self._say(f"{_ROOMS} rooms …")
        with self._hubs() as (few, many), ExitStack() as stack:
            costs: list[Callable[[], float]] = []
            for server, number in ((few, _FEW_ROOMS), (many, _ROOMS)):
                apps = [Listener(server.port, server.auth("app", f"member {n}")) for n in range(_SUBSCRIBERS)]
                crowd = Crowd(apps)
                stack.callback(crowd.close)
                sender = Line(server.port, server.auth("tavern", "sender"))
                crowd.rest(_SETTLE)
                before = server.resident()
                _furnish(sender, crowd, number)
                crowd.rest(_SETTLE)
                if number == _ROOMS:
                    self.room_kib = (server.resident() - before) / 1024 / number
                targets = [{"room": f"room {n}"} for n in range(number)]
                costs.append(partial(_Notes(server, sender, crowd).cost, NOTE, targets, _MEMBERS))
            self._weigh(f"to a room of {_MEMBERS}, {_ROOMS:,} rooms instead of {_FEW_ROOMS}", costs)

    def _idle(self) -> None:
        self._say(f"{self.idle} idle connections …")
        with self._hubs() as (quiet, crowded), ExitStack() as stack:
            for line in [_connect(crowded) for _ in range(50)]:  # first connections load code and fill caches
                line.close()
            time.sleep(_SETTLE)
            before = crowded.resident()
            crowd = Crowd(_connect(crowded) for _ in range(self.idle))
            stack.callback(crowd.close)
            crowd.rest(_SETTLE)
            self.idle_kib = (crowded.resident() - before) / 1024 / len(crowd)
            fans = [open_fan(server, _SUBSCRIBERS) for server in (quiet, crowded)]

            def cost(place: int) -> float:
                crowd.rest(0.0)  # heartbeats
                run = fans[place].burst(_SLICE, size=_BURST)
                return run.cpu / run.delivered / 1_000

            title = f"delta 1→{_SUBSCRIBERS}, {self.idle:,} idle connections"
            self._weigh(title, [partial(cost, 0), partial(cost, 1)])
            for fan in fans:
                fan.close()

    def _weigh(self, title: str, costs: Sequence[Callable[[], float]]) -> None:
        found = Weighed(title)
        for cost in costs:
            cost()  # what a first message finds and keeps
        for part in range(_SLICES):
            for place in (0, 1) if part % 2 else (1, 0):
                (found.little, found.much)[place].append(costs[place]())
        self.weighed.append(found)
        little, much = statistics.median(found.little), statistics.median(found.much)
        self._say(f"{title}: {little:.2f} → {much:.2f} µs per delivery, × {found.ratio:.2f}")

    @contextmanager
    def _hubs(self) -> Iterator[tuple[Server, Server]]:
        """Two hubs, each on a fresh copy of the data folder."""
        with ExitStack() as stack:
            servers = []
            for name in ("little", "much"):
                folder = self._data.with_name(f"{self._data.name}-{name}")
                shutil.copytree(self._data, folder)
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
                server = HubServer(self._cores, folder)
                stack.callback(server.stop)
                servers.append(server)
            yield servers[0], servers[1]


def _connect(server: Server) -> Line:
    line = Line(server.port, server.auth("app", "idle"))
    line.wait_event("welcome")
    return line


def _rule(number: int) -> dict[str, object]:
    """A rule that has to look into the content, and finds that it is not meant."""
    return {
        "id": f"bench-{number}",
        "types": [f"{NOTE}.ruled"],
        "when": f"content.n == -{number} && source.kind == 'tavern'",
        "action": "drop",
    }


def _furnish(owner: Line, crowd: Crowd, rooms: int) -> None:
    """Make rooms, and take some of the apps into each."""
    ask_all(owner, [("room.create", {"name": f"room {number}"}) for number in range(rooms)], crowd)
    ask_all(
        owner,
        [
            ("room.add", {"room": f"room {number}", "app": f"member {(number + place) % _SUBSCRIBERS}"})
            for number in range(rooms)
            for place in range(_MEMBERS)
        ],
        crowd,
    )
