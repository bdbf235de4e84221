"""How long requests wait and run, and how they end; for the counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tavernlink.core.hub import Hub
    from tavernlink.core.seams import Clock
    from tavernlink.core.work.requests import Request
    from tavernlink.runtime.counts import Counts

__all__ = ["RequestTimes"]


class RequestTimes:
    """Watches the requests of one hub."""

    def __init__(self, hub: Hub, counts: Counts, clock: Clock) -> None:
        self._counts = counts
        self._clock = clock
        self._since: dict[str, float] = {}
        """Wire id of an open request → when it began to wait or to run."""
        hub.work.moved.append(self._moved)
        hub.work.ended.append(self._ended)

    def _moved(self, request: Request) -> None:
        now = self._clock.now()
        since = self._since.get(request.wire_id)
        if request.state == "running" and since is not None:
            self._counts.queued.add(now - since)
        self._since[request.wire_id] = now

    def _ended(self, request: Request) -> None:
        since = self._since.pop(request.wire_id, None)
        if since is not None and request.started is not None:
            self._counts.ran.add(self._clock.now() - since)
        self._counts.finished[request.state, request.error.code if request.error else ""] += 1
