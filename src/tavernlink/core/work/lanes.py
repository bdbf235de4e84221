"""The queue of one tavern: a lane for what touches the open chat, one for what does not, one for what is quickly done.

Fair: of the requests with the highest priority, each asker's first one goes in turn. So somebody who asks for a hundred
things delays the next one by one, not by a hundred. Within one asker the order is that of asking.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from tavernlink.core.work.quota import Quota
from tavernlink.core.work.requests import Lane, Request
from tavernlink.errors import Unavailable

__all__ = ["IMMEDIATE", "Lanes"]

IMMEDIATE = 64
"""How many immediate commands run at once; such a one takes milliseconds."""


class _Lane:
    __slots__ = ("count", "levels", "places", "running")

    def __init__(self, places: int) -> None:
        self.places = places
        self.levels: dict[int, dict[str, deque[Request]]] = {}
        """Priority → asker → what it waits for. The askers stand in the order in which their turns come."""
        self.running: dict[str, Request] = {}
        self.count = 0

    def put(self, request: Request) -> None:
        askers = self.levels.setdefault(request.priority, {})
        askers.setdefault(request.asker, deque()).append(request)
        self.count += 1

    def take(self, request: Request) -> bool:
        """Remove a request that waits; its asker keeps its turn."""
        askers = self.levels.get(request.priority, {})
        waiting = askers.get(request.asker)
        if waiting is None or request not in waiting:
            return False
        waiting.remove(request)
        self.count -= 1
        if not waiting:
            del askers[request.asker]
        if not askers:
            del self.levels[request.priority]
        return True

    def next(self, ready: Callable[[Request], bool]) -> Request | None:
        """Take the first request in turn that is ready; its asker goes to the end of its level."""
        for priority in sorted(self.levels, reverse=True):
            askers = self.levels[priority]
            for asker, waiting in askers.items():
                found = next((request for request in waiting if ready(request)), None)
                if found is not None:
                    self.take(found)
                    if asker in askers:
                        askers[asker] = askers.pop(asker)
                    return found
        return None

    def order(self) -> Iterator[Request]:
        """What waits, as it will go if all stays as it is."""
        for priority in sorted(self.levels, reverse=True):
            turns = [iter(waiting) for waiting in self.levels[priority].values()]
            while turns:
                left = []
                for turn in turns:
                    request = next(turn, None)
                    if request is not None:
                        yield request
                        left.append(turn)
                turns = left


class Lanes:
    """Requests waiting and running on one tavern. A place stays taken until the tavern says that it is done."""

    def __init__(self, *, detached: int, longest: int, quota: Quota) -> None:
        self._lanes = {"immediate": _Lane(IMMEDIATE), "visible": _Lane(1), "detached": _Lane(detached)}
        self._longest = longest
        self._quota = quota

    def retune(self, *, detached: int, longest: int) -> None:
        """Go on with other limits; what runs already, runs on."""
        self._lanes["detached"].places = detached
        self._longest = longest

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return sum(lane.count for lane in self._lanes.values())

    @property
    def running(self) -> int:
        """Requests that run."""
        return sum(len(lane.running) for lane in self._lanes.values())

    def load(self, lane: Lane) -> float:
        """Return how busy a lane is: requests for each place."""
        found = self._lanes[lane]
        return (found.count + len(found.running)) / found.places

    def has_place(self, lane: Lane) -> bool:
        """True if a request of this lane would run at once."""
        found = self._lanes[lane]
        return not found.count and len(found.running) < found.places

    def check_room(self, lane: Lane) -> None:
        """Raise `queue_full` unless one more may wait in this lane."""
        if self._lanes[lane].count >= self._longest:
            raise Unavailable(
                "queue_full",
                f"{self._longest} requests already wait for this tavern. Try again later.",
                {"retry_after": 5},
            )

    def put(self, request: Request) -> None:
        """Let a request wait."""
        self._lanes[request.lane].put(request)
        self._quota.count(self._quota.waiting, request.key_id, 1)

    def next(self, ready: Callable[[Request], bool]) -> Request | None:
        """Take the next request that is ready and has a free place, and give it the place."""
        for lane in self._lanes.values():
            if lane.count and len(lane.running) < lane.places:
                request = lane.next(ready)
                if request is not None:
                    self._quota.count(self._quota.waiting, request.key_id, -1)
                    self._quota.count(self._quota.running, request.key_id, 1)
                    lane.running[request.wire_id] = request
                    return request
        return None

    def take_up(self, request: Request) -> None:
        """Give a place to a request that ran before the hub was started."""
        self._lanes[request.lane].running[request.wire_id] = request
        self._quota.count(self._quota.running, request.key_id, 1)

    def release(self, request: Request) -> bool:
        """Free the place, or leave the queue; True if it had either."""
        lane = self._lanes.get(request.lane)
        if lane is None:
            return False
        if lane.running.pop(request.wire_id, None) is not None:
            self._quota.count(self._quota.running, request.key_id, -1)
            return True
        if lane.take(request):
            self._quota.count(self._quota.waiting, request.key_id, -1)
            return True
        return False

    def position(self, request: Request) -> int:
        """Requests before it: 0 when it runs."""
        return next((position for each, position in self.positions() if each is request), 0)

    def positions(self) -> Iterator[tuple[Request, int]]:
        """Everything that waits, with how many requests are before it, those that run among them."""
        for lane in self._lanes.values():
            for position, request in enumerate(lane.order(), start=len(lane.running)):
                yield request, position

    def queued(self) -> list[Request]:
        """Everything that waits, in the order in which it will go."""
        return [request for request, _ in self.positions()]

    def taken(self) -> list[Request]:
        """Everything that holds a place, finished for its asker or not."""
        return [request for lane in self._lanes.values() for request in lane.running.values()]
