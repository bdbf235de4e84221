"""Requests: one asked-for action with a place in a queue, a state, and exactly one final outcome.

    queued ──► running ──► done
      │  ◄────────┤├─────► failed
      └───────────┴┴─────► cancelled        (queued may fail too: its time ran out, its tavern never came back)

From running back to queued: its tavern was lost before the first word, and another may do it; once.

The table below is the only place that says which step is legal; any other raises.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Literal

from tavernlink.core.peers.session import Session
from tavernlink.core.relay.streams import Stream
from tavernlink.errors import Conflict, NotFound
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.protocol.requests import RequestState, RequestUpdate

__all__ = ["ALL_HEAVY", "FINAL", "FORGOTTEN", "HEAVY", "Lane", "Pool", "Request", "RequestBook"]

Lane = Literal["visible", "detached", "immediate"]
"""`visible` touches the open chat: one at a time. `detached` does not. `immediate` has room for all."""

Pool = Literal["named", "default", "any"]
"""Where it may go: `named` to its one tavern, `any` to whichever can, `default` to the first one there is."""

_STEPS: Mapping[RequestState, frozenset[RequestState]] = {
    "queued": frozenset({"running", "failed", "cancelled"}),
    "running": frozenset({"queued", "done", "failed", "cancelled"}),
    "done": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
FINAL = frozenset(state for state, steps in _STEPS.items() if not steps)
HEAVY = 256 << 10
"""Bytes of an outcome from which on it is not written to the disk."""
ALL_HEAVY = 64 << 20
"""Bytes of all such outcomes that are kept in memory; the oldest results are dropped first."""
FORGOTTEN = -1
"""A revision that no chat is at."""


class Request:
    """One action on its way to a tavern and back."""

    __slots__ = (
        "args",
        "asked",
        "asker",
        "asker_name",
        "by",
        "caller",
        "cancelling",
        "character",
        "command",
        "created",
        "deadline",
        "dropped",
        "error",
        "finished",
        "key_id",
        "lane",
        "limits",
        "owner",
        "pieces",
        "pool",
        "priority",
        "request_id",
        "result",
        "retried",
        "revision",
        "session_name",
        "siblings",
        "since",
        "started",
        "state",
        "stream",
        "streamed",
        "tavern_id",
        "timeout",
        "told",
        "watchers",
        "wire_id",
    )

    def __init__(  # noqa: PLR0915 (half of the statements are words)
        self,
        *,
        request_id: str,
        wire_id: str,
        key_id: str,
        lane: Lane,
        command: str,
        args: Any,
        asked: bytes,
        created: float,
        deadline: float,
        timeout: float,
        asker: str = "",
        asker_name: str = "",
        priority: int = 0,
        pool: Pool = "named",
        character: str | None = None,
        session_name: str | None = None,
        limits: tuple[str, ...] | None = None,
        since: float = 0.0,
        owner: str | None = None,
        caller: str | None = None,
        by: str | None = None,
        revision: int | None = None,
    ) -> None:
        self.request_id = request_id
        """As its asker named it; unique under one key."""
        self.wire_id = wire_id
        """As the tavern knows it; unique for ever."""
        self.key_id = key_id
        self.lane: Lane = lane
        self.command = command
        self.args = args
        self.asked = asked
        """Fingerprint of what was asked, to tell a repetition from a clash."""
        self.created = created
        """Monotonic time."""
        self.deadline = deadline
        """Monotonic time at which it fails with `timeout`: first of waiting, then of running."""
        self.timeout = timeout
        """Seconds that the work may take once it runs."""
        self.state: RequestState = "queued"
        self.tavern_id = ""
        self.asker = asker or key_id
        """Who takes turns with the others in a queue: a key's app, or the key where its apps come and go."""
        self.asker_name = asker_name
        """What the app that asked calls itself; for people."""
        self.priority = priority
        """Higher goes first; only managers give it."""
        self.pool: Pool = pool
        self.character = character
        """As it was asked for; each tavern has its own id for it."""
        self.session_name = session_name
        """The session that it is a turn of."""
        self.limits = limits
        """Ids or names of the taverns that its key reaches; None: every one."""
        self.since = since
        """When it was asked, in seconds since 1970; for people."""
        self.started: float | None = None
        """When its command went to a tavern, in seconds since 1970."""
        self.owner = owner
        """Id of the app that asked, where that id is its own and stays: its final state may wait in an inbox."""
        self.caller = caller
        """Of a command that was asked for by its name: who asked, in words for the person at the tavern."""
        self.by = by
        """With `caller`: its member id."""
        self.revision = revision
        """The open chat must be at this one when the command begins."""
        self.told: int | None = None
        """The position that its asker was last told."""
        self.streamed = False
        """Its asker has had text: doing it again would say it twice."""
        self.pieces = 0
        """Of text that came by its streams that are over; with tools there are several."""
        self.retried = False
        """A tavern was lost over it already."""
        self.siblings: tuple[str, ...] = ()
        """Of a request that was broadcast: names of the other taverns' requests."""
        self.result: Any = None
        self.dropped = False
        """Its result was too large to be kept."""
        self.error: ErrorInfo | None = None
        self.cancelling = False
        self.finished: float | None = None
        self.stream: Stream | None = None
        self.watchers: tuple[Session, ...] = ()
        """Sessions that get its updates and its stream without subscribing."""

    @property
    def by_name(self) -> str | None:
        """The command that was asked for by its name; None: it is one of the hub's own."""
        return self.command if self.caller is not None else None

    def move(self, state: RequestState) -> None:
        """Take a legal step. Raises `Conflict` (`already_finished`) for any other."""
        if state not in _STEPS[self.state]:
            raise Conflict("already_finished", f"A request cannot go from {self.state!r} to {state!r}.")
        self.state = state

    def update(self, position: int | None = None) -> RequestUpdate:
        """Return its present state as a message."""
        return RequestUpdate(
            request_id=self.request_id,
            state=self.state,
            tavern=self.tavern_id or None,
            position=position,
            result=self.result,
            error=self.error,
            dropped=self.dropped,
        )

    def drop_result(self) -> None:
        """Keep no result, only that there was one."""
        self.result, self.dropped = None, True


class RequestBook:
    """Every request that is not finished, and the late ones for a while, so that a repetition finds its answer."""

    def __init__(
        self,
        *,
        keep: int = 5_000,
        keep_seconds: float = 86_400.0,
        forgotten: Callable[[Request], None] | None = None,
    ) -> None:
        self.keep = keep
        self.keep_seconds = keep_seconds
        self._forgotten = forgotten or _ignore
        """Called for each finished request that is forgotten."""
        self._by_name: dict[tuple[str, str], Request] = {}
        self._by_wire: dict[str, Request] = {}
        self._finished: OrderedDict[str, Request] = OrderedDict()
        self._heavy: OrderedDict[str, int] = OrderedDict()
        """Finished ones with a large result, and how large, in bytes."""

    def find(self, key_id: str, request_id: str) -> Request:
        """Return a key's request. Raises `NotFound`."""
        request = self._by_name.get((key_id, request_id))
        if request is None:
            raise NotFound("unknown_request", f"No request {request_id!r} is known under this key.")
        return request

    def find_any(self, request_id: str) -> Request:
        """Return a request of any key, by either id; for admins. Raises `NotFound`."""
        request = self._by_wire.get(request_id)
        for (_, name), each in self._by_name.items():
            if request is None and name == request_id:
                request = each
        if request is None:
            raise NotFound("unknown_request", f"No request {request_id!r} is known.")
        return request

    def repeated(self, key_id: str, request_id: str, asked: bytes) -> Request | None:
        """Return the request that was already asked under this id. Raises `Conflict` if it asked something else."""
        request = self._by_name.get((key_id, request_id))
        if request is not None and request.asked != asked:
            raise Conflict(
                "request_id_in_use", f"The request_id {request_id!r} was used for a different request."
            )
        return request

    def by_wire(self, wire_id: str | None) -> Request | None:
        """Return the request that a tavern speaks of."""
        return self._by_wire.get(wire_id) if wire_id else None

    def of_tavern(self, tavern_id: str, wire_id: str) -> Request | None:
        """Return what a tavern is to do under this id of a command."""
        request = self.by_wire(wire_id)
        return request if request is not None and request.tavern_id == tavern_id else None

    def add(self, request: Request) -> None:
        """Take a new request in."""
        self._by_name[request.key_id, request.request_id] = request
        self._by_wire[request.wire_id] = request

    def finish(self, request: Request, now: float, *, weight: int = 0) -> None:
        """Keep a finished request for those who ask again; `weight`: bytes of its outcome.

        A file that was asked for may be large: of such results only the latest are kept.
        """
        request.finished = now
        request.args = None
        self._finished[request.wire_id] = request
        if weight > HEAVY:
            self._heavy[request.wire_id] = weight
            while len(self._heavy) > 1 and sum(self._heavy.values()) > ALL_HEAVY:
                self._drop(next(iter(self._heavy)))
        self.prune(now)

    def is_heavy(self, request: Request) -> bool:
        """True for a finished request whose result is too large for the disk."""
        return request.wire_id in self._heavy

    def _drop(self, wire_id: str) -> None:
        del self._heavy[wire_id]
        self._by_wire[wire_id].drop_result()

    def restore(self, requests: list[Request]) -> None:
        """Take in what was on disk."""
        for request in requests:
            self.add(request)
        over = [request for request in requests if request.finished is not None]
        over.sort(key=lambda request: request.finished or 0.0)
        self._finished.update((request.wire_id, request) for request in over)

    def prune(self, now: float) -> None:
        """Forget what finished long ago, or more than enough of it."""
        while self._finished:
            wire_id, oldest = next(iter(self._finished.items()))
            if len(self._finished) <= self.keep and now - (oldest.finished or now) <= self.keep_seconds:
                return
            del (
                self._finished[wire_id],
                self._by_wire[wire_id],
                self._by_name[oldest.key_id, oldest.request_id],
            )
            self._heavy.pop(wire_id, None)
            self._forgotten(oldest)

    def open(self) -> list[Request]:
        """Requests without a final state."""
        return [request for request in self._by_wire.values() if request.state not in FINAL]

    def of_key(self, key_id: str | None) -> list[Request]:
        """Requests of one key, or of all, oldest first; finished ones as long as they are kept."""
        return [request for request in self._by_wire.values() if key_id in (None, request.key_id)]

    def forget_session(self, session: Session) -> None:
        """Stop telling a session that is over."""
        for request in self._by_wire.values():
            if session in request.watchers:
                request.watchers = tuple(watcher for watcher in request.watchers if watcher is not session)


def _ignore(_request: Request) -> None:
    """Nobody wants to know."""
