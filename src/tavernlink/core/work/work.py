"""Work: brings requests to taverns and their outcomes back.

A request's final state and its place in the lane are two things: a cancelled or timed-out request is over for its
asker at once, but the place stays taken until the tavern says that it stopped, or a short grace has passed. So two
visible generations never overlap in one tab.
"""

from __future__ import annotations

from typing import Any

from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.seams import Ack, Clock, Ids, Store
from tavernlink.core.work.bindings import Binding, Bindings
from tavernlink.core.work.requests import FINAL, Request, RequestBook
from tavernlink.errors import TavernlinkError, Unavailable
from tavernlink.protocol.commands import Command, CommandCancel, CommandDone
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import ErrorInfo, Success, failure_of
from tavernlink.protocol.requests import Accepted, RequestState

__all__ = ["Work"]


class Work:
    """Everything that taverns were asked to do and have not finished."""

    def __init__(self, directory: Directory, clock: Clock, ids: Ids, store: Store, limits: HubLimits) -> None:
        self.book = RequestBook()
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self.bindings = Bindings(store.bindings)
        self._limits = limits
        self._asked: dict[str, tuple[Ack, float, str]] = {}
        """Immediate commands: wire id → (ack, deadline, tavern)."""
        self._stopping: dict[str, float] = {}
        """Wire ids that hold a place after their final state → when the place is taken from them."""

    # Asking

    def submit(self, request: Request, tavern: Tavern, session: Session, ack: Ack) -> None:
        """Queue a request for a tavern. Raises `queue_full`."""
        tavern.lanes.check_room(request)
        request.tavern_id = tavern.id
        request.watchers = (session,)
        self.book.add(request)
        tavern.lanes.put(request)
        ack(Success(result=self.accepted(request)))
        self.dispatch(tavern)

    def accepted(self, request: Request) -> Accepted:
        """Return what the asker is told at once."""
        return Accepted(request_id=request.request_id, position=self.position(request), state=request.state)

    def position(self, request: Request) -> int:
        """Requests before it."""
        tavern = self._directory.taverns.get(request.tavern_id)
        return tavern.lanes.position(request) if tavern and request.state == "queued" else 0

    def ask(self, tavern: Tavern, command: str, args: Any, ack: Ack) -> None:
        """Send a command that does not queue; its outcome is the ack. Raises `tavern_gone` if nobody is there."""
        if not tavern.online:
            raise Unavailable(
                "tavern_gone", f"The tavern {tavern.name!r} is not connected just now. Try again later."
            )
        wire_id = self._ids.new("c")
        self._asked[wire_id] = (ack, self._clock.now() + self._limits.immediate_timeout, tavern.id)
        tavern.session.deliver(Event("command", Command(name=command, request_id=wire_id, args=args)))

    def watch(self, request: Request, session: Session) -> None:
        """Tell this session of the request too, beginning with where it stands."""
        if session in request.watchers:
            return
        request.watchers = (*request.watchers, session)
        if request.state not in FINAL:
            session.deliver(Event("request.update", request.update(self.position(request))))
            stream = request.stream
            if stream is not None:
                stream.epoch = -1
                session.deliver(Event("stream.start", stream.asker_start()))
                for delta in stream.catch_up():
                    session.deliver(Event("stream.delta", delta))
        else:
            session.deliver(Event("request.update", request.update()))

    def cancel(self, request: Request) -> None:
        """Cancel: at once while it waits, else by way of the tavern. A finished request stays as it is."""
        if request.state == "queued":
            tavern = self._directory.taverns[request.tavern_id]
            tavern.lanes.release(request)
            self._finish(
                request, "cancelled", error=ErrorInfo(code="cancelled", message="The request was cancelled.")
            )
            self._tell_positions(tavern)
        elif request.state == "running" and not request.cancelling:
            request.cancelling = True
            request.deadline = self._clock.now() + self._limits.cancel_grace
            self._stop(request)

    # What taverns say

    def done(self, tavern: Tavern, message: CommandDone) -> None:
        """Take the outcome of a command; one that nobody waits for is ignored."""
        asked = self._asked.get(message.request_id)
        if asked is not None and asked[2] == tavern.id:
            del self._asked[message.request_id]
            asked[0](_outcome(message))
            return
        request = self.book.by_wire(message.request_id)
        if request is None or request.tavern_id != tavern.id:
            return
        self._stopping.pop(request.wire_id, None)
        tavern.lanes.release(request)
        if request.state == "running":
            self._conclude(request, message)
        self.dispatch(tavern)

    def _conclude(self, request: Request, message: CommandDone) -> None:
        if message.ok:
            self._bind(request, message.result)
            self._finish(request, "done", result=message.result)
            return
        error = message.error or ErrorInfo(code="command_failed", message="The tavern gave no reason.")
        cancelled = request.cancelling or error.code == "cancelled"
        self._finish(request, "cancelled" if cancelled else "failed", error=error)

    def _bind(self, request: Request, result: Any) -> None:
        chat_id = result.get("chat_id") if isinstance(result, dict) else None
        if request.session_name is not None and isinstance(chat_id, str):
            character = result.get("character_id") or request.args.get("character")
            self.bindings.put(
                Binding(
                    key_id=request.key_id,
                    session=request.session_name,
                    tavern_id=request.tavern_id,
                    character=character,
                    chat_id=chat_id,
                )
            )

    # Taverns come and go

    def dispatch(self, tavern: Tavern) -> None:
        """Start what may start."""
        moved = False
        while tavern.online and (request := tavern.lanes.next()) is not None:
            moved = True
            request.move("running")
            request.deadline = self._clock.now() + request.timeout
            if request.session_name is not None:
                request.args = self._bound_args(request)
            self._tell(request, position=0)
            command = Command(name=request.command, request_id=request.wire_id, args=request.args)
            tavern.session.deliver(Event("command", command))
        if moved:
            self._tell_positions(tavern)

    def _bound_args(self, request: Request) -> dict[str, Any]:
        """A session's chat, as its last turn left it: turns that waited together must all use the same chat."""
        args: dict[str, Any] = dict(request.args)
        bound = self.bindings.find(request.key_id, request.session_name or "")
        here = bound is not None and bound.tavern_id == request.tavern_id
        if bound is not None and here and args.get("character") in (None, bound.character):
            args.update(character=bound.character, chat_id=bound.chat_id)
        return args

    def fail_running(self, tavern: Tavern, error: TavernlinkError) -> None:
        """The page is gone: everything that ran in it fails."""
        for wire_id, (ack, _, tavern_id) in list(self._asked.items()):
            if tavern_id == tavern.id:
                del self._asked[wire_id]
                ack(failure_of(error))
        for request in tavern.lanes.taken():
            tavern.lanes.release(request)
            self._stopping.pop(request.wire_id, None)
            if request.state == "running":
                state: RequestState = "cancelled" if request.cancelling else "failed"
                self._finish(request, state, error=ErrorInfo.of(error))

    def move_floating(self, tavern: Tavern) -> None:
        """Give what waits here for any tavern to another one, where there is one."""
        other = self._directory.default()
        if other is None or other is tavern or not other.online:
            return
        for request in tavern.lanes.queued():
            if request.floating:
                tavern.lanes.release(request)
                request.tavern_id = other.id
                other.lanes.put(request)
        self.dispatch(other)
        self._tell_positions(other)

    def tick(self, now: float) -> None:
        """Let time-outs happen."""
        for wire_id, (ack, deadline, _) in list(self._asked.items()):
            if now >= deadline:
                del self._asked[wire_id]
                ack(
                    failure_of(
                        Unavailable("timeout", "The tavern did not answer in time. Is a dialog open there?")
                    )
                )
        for request in self.book.open():
            if now >= request.deadline:
                self._expire(request, now)
        for wire_id, deadline in list(self._stopping.items()):
            held = self.book.by_wire(wire_id)
            if now >= deadline or held is None:
                del self._stopping[wire_id]
                tavern = self._directory.taverns.get(held.tavern_id) if held else None
                if held and tavern and tavern.lanes.release(held):
                    self.dispatch(tavern)
        self.book.prune(now)

    def _expire(self, request: Request, now: float) -> None:
        tavern = self._directory.taverns.get(request.tavern_id)
        if request.state == "queued":
            if tavern:
                tavern.lanes.release(request)
            waited = f"It waited {self._limits.queue_timeout:g} s without getting its turn."
            self._finish(request, "failed", error=ErrorInfo(code="timeout", message=waited))
            if tavern:
                self._tell_positions(tavern)
            return
        self._stopping[request.wire_id] = now + self._limits.cancel_grace
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
        self.book.finish(request, self._clock.now())
        self._tell(request)

    def _tell(self, request: Request, position: int | None = None) -> None:
        event = Event("request.update", request.update(position))
        for session in request.watchers:
            session.deliver(event)

    def _tell_positions(self, tavern: Tavern) -> None:
        for request in tavern.lanes.queued():
            self._tell(request, tavern.lanes.position(request))


def _outcome(message: CommandDone) -> Any:
    if message.ok:
        return Success(result=message.result)
    error = message.error or ErrorInfo(code="command_failed", message="The tavern gave no reason.")
    return failure_of(error.to_error())
