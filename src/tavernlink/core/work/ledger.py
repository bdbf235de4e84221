"""Requests on disk: as they were asked, where they stand, and what came of them.

A request is written with each change of its state: when it is taken in, before its command goes to a tavern, and with
its outcome before anybody is told of it. So a hub that was killed knows after its start what it had promised, and what
a tavern may have begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tavernlink.core.work.requests import FINAL, FORGOTTEN, Lane, Pool, Request
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.protocol.requests import RequestState

if TYPE_CHECKING:
    from tavernlink.core.seams import Clock, Shelf

__all__ = ["KeptRequest", "Ledger"]


class KeptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the store keeps it. Times are seconds since 1970."""

    wire_id: str
    key_id: str
    request_id: str
    state: RequestState
    created: float
    finished: float | None
    body: dict[str, Any]
    """`_Body`."""


class _Body(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What only the core reads."""

    lane: Lane
    command: str
    asked: str
    """Hexadecimal."""
    tavern: str
    tavern_name: str = ""
    timeout: float
    asker: str = ""
    asker_name: str = ""
    owner: str | None = None
    args: Any = None
    """None once it is over."""
    priority: int = 0
    pool: Pool = "named"
    character: str | None = None
    session_name: str | None = None
    limits: tuple[str, ...] | None = None
    caller: str | None = None
    by: str | None = None
    revision: int | None = None
    started: float | None = None
    streamed: bool = False
    retried: bool = False
    cancelling: bool = False
    siblings: tuple[str, ...] = ()
    result: Any = None
    dropped: bool = False
    error: ErrorInfo | None = None


class Ledger:
    """Writes requests down and reads them again."""

    def __init__(self, shelf: Shelf[KeptRequest], clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock

    def put(self, request: Request, tavern_name: str = "", *, heavy: bool = False) -> None:
        """Write down where a request stands now; `heavy`: without its result, which is too large."""
        over = request.state in FINAL
        body = _Body(
            lane=request.lane,
            command=request.command,
            asked=request.asked.hex(),
            tavern=request.tavern_id,
            tavern_name=tavern_name,
            timeout=request.timeout,
            asker=request.asker,
            asker_name=request.asker_name,
            owner=request.owner,
            args=None if over else request.args,
            priority=request.priority,
            pool=request.pool,
            character=request.character,
            session_name=request.session_name,
            limits=request.limits,
            caller=request.caller,
            by=request.by,
            revision=request.revision,
            started=request.started,
            streamed=request.streamed,
            retried=request.retried,
            cancelling=request.cancelling,
            siblings=request.siblings,
            result=None if heavy else request.result,
            dropped=heavy or request.dropped,
            error=request.error,
        )
        self._shelf.put(
            KeptRequest(
                wire_id=request.wire_id,
                key_id=request.key_id,
                request_id=request.request_id,
                state=request.state,
                created=request.since,
                finished=self._clock.wall() if over else None,
                body=msgspec.to_builtins(body),
            )
        )

    def remove(self, request: Request) -> None:
        """Forget a request."""
        self._shelf.remove(request.wire_id)

    def load(self, *, wait: float) -> list[tuple[Request, str]]:
        """Return every request with the name of its tavern, in the order in which they were asked.

        Those that are not over get a new deadline: `wait` seconds, or the whole time that their work may take.
        """
        now, wall = self._clock.now(), self._clock.wall()
        found: list[tuple[Request, str]] = []
        for kept in sorted(self._shelf.load(), key=lambda each: each.created):
            body = msgspec.convert(kept.body, _Body)
            request = Request(
                request_id=kept.request_id,
                wire_id=kept.wire_id,
                key_id=kept.key_id,
                lane=body.lane,
                command=body.command,
                args=body.args,
                asked=bytes.fromhex(body.asked),
                created=now - max(0.0, wall - kept.created),
                since=kept.created,
                deadline=now + (wait if kept.state == "queued" else body.timeout),
                timeout=body.timeout,
                asker=body.asker,
                asker_name=body.asker_name,
                owner=body.owner,
                priority=body.priority,
                pool=body.pool,
                character=body.character,
                session_name=body.session_name,
                limits=body.limits,
                caller=body.caller,
                by=body.by,
                # A hub that was started again counts revisions anew.
                revision=None if body.revision is None else FORGOTTEN,
            )
            request.state = kept.state
            request.tavern_id = body.tavern
            request.started = body.started
            request.streamed, request.retried = body.streamed, body.retried
            request.cancelling, request.siblings = body.cancelling, body.siblings
            request.result, request.error = body.result, body.error
            request.dropped = body.dropped
            if kept.finished is not None:
                request.finished = now - max(0.0, wall - kept.finished)
            found.append((request, body.tavern_name))
        return found
