"""Work: brings requests to taverns and their outcomes back.

A request's final state and its place in the lane are two things: a cancelled or timed-out request is over for its
asker at once, but the place stays taken until the tavern says that it stopped, or a short grace has passed. So two
visible generations never overlap in one tab.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.seams import Ack, Clock, Ids, Store
from tavernlink.core.work.bindings import Bindings
from tavernlink.core.work.formats import find_misfit
from tavernlink.core.work.lanes import Lanes
from tavernlink.core.work.ledger import Ledger
from tavernlink.core.work.moves import Moves
from tavernlink.core.work.pool import Pool
from tavernlink.core.work.queries import Queries
from tavernlink.core.work.quota import Quota
from tavernlink.core.work.reports import compare
from tavernlink.core.work.requests import FINAL, Request, RequestBook
from tavernlink.core.work.sessions import Sessions
from tavernlink.core.work.stopping import Stopping
from tavernlink.core.work.telling import Telling, command_of, deliver
from tavernlink.core.work.turns import Turns
from tavernlink.errors import GenerationError, TavernlinkError, Unavailable
from tavernlink.protocol.commands import CommandCancel, CommandDone, CommandsKnown
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import ErrorInfo, Success
from tavernlink.protocol.requests import Accepted, RequestState

__all__ = ["Work"]


class Work:
    """Everything that taverns were asked to do and have not finished."""

    def __init__(self, directory: Directory, clock: Clock, ids: Ids, store: Store, limits: HubLimits) -> None:
        self._store = store
        self._ledger = Ledger(store.requests, clock)
        self.book = RequestBook(
            keep=limits.kept_requests, keep_seconds=limits.kept_seconds, forgotten=self._ledger.remove
        )
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self.quota = Quota(waiting=limits.key_waiting, running=limits.key_running)
        self.pool = Pool(directory, ids, store.pins, limits.pool_policy)
        self.sessions = Sessions(directory, Bindings(store.bindings), self.pool)
        self.over: Callable[[Request, Event], None] = _nobody_away
        """Called with a request that has its final state, and the event that tells it."""
        self.shifted: list[Callable[[Request, int], None]] = []
        """Called with each request whose place in its queue is another one, and that place."""
        self._telling = Telling(directory, self.shifted)
        self._queries = Queries(clock, ids)
        self._moves = Moves(directory, self.pool, self.sessions, self.quota)
        self._turns = Turns(
            directory,
            self._moves,
            self.sessions,
            self.quota,
            self._telling,
            start=self._start,
            write=self._write,
        )
        self.ended: list[Callable[[Request], None]] = []
        """Called with each request that has got its final state."""
        self.moved: list[Callable[[Request], None]] = []
        """Called with each request that begins to wait or to run; for those who only watch."""
        self._stopping = Stopping(directory, self.book)

    # Asking

    def retune(self, limits: HubLimits) -> None:
        """Go by other limits from now on."""
        self._limits = limits
        self.quota.most_waiting, self.quota.most_running = limits.key_waiting, limits.key_running
        self.pool.policy = limits.pool_policy
        for tavern in self._directory.taverns.values():
            tavern.lanes.retune(detached=limits.detached, longest=limits.queue_length)

    def new_lanes(self) -> Lanes:
        """Return the queue of a tavern that is new."""
        return Lanes(detached=self._limits.detached, longest=self._limits.queue_length, quota=self.quota)

    def submit(self, request: Request, tavern: Tavern, session: Session, ack: Ack) -> None:
        """Take a request in, ack it with `Accepted`, and start what may start. Raises `queue_full` or `quota`."""
        tavern.lanes.check_room(request.lane)
        self.quota.check(request.key_id)
        self.enqueue(request, tavern, session)
        ack(Success(result=self.accepted(request)))
        self.dispatch(tavern)

    def enqueue(self, request: Request, tavern: Tavern, session: Session) -> None:
        """Let a request wait in a tavern's queue until the next `dispatch`."""
        request.tavern_id = tavern.id
        request.watchers = self._telling.watchers(session)
        self.book.add(request)
        self._write(request)
        if request.session_name is not None:
            self.sessions.begin(request)
        tavern.lanes.put(request)
        for moved in self.moved:
            moved(request)

    def accepted(self, request: Request) -> Accepted:
        """Return what the asker is told at once."""
        return self._telling.accepted(request)

    def position(self, request: Request) -> int:
        """Requests before it."""
        return self._telling.position(request)

    def ask(self, tavern: Tavern, command: str, args: Any, ack: Ack) -> None:
        """Send a command that does not queue; its outcome is the ack. Raises `tavern_gone` if nobody is there."""
        self._queries.ask(tavern, command, args, ack, self._limits)

    def watch(self, request: Request, session: Session) -> None:
        """Tell this session of the request too, beginning with where it stands."""
        self._telling.watch(request, session)

    def cancel(self, request: Request) -> None:
        """Cancel: at once while it waits, else by way of the tavern. A finished request stays as it is."""
        for sibling in request.siblings:
            self.cancel(self.book.find(request.key_id, sibling))
        if request.state == "queued":
            tavern = self._directory.taverns.get(request.tavern_id)
            if tavern is not None:
                tavern.lanes.release(request)
            self._finish(
                request, "cancelled", error=ErrorInfo(code="cancelled", message="The request was cancelled.")
            )
            if tavern is not None:
                self._telling.positions(tavern)
        elif request.state == "running" and not request.cancelling:
            request.cancelling = True
            request.deadline = self._clock.now() + self._limits.cancel_grace
            self._write(request)
            self._stop(request)

    # What taverns say

    def done(self, tavern: Tavern, message: CommandDone) -> None:
        """Take the outcome of a command; one that nobody waits for is ignored."""
        if self._queries.done(tavern, message):
            return
        request = self.book.of_tavern(tavern.id, message.request_id)
        if request is None:
            return
        self._stopping.forget(request)
        tavern.lanes.release(request)
        if request.state == "running":
            self._conclude(request, message)
        self._released(request, tavern)

    def _conclude(self, request: Request, message: CommandDone) -> None:
        if message.ok:
            misfit = find_misfit(request, message.result)
            if misfit is not None:
                self._finish(request, "failed", error=misfit)
                return
            if request.session_name is not None:
                self.sessions.settle(request, message.result, self._clock.wall())
            self._finish(request, "done", result=message.result)
            return
        error = message.error or ErrorInfo(code="command_failed", message="The tavern gave no reason.")
        cancelled = request.cancelling or error.code == "cancelled"
        self._finish(request, "cancelled" if cancelled else "failed", error=error)

    def _released(self, request: Request, tavern: Tavern) -> None:
        """A place is free, a key runs one request less, a session may have its next turn."""
        for other, bound in self.sessions.old_copies(request):
            self._queries.tell_old(other, bound)
        self.dispatch(tavern)
        if self.quota.waiting[request.key_id]:
            self.dispatch_others(tavern)

    def looked(self, tavern: Tavern) -> None:
        """A tab opened something else, or is back: it may show a session's chat that was changed elsewhere."""
        bound = None if tavern.state.generating else self.sessions.open_elsewhere(tavern)
        if bound is not None:
            self._queries.tell_old(tavern, bound)

    # Taverns come and go

    def dispatch(self, tavern: Tavern) -> None:
        """Start what may start: what waits here, then what waits elsewhere and may go anywhere."""
        self._turns.dispatch(tavern)

    def dispatch_others(self, tavern: Tavern) -> None:
        """Something that held up other taverns' requests may be over."""
        self._turns.dispatch_others(tavern)

    def tavern_left(self, tavern: Tavern) -> None:
        """Its line dropped: what did not begin there goes where there is room, or where the session has its chat."""
        self._turns.leave(tavern)

    def move_waiting(self, tavern: Tavern) -> None:
        """The page is gone for good: what waits here goes where else it may, the rest waits for it to come back."""
        self._turns.leave_for_good(tavern)

    def _start(self, tavern: Tavern, request: Request) -> None:
        request.move("running")
        request.deadline = self._clock.now() + request.timeout
        request.started = self._clock.wall()
        request.told = 0
        self._write(request)
        for moved in self.moved:
            moved(request)
        self._telling.tell(request, position=0)
        # Not before it is on disk: a hub that is killed now must know that a tavern may have begun.
        self._store.after_commit(
            lambda: self._begin(tavern, request), lambda error: self._unkept(tavern, request, error)
        )

    def _begin(self, tavern: Tavern, request: Request) -> None:
        """Send a command for the first time; not to a chat that its asker has not seen so."""
        if request.revision is not None and request.state == "running":
            try:
                tavern.mirror.check(request.revision)
            except TavernlinkError as error:
                self._unkept(tavern, request, error)
                return
        self._send(tavern, request)

    def _send(self, tavern: Tavern, request: Request) -> None:
        """Bring a request's command to its tavern, unless it came otherwise while it was written."""
        if request.state != "running" or request.tavern_id != tavern.id:
            return
        if request.cancelling:
            self._give_up(tavern, request, "cancelled", GenerationError("cancelled"))
            return
        args = request.args if request.session_name is None else self.sessions.args(request)
        tavern.session.deliver(Event("command", command_of(request, args)))

    def _unkept(self, tavern: Tavern, request: Request, error: TavernlinkError) -> None:
        """The disk refused it, or the chat is another one: its asker is told so, and it is not done."""
        if request.state == "running" and request.tavern_id == tavern.id:
            self._give_up(tavern, request, "failed", error)

    def _give_up(self, tavern: Tavern, request: Request, state: RequestState, error: TavernlinkError) -> None:
        tavern.lanes.release(request)
        self._finish(request, state, error=ErrorInfo.of(error))
        self._released(request, tavern)

    def _write(self, request: Request) -> None:
        tavern = self._directory.taverns.get(request.tavern_id)
        self._ledger.put(
            request, tavern.name if tavern is not None else "", heavy=self.book.is_heavy(request)
        )

    # A hub that was started again, a tavern that begins a new session

    def restore(self, await_tavern: Callable[[str, str], Tavern]) -> None:
        """Take up what was on disk; `await_tavern` returns the tavern of an id and name, which may come back later."""
        found = self._ledger.load(wait=self._limits.queue_timeout)
        self.book.restore([request for request, _ in found])
        for request, name in found:
            if request.state in FINAL:
                continue
            if request.session_name is not None:
                self.sessions.begin(request)
            lanes = await_tavern(request.tavern_id, name).lanes
            if request.state == "running":
                lanes.take_up(request)
            else:
                lanes.put(request)

    def take_report(self, tavern: Tavern, message: CommandsKnown) -> None:
        """A tavern in a new session says which commands it knows: what goes on, what ended, what never arrived."""
        tavern.report_due = None
        unsure, tavern.unsure = tavern.unsure, frozenset()
        found = compare(tavern.lanes.taken(), message, unsure=unsure, wall=self._clock.wall())
        for request in found.stop:
            self._stop(request)
        for request in found.send:
            self._send(tavern, request)
        for wire_id in found.strange:
            tavern.session.deliver(Event("command.cancel", CommandCancel(request_id=wire_id)))
        self._fail(tavern, found.lost, Unavailable("interrupted"))
        self.dispatch(tavern)

    def fail_running(self, tavern: Tavern, error: TavernlinkError) -> None:
        """The page is gone: everything that ran in it fails."""
        tavern.report_due = None
        self.fail_asked(tavern, error)
        self._fail(tavern, tavern.lanes.taken(), error)

    def fail_asked(self, tavern: Tavern, error: TavernlinkError) -> None:
        """Commands that did not queue are of one session; their askers are told."""
        self._queries.fail(tavern, error)

    def _fail(self, tavern: Tavern, requests: list[Request], error: TavernlinkError) -> None:
        lost: list[Request] = []
        for request in requests:
            tavern.lanes.release(request)
            self._stopping.forget(request)
            if request.state != "running":
                continue
            lost.append(request)
        for request in lost:
            target = self._moves.again(request)
            if target is not None:
                self._repeat(request, target)
                continue
            state: RequestState = "cancelled" if request.cancelling else "failed"
            self._finish(request, state, error=ErrorInfo.of(error))

    def _repeat(self, request: Request, target: Tavern) -> None:
        request.retried = True
        request.move("queued")
        request.started = None
        request.told = None
        request.deadline = self._clock.now() + self._limits.queue_timeout
        self._moves.aim(request, target)
        self._write(request)
        target.lanes.put(request)
        for moved in self.moved:
            moved(request)
        self._telling.tell(request, target.lanes.position(request))
        self.dispatch(target)

    def tick(self, now: float) -> None:
        """Let time-outs happen."""
        self._queries.tick(now)
        for tavern in list(self._directory.taverns.values()):
            if tavern.report_due is not None and now >= tavern.report_due:
                self.fail_running(tavern, Unavailable("interrupted"))
        for request in self.book.open():
            if now >= request.deadline:
                self._expire(request, now)
        for held, holder in self._stopping.overdue(now):
            if holder.lanes.release(held):
                self._released(held, holder)
        for tavern in list(self._directory.taverns.values()):
            if tavern.lanes.waiting and tavern.online:
                self.dispatch(tavern)  # a session may have waited for somebody at another tab
        self.book.keep, self.book.keep_seconds = self._limits.kept_requests, self._limits.kept_seconds
        self.book.prune(now)

    def _expire(self, request: Request, now: float) -> None:
        tavern = self._directory.taverns.get(request.tavern_id)
        if request.state == "queued":
            if tavern:
                tavern.lanes.release(request)
            waited = f"It waited {self._limits.queue_timeout:g} s without getting its turn."
            self._finish(request, "failed", error=ErrorInfo(code="timeout", message=waited))
            if tavern:
                self._telling.positions(tavern)
            return
        self._stopping.hold(request, now + self._limits.cancel_grace)
        if request.cancelling:
            self._finish(
                request, "cancelled", error=ErrorInfo(code="cancelled", message="The request was cancelled.")
            )
            return
        self._stop(request)
        ran = f"It ran longer than its time limit of {request.timeout:g} s."
        self._finish(request, "failed", error=ErrorInfo(code="timeout", message=ran))

    def _stop(self, request: Request) -> None:
        tavern = self._directory.taverns.get(request.tavern_id)
        if tavern is not None:
            tavern.session.deliver(Event("command.cancel", CommandCancel(request_id=request.wire_id)))

    # Telling

    def _finish(
        self, request: Request, state: RequestState, *, result: Any = None, error: ErrorInfo | None = None
    ) -> None:
        request.move(state)
        request.result = result
        request.error = error
        if request.session_name is not None:
            self.sessions.end(request)
        event, watchers = Event("request.update", request.update()), request.watchers
        self.book.finish(request, self._clock.now(), weight=event.size)
        self._write(request)
        self.over(request, event)
        # Told when it is on disk, so that nobody hears of an outcome that is another one after a restart. A disk that
        # fails is no reason to keep an outcome back.
        tell = partial(deliver, event, watchers)
        self._store.after_commit(tell, lambda _error: tell())
        for ended in self.ended:
            ended(request)


def _nobody_away(_request: Request, _event: Event) -> None:
    """There are no inboxes."""
