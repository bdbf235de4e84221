"""The queue of one tavern: a lane for what touches the open chat, one for what does not."""

from __future__ import annotations

from collections import deque

from tavernlink.core.work.requests import Request
from tavernlink.errors import Unavailable

__all__ = ["Lanes"]


class _Lane:
    __slots__ = ("places", "running", "waiting")

    def __init__(self, places: int) -> None:
        self.places = places
        self.waiting: deque[Request] = deque()
        self.running: dict[str, Request] = {}


class Lanes:
    """Requests waiting and running on one tavern. A place stays taken until the tavern says that it is done."""

    def __init__(self, *, detached: int, longest: int) -> None:
        self._lanes = {"visible": _Lane(1), "detached": _Lane(detached)}
        self._longest = longest

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    @property
    def running(self) -> int:
        """Requests that run."""
        return sum(len(lane.running) for lane in self._lanes.values())

    def check_room(self, request: Request) -> None:
        """Raise `queue_full` unless one more may wait in its lane."""
        if len(self._lanes[request.lane].waiting) >= self._longest:
            raise Unavailable(
                "queue_full",
                f"{self._longest} requests already wait for this tavern. Try again later.",
                {"retry_after": 5},
            )

    def put(self, request: Request) -> None:
        """Take a request at the end."""
        self._lanes[request.lane].waiting.append(request)

    def next(self) -> Request | None:
        """Take the next request that has a free place, and give it the place."""
        for lane in self._lanes.values():
            if lane.waiting and len(lane.running) < lane.places:
                request = lane.waiting.popleft()
                lane.running[request.wire_id] = request
                return request
        return None

    def release(self, request: Request) -> bool:
        """Free the place, or leave the queue; True if it had either."""
        lane = self._lanes.get(request.lane)
        if lane is None:
            return False
        if lane.running.pop(request.wire_id, None) is not None:
            return True
        if request in lane.waiting:
            lane.waiting.remove(request)
            return True
        return False

    def position(self, request: Request) -> int:
        """Requests before it: 0 when it runs."""
        lane = self._lanes.get(request.lane)
        if lane is None or request not in lane.waiting:
            return 0
        return lane.waiting.index(request) + len(lane.running)

    def queued(self) -> list[Request]:
        """Everything that waits, in order."""
        return [request for lane in self._lanes.values() for request in lane.waiting]

    def taken(self) -> list[Request]:
        """Everything that holds a place, finished for its asker or not."""
        return [request for lane in self._lanes.values() for request in lane.running.values()]
