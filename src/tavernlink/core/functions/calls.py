"""Calls: taken in once, started in order, ended exactly once whatever happens.

Finished calls whose id the caller chose are remembered for a while, so that a repetition finds its result.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tavernlink.core.functions.call import Asker, Call
from tavernlink.core.functions.function import Function, Places
from tavernlink.errors import (
    AuthError,
    BadMessage,
    Conflict,
    GenerationError,
    NotFound,
    TavernlinkError,
    Unavailable,
)
from tavernlink.protocol.event import Event
from tavernlink.protocol.functions import FunctionProgress, FunctionResult
from tavernlink.protocol.outcome import ErrorInfo

if TYPE_CHECKING:
    from tavernlink.core.functions.call_log import CallLog
    from tavernlink.core.functions.provider import Provider
    from tavernlink.core.limits import HubLimits
    from tavernlink.core.seams import Clock, Ids, Journal

__all__ = ["Calls", "fingerprint"]

_DEPTHS = 10_000  # ended calls whose depth is remembered: they may still be named as a parent


class Calls:
    """Every call that is not over, and those that are remembered."""

    def __init__(self, *, clock: Clock, ids: Ids, limits: HubLimits, log: CallLog, journal: Journal) -> None:
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._log = log
        self._journal = journal
        self.over: Callable[[Call, Event], None] = _nobody_away
        """Called with each call that has its result and whose caller gets it as this event."""
        self.began: list[Callable[[Call], None]] = []
        """Called with each call that its provider was given; for those who only watch."""
        self.ended: list[Callable[[Call], None]] = []
        """Called with each call that has its result; for those who only watch."""
        self._open: dict[str, Call] = {}
        """By the hub's id: those that wait or hold a place."""
        self._known: dict[tuple[str, str], Call] = {}
        """By key and the caller's id: those that are open, and those that are remembered."""
        self._over: OrderedDict[tuple[str, str], float] = OrderedDict()
        """Of these, those that are over, and until when they are remembered."""
        self._remembered = 0
        """Bytes of their results."""
        self._of_key: Counter[str] = Counter()
        """Key → calls without a result."""
        self._depths: OrderedDict[str, int] = OrderedDict()
        """By the hub's id: how deep calls were that are over."""
        self._moving: set[Places] = set()

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.now()

    # Taking in

    def repeated(self, asker: Asker, call_id: str, asked: bytes) -> Call | None:
        """Return the call that this key made under this id. Raises `call_id_in_use` where it was another one."""
        call = self._known.get((_key_id(asker), call_id))
        if call is not None and call.asked != asked:
            raise Conflict("call_id_in_use", details={"call_id": call_id})
        return call

    def take(
        self,
        asker: Asker,
        function: Function,
        args: dict[str, Any],
        *,
        size: int,
        call_id: str | None = None,
        asked: bytes = b"",
        timeout: float | None = None,
        parent: str | None = None,
    ) -> Call:
        """Take a call in and give it a place; `go` sends it off.

        Raises `forbidden`, `too_large`, `invalid_arguments`, `call_loop`, `quota`, `busy`.
        """
        key_id = _key_id(asker)
        self._check(asker, function, args, size)
        within = self._open.get(parent or "")
        depth = self._depth(function, parent or "")
        if self._of_key[key_id] >= self._limits.key_calls and asker.key is not None:
            raise Unavailable(
                "quota", f"This key has {self._limits.key_calls} calls open, as many as it may."
            )
        places = function.places
        call = Call(
            self,
            call_id=self._ids.new("f"),
            asker_id=call_id or self._ids.new("call"),
            asker=asker,
            function=function,
            args=args,
            asked=asked if call_id else b"",
            began=self.now(),
            limit=self._limit(function, timeout),
            within=within,
            depth=depth,
        )
        bypasses = call.is_within(places)
        if not bypasses:
            places.check(function)
        self._open[call.call_id] = call
        self._known[key_id, call.asker_id] = call
        self._of_key[key_id] += 1
        if bypasses:
            call.state = "running"  # the call that it is made in holds a place for both
        elif places.free:
            self._occupy(call)
        else:
            places.waiting.append(call)
        return call

    def go(self, call: Call) -> None:
        """Have the provider begin, where the call's turn has come."""
        if call.state != "running" or call.sent:
            return
        call.sent = True
        try:
            call.function.provider.invoke(call)
            for began in self.began:
                began(call)
        except TavernlinkError as error:
            call.fail(error)
        except Exception as error:  # noqa: BLE001 (one call must not cost the others)
            self._journal("call.not_started", function=call.function.address, why=repr(error))
            call.fail(TavernlinkError("internal"))

    def _depth(self, function: Function, parent: str) -> int:
        outer = self._open[parent].depth if parent in self._open else self._depths.get(parent, -1)
        if outer + 1 < self._limits.call_depth:
            return outer + 1
        raise Conflict(
            "call_loop",
            f"{function.address} is called within {outer + 1} other calls, and {self._limits.call_depth - 1} are the "
            "limit. Do these functions call each other in a circle?",
            {"function": function.address, "depth": outer + 1},
        )

    def _check(self, asker: Asker, function: Function, args: dict[str, Any], size: int) -> None:
        missing = set(function.spec.scopes) - asker.key.held if asker.key is not None else None
        if missing:
            raise _forbidden(function, sorted(missing))
        if size > self._limits.function_bytes:
            raise BadMessage(
                "too_large",
                f"The arguments have {size} bytes, and {self._limits.function_bytes} are the limit "
                "(`function_bytes` in the hub's settings).",
                {"size": size, "limit": self._limits.function_bytes},
            )
        problem = function.arguments.problem(args) if function.arguments is not None else None
        if problem is not None:
            path = f"$.args{problem.path}"
            raise BadMessage(
                "invalid_arguments",
                f"The arguments do not fit {function.address}: {problem.message} (at {path}).",
                {"path": path, "keyword": problem.keyword, "function": function.address},
            )

    def _limit(self, function: Function, wanted: float | None) -> float:
        longest = function.spec.timeout or self._limits.function_timeout
        if function.spec.timeout is None and wanted is not None:
            longest = self._limits.longest_timeout  # the function has none of its own: the caller knows best
        return min(longest if wanted is None else min(wanted, longest), self._limits.longest_timeout)

    # Ending

    def provider_said(self, call: Call, result: Any, error: ErrorInfo | None) -> None:
        """A provider's outcome; the first one counts, and one that comes too late only frees the place."""
        if call.call_id not in self._open:
            return
        if call.state == "running":
            if error is None:
                self._conclude(call, result)
            else:
                self._finish(call, FunctionResult(call_id=call.asker_id, ok=False, error=error))
        self._release(call)

    def cancel(self, call: Call) -> None:
        """The caller wants it no more."""
        self._abandon(call, GenerationError("cancelled", "The call was cancelled."))

    def fail_all(self, provider: Provider, error: TavernlinkError, name: str | None = None) -> None:
        """The provider, or one function of it, is gone."""
        gone = [
            call
            for call in self._open.values()
            if call.function.provider is provider and name in (None, call.name)
        ]
        for call in gone:
            self._finish(call, _failed(call, error))
        for call in gone:
            self._release(call)

    def tick(self, now: float) -> None:
        """Let time-outs and graces happen, and forget what is old."""
        for call in list(self._open.values()):
            if call.state != "done" and now >= call.deadline:
                late = f"{call.function.address} did not answer within {call.limit:g} seconds."
                self._abandon(call, Unavailable("timeout", late))
            elif call.held_until is not None and now >= call.held_until:
                self._release(call)
        self._forget(now)
        self._log.tick(now)

    def tell(self, call: Call, progress: FunctionProgress) -> None:
        """Hand progress to whoever waits."""
        if call.state != "running":
            return
        event = Event("function.progress", progress)
        sessions = {*call.watchers, *(session for session, _ in call.ends if session is not None)}
        for session in sessions:
            session.deliver(event)

    # Looking

    def carried_out(self, call_id: str) -> Call | None:
        """Return the open call with this id of the hub's."""
        return self._open.get(call_id)

    def asked_for(self, key: str, call_id: str) -> Call:
        """Return the call that a key knows under this id. Raises `unknown_call`."""
        call = self._known.get((key, call_id))
        if call is None:
            raise NotFound("unknown_call", details={"call_id": call_id})
        return call

    # Within

    @staticmethod
    def _occupy(call: Call) -> None:
        call.state = "running"
        call.placed = True
        call.function.places.running += 1

    def _abandon(self, call: Call, error: TavernlinkError) -> None:
        """End a call for its caller; if it runs, the provider is told, and has a moment to stop."""
        running = call.state == "running"
        self._finish(call, _failed(call, error))
        if not running:
            self._release(call)
            return
        call.held_until = self.now() + self._limits.cancel_grace
        try:
            call.function.provider.cancel(call)
        except Exception as problem:  # noqa: BLE001 (one call must not cost the others)
            self._journal("call.not_cancelled", function=call.function.address, why=repr(problem))

    def _conclude(self, call: Call, result: Any) -> None:
        problem = call.function.result.problem(result) if call.function.result is not None else None
        if problem is None:
            self._finish(call, FunctionResult(call_id=call.asker_id, ok=True, result=result))
            return
        path = f"${problem.path}"
        error = GenerationError(
            "invalid_result",
            f"What {call.function.address} returned does not fit its own schema: {problem.message} (at {path}).",
            {"path": path, "keyword": problem.keyword},
        )
        self._finish(call, _failed(call, error))

    def _finish(self, call: Call, outcome: FunctionResult) -> None:
        if call.state == "done":
            return
        try:
            event = Event("function.result", outcome)
        except (TypeError, ValueError) as problem:
            why = f"What {call.function.address} returned cannot be written as JSON: {problem}."
            outcome = _failed(call, GenerationError("invalid_result", why))
            event = Event("function.result", outcome)
        if event.size > self._limits.function_bytes:
            most = self._limits.function_bytes
            why = f"What {call.function.address} returned has {event.size} bytes, and {most} are the limit."
            outcome = _failed(call, BadMessage("too_large", why, {"size": event.size, "limit": most}))
            event = Event("function.result", outcome)
        if call.state == "queued":
            call.function.places.waiting.remove(call)
        call.state = "done"
        call.outcome = outcome
        call.size = event.size
        call.args = {}
        self._remember(call)
        self._forget(self.now())
        self._log.record(call)
        for ended in self.ended:
            ended(call)
        for session in call.watchers:
            session.deliver(event)
        if call.watchers:
            self.over(call, event)
        ends, call.ends = call.ends, []
        for _, end in ends:
            end(outcome)

    def _release(self, call: Call) -> None:
        """The place is free; it is the next one's turn."""
        if self._open.pop(call.call_id, None) is None:
            return
        self._depths[call.call_id] = call.depth
        if len(self._depths) > _DEPTHS:
            self._depths.popitem(last=False)
        call.held_until = call.within = None
        if call.placed:
            call.placed = False
            call.function.places.running -= 1
            self._move(call.function.places)

    def _move(self, places: Places) -> None:
        if places in self._moving:  # a provider that answers at once; the loop below goes on
            return
        self._moving.add(places)
        try:
            while places.waiting and places.running < places.limit:
                call = places.waiting.popleft()
                self._occupy(call)
                self.go(call)
        finally:
            self._moving.discard(places)

    def _remember(self, call: Call) -> None:
        name = (_key_id(call.asker), call.asker_id)
        self._of_key[name[0]] -= 1
        if not self._of_key[name[0]]:
            del self._of_key[name[0]]
        if not call.asked:
            self._known.pop(name, None)  # nobody can ask for it again
            return
        self._over[name] = self.now() + self._limits.kept_call_seconds
        self._remembered += call.size

    def _forget(self, now: float) -> None:
        """Drop results that are old or too many."""
        limits = self._limits
        while self._over:
            name, until = next(iter(self._over.items()))
            few = len(self._over) <= limits.kept_calls and self._remembered <= limits.kept_call_bytes
            if few and now < until:
                return
            del self._over[name]
            self._remembered -= self._known.pop(name).size


def fingerprint(words: str, provider: str | None, args: bytes) -> bytes:
    """Return what tells a repetition of a call from another one under the same id."""
    return hashlib.sha256(b"\0".join((words.encode(), (provider or "").encode(), args))).digest()


def _key_id(asker: Asker) -> str:
    return asker.key.id if asker.key is not None else ""


def _failed(call: Call, error: TavernlinkError) -> FunctionResult:
    return FunctionResult(call_id=call.asker_id, ok=False, error=ErrorInfo.of(error))


def _forbidden(function: Function, missing: list[str]) -> AuthError:
    return AuthError(
        "forbidden",
        f"This key may not call {function.address}: it lacks the scope {' and '.join(missing)}.",
        {"function": function.address, "scopes": missing},
    )


def _nobody_away(call: Call, event: Event) -> None:
    """For a hub without inboxes."""
