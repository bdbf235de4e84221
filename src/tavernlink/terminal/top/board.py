"""What is known of the hub: fetched once, then kept up to date by its events. No screen, no clock of its own.

What the key may not see is left empty; nothing is asked for again and again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from tavernlink.errors import AuthError
from tavernlink.protocol.functions import FunctionInfo, FunctionsChanged
from tavernlink.protocol.logs import LogLine, LogLines
from tavernlink.protocol.message import Message
from tavernlink.protocol.requests import RequestChanged, RequestInfo
from tavernlink.protocol.rooms import RoomInfo
from tavernlink.protocol.stats import (
    Stats,
    StatsChanged,
    StatsError,
    TavernFigures,
    TrafficFlowed,
    TrafficPeer,
)
from tavernlink.protocol.taverns import TavernChanged, TavernInfo
from tavernlink.sdk import Hub

__all__ = ["Board", "Talker"]

_SECONDS: Final = 120
"""How far the small charts go back."""
_LINES: Final = 500
_TALKERS: Final = 1_000
"""Programs come and go, each time as another app, and `top` may be open for weeks."""
_OVER: Final = 50
"""Requests that are over and still shown."""
_FINAL: Final = frozenset({"done", "failed", "cancelled"})


@dataclass(slots=True)
class Talker:
    """A program or other end of the hub's traffic, since this board watches."""

    peer: TrafficPeer
    received: int = 0
    sent: int = 0
    rate: float = 0.0
    """Messages both ways during the last second."""
    counted: int = 0
    """Messages both ways up to then."""


@dataclass
class Board:
    """The hub as it is now."""

    stats: Stats | None = None
    taverns: dict[str, TavernInfo] = field(default_factory=dict)
    requests: dict[str, RequestInfo] = field(default_factory=dict)
    """Open ones, and the last that are over."""
    rooms: list[RoomInfo] = field(default_factory=list)
    functions: dict[str, FunctionInfo] = field(default_factory=dict)
    errors: list[StatsError] = field(default_factory=list)
    lines: deque[LogLine] = field(default_factory=lambda: deque(maxlen=_LINES))
    talkers: dict[str, Talker] = field(default_factory=dict)
    tokens: deque[float] = field(default_factory=lambda: deque(maxlen=_SECONDS))
    received: deque[float] = field(default_factory=lambda: deque(maxlen=_SECONDS))
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=_SECONDS))
    delivery: deque[float] = field(default_factory=lambda: deque(maxlen=_SECONDS))
    busy: deque[float] = field(default_factory=lambda: deque(maxlen=_SECONDS))
    """Requests that ran or waited, each second."""

    TYPES = ("tavern.changed", "request.changed", "stats.changed", "functions.changed")
    """What to subscribe to."""
    ADMIN_TYPES = ("traffic.flowed", "log.*")
    """What to subscribe to as well, with a key that may."""

    async def load(self, hub: Hub) -> None:
        """Fetch everything that is there already. Raises what the line does; what is forbidden stays empty."""
        taverns, requests, stats, rooms, functions, page = await asyncio.gather(
            _allowed(hub.taverns()),
            _allowed(hub.requests.list(limit=1_000)),
            _allowed(hub.stats()),
            _allowed(hub.rooms()),
            _allowed(hub.functions()),
            _allowed(hub.logs.list(limit=_LINES)),
        )
        self.taverns = {each.tavern_id: each for each in taverns or ()}
        over = {id_: each for id_, each in self.requests.items() if each.state in _FINAL}
        self.requests = over | {each.request_id: each for each in reversed(requests or ())}
        self.rooms = rooms or []
        self.functions = {each.address: each for each in functions or ()}
        if page is not None:
            self.lines.clear()
            self.lines.extend(page.lines)
        if stats is not None:
            self._take_stats(stats)

    async def load_rooms(self, hub: Hub) -> None:
        """Fetch the rooms anew: one came or went."""
        self.rooms = await _allowed(hub.rooms()) or []

    def receive(self, event: Message) -> bool:
        """Take one event; returns whether the rooms are no longer right."""
        if isinstance(event, StatsChanged):
            self._take_stats(event.stats)
            return event.stats.rooms != len(self.rooms)
        if isinstance(event, TavernChanged):
            self.taverns[event.tavern.tavern_id] = event.tavern
        elif isinstance(event, RequestChanged):
            self._take_request(event.request)
        elif isinstance(event, TrafficFlowed):
            self._take_traffic(event)
        elif isinstance(event, LogLines):
            last = self.lines[-1].id if self.lines else 0  # what was just said is in the list and told again
            self.lines.extend(line for line in event.lines if line.id > last)
        elif isinstance(event, FunctionsChanged):
            for address in event.removed:
                self.functions.pop(address, None)
            self.functions |= {each.address: each for each in event.functions}
        return False

    def figures_of(self, tavern: TavernInfo) -> TavernFigures:
        """Return a tavern's figures of this second; of one that is not among the busiest, what else is known."""
        figures = self.stats.by_tavern if self.stats else ()
        own = TavernFigures(
            tavern=tavern.tavern_id,
            name=tavern.name,
            online=tavern.online,
            queued=tavern.queued,
            running=tavern.running,
            tokens=0.0,
        )
        return next((each for each in figures if each.tavern == tavern.tavern_id), own)

    @property
    def open_requests(self) -> list[RequestInfo]:
        """Those that run or wait, the oldest first."""
        return [each for each in self.requests.values() if each.state not in _FINAL]

    def _take_stats(self, stats: Stats) -> None:
        self.stats = stats
        if stats.errors is not None:
            self.errors = stats.errors
        self.tokens.append(stats.tokens)
        self.received.append(stats.received or 0.0)
        self.sent.append(stats.sent or 0.0)
        self.delivery.append(stats.delivery.p50 if stats.delivery else 0.0)
        self.busy.append(stats.queued + stats.running)
        for each in self.talkers.values():
            now = each.received + each.sent
            each.rate, each.counted = float(now - each.counted), now

    def _take_request(self, request: RequestInfo) -> None:
        if request.state in _FINAL:  # to the end of those that are over
            self.requests.pop(request.request_id, None)
        self.requests[request.request_id] = request
        over = [id_ for id_, each in self.requests.items() if each.state in _FINAL]
        for id_ in over[:-_OVER]:
            del self.requests[id_]

    def _take_traffic(self, event: TrafficFlowed) -> None:
        for peer in event.peers:
            talker = self.talkers.pop(peer.id, None) or Talker(peer)
            talker.peer = peer
            self.talkers[peer.id] = talker  # at the end: who was silent longest goes first
        while len(self.talkers) > _TALKERS:
            del self.talkers[next(iter(self.talkers))]
        for edge in event.edges:
            if edge.source in self.talkers:
                self.talkers[edge.source].sent += edge.count
            if edge.target in self.talkers:
                self.talkers[edge.target].received += edge.count


async def _allowed(work: Coroutine[Any, Any, Any]) -> Any:
    """The result, or None where the key may not ask."""
    try:
        return await work
    except AuthError as error:
        if error.code != "forbidden":
            raise
        return None
