"""Turns: who begins next, and where what waits goes when its tavern does not."""

from __future__ import annotations

from collections.abc import Callable

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.work.moves import Moves
from tavernlink.core.work.quota import Quota
from tavernlink.core.work.requests import Request
from tavernlink.core.work.sessions import Sessions
from tavernlink.core.work.telling import Telling

__all__ = ["Turns"]


class Turns:
    """Takes requests out of queues. `start` begins one that has got its place, `write` keeps one that moved."""

    def __init__(
        self,
        directory: Directory,
        moves: Moves,
        sessions: Sessions,
        quota: Quota,
        telling: Telling,
        *,
        start: Callable[[Tavern, Request], None],
        write: Callable[[Request], None],
    ) -> None:
        self._directory = directory
        self._moves = moves
        self._sessions = sessions
        self._quota = quota
        self._telling = telling
        self._begin = start
        self._write = write

    def dispatch(self, tavern: Tavern) -> None:
        """Start what may start: what waits here, then what waits elsewhere and may go anywhere."""
        while tavern.online and (request := tavern.lanes.next(self._ready_on(tavern))) is not None:
            self._begin(tavern, request)
        while tavern.online and (found := self._moves.for_free_place(tavern)) is not None:
            request, source = found
            self._move(request, source, tavern)
            self._telling.positions(source)
            if tavern.lanes.next(self._ready_on(tavern)) is not request:
                raise AssertionError("a request that was ready for a free place did not get it")
            self._begin(tavern, request)
        self._telling.positions(tavern)

    def dispatch_others(self, tavern: Tavern) -> None:
        """Something that held up other taverns' requests may be over."""
        for other in list(self._directory.taverns.values()):
            if other is not tavern and other.lanes.waiting:
                self.dispatch(other)

    def leave(self, tavern: Tavern) -> None:
        """Its line dropped: what did not begin there goes where there is room, or where the session has its chat."""
        if not tavern.lanes.waiting:
            return
        for request in tavern.lanes.queued():
            target = self._moves.elsewhere(request) if request.session_name is not None else None
            if target is not None and target is not tavern:
                self._move(request, tavern, target)
        for other in list(self._directory.taverns.values()):
            if other is not tavern and other.online:
                self.dispatch(other)

    def _ready_on(self, tavern: Tavern) -> Callable[[Request], bool]:
        def ready(request: Request) -> bool:
            return self._quota.may_run(request.key_id) and (
                request.session_name is None or self._sessions.may_run(tavern, request)
            )

        return ready

    def _move(self, request: Request, source: Tavern, target: Tavern) -> None:
        """Let a request wait at another tavern."""
        source.lanes.release(request)
        self._moves.aim(request, target)
        self._write(request)
        target.lanes.put(request)

    def leave_for_good(self, tavern: Tavern) -> None:
        """The page is gone for good: what waits here goes where else it may, the rest waits for it to come back."""
        targets = {}
        for request in tavern.lanes.queued():
            target = self._moves.elsewhere(request)
            if target is not None and target is not tavern:
                self._move(request, tavern, target)
                targets[target.id] = target
        for target in targets.values():
            self.dispatch(target)
        self.dispatch_others(tavern)  # what ran here held up its key and its session
