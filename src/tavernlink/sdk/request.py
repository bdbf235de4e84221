"""A request that this app made: followed from the asking to its one final state, over any number of lines.

`Reply` in `reply` adds the stream of a generation. Above stands `tavern`, which makes them; below `connection`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import msgspec

from tavernlink.errors import Conflict, GenerationError, NotFound, TavernlinkError
from tavernlink.protocol.message import Message
from tavernlink.protocol.requests import Accepted, RequestCancel, RequestGet, RequestState, RequestUpdate
from tavernlink.sdk.calls import Repeat, SessionLost

__all__ = ["Asker", "Request"]

T = TypeVar("T")
_FINAL = frozenset({"done", "failed", "cancelled"})


class Asker(Protocol):
    """What a request needs of the hub handle: a way to ask, and to be told of its events."""

    async def ask(
        self,
        type_: str,
        content: Message,
        result: type[T],
        *,
        timeout: float | None = ...,
        repeat: Repeat = ...,
    ) -> T:
        """Send one message; returns its result as `result`."""

    def follow(self, request: Request[Any]) -> None:
        """Send the request's events to it until `forget`."""

    def forget(self, request: Request[Any]) -> None:
        """The request needs no more events."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else, for as long as the connection lives."""


class Request(Generic[T]):
    """One request. `await` it for its result; it was sent when it was made, so this may come late or never.

    Awaiting raises the error of the failed request (see `tavernlink.errors`): `GenerationError("cancelled")` when it
    was cancelled, `Unavailable("tavern_gone")` when the tab went away, `Unavailable("closed")` when the connection
    was closed first. Used as `async with`, it is cancelled where the block is left before its end.
    """

    def __init__(
        self, asker: Asker, type_: str, content: Message, request_id: str, convert: Callable[[Any], T]
    ) -> None:
        self.request_id: str = request_id
        """Its idempotency key; unique for ever unless the caller chose it."""
        self.tavern: str | None = None
        """Id of the tavern that works on it, once known."""
        self.state: RequestState = "queued"
        self.position: int | None = None
        """Requests before it in the queue; 0: it runs; None: not known."""
        self._asker = asker
        self._type = type_
        self._content = content
        self._convert = convert
        self._accepted = False
        self._outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        asker.follow(self)
        asker.spawn(self._submit())

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.shield(self._outcome).__await__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.finished:
            await self.cancel()

    @property
    def finished(self) -> bool:
        """Whether it has its final state."""
        return self._outcome.done()

    async def cancel(self) -> None:
        """Cancel it. Does nothing when it is over already; its awaiters get `GenerationError("cancelled")`."""
        if self.finished:
            return
        try:
            update = await self._asker.ask(
                "request.cancel", RequestCancel(request_id=self.request_id), RequestUpdate
            )
        except Conflict:  # it ended meanwhile, and its final state is on the way
            return
        self.receive_update(update)

    # ── Sending and re-attaching ─────────────────────────────────────────────────────────────────────────
    async def _submit(self) -> None:
        """Ask once, whatever the line does meanwhile."""
        try:
            while not self.finished:
                try:
                    accepted = await self._asker.ask(
                        self._type, self._content, Accepted, timeout=None, repeat=Repeat.SAME_SESSION
                    )
                except SessionLost:
                    # A hub keeps a request on disk before it begins it: one that does not know it has not begun it.
                    if await self._attach():
                        return
                else:
                    self._receive_accepted(accepted)
                    return
        except TavernlinkError as error:
            self.fail(error)

    def resync(self) -> None:
        """Take up an accepted request again after events were missed for good."""
        if self._accepted and not self.finished:
            self._asker.spawn(self._reattach())

    async def _reattach(self) -> None:
        try:
            if not await self._attach():
                message = "The hub no longer knows this request: it was restarted, or this took too long."
                self.fail(NotFound("unknown_request", message, {"request_id": self.request_id}))
        except TavernlinkError as error:
            self.fail(error)

    async def _attach(self) -> bool:
        """Watch the request from this session; False when the hub does not know it."""
        watch = RequestGet(request_id=self.request_id, watch=True)
        try:
            update = await self._asker.ask("request.get", watch, RequestUpdate, timeout=None)
        except NotFound:
            return False
        self._accepted = True
        self.receive_update(update)
        return True

    # ── What the hub tells ───────────────────────────────────────────────────────────────────────────────
    def _receive_accepted(self, accepted: Accepted) -> None:
        self._accepted = True
        if accepted.held:
            self.fail(Conflict("held", details={"request_id": self.request_id}))
            return
        if not self.finished and self.position is None:
            self.position = accepted.position
        if accepted.state in _FINAL and not self.finished:  # asked again under an id whose request is over
            self._asker.spawn(self._reattach())

    def receive_update(self, update: RequestUpdate) -> None:
        """Take a new state; a final one ends the request, and what comes after it is ignored."""
        if self.finished:
            return
        self.state = update.state
        self.position = update.position
        self.tavern = update.tavern or self.tavern
        if update.state == "done" and update.dropped:
            message = "It is done, but its result was too large to be kept for so long."
            self.fail(NotFound("unknown_request", message, {"request_id": self.request_id}))
        elif update.state == "done":
            self._succeed(update.result)
        elif update.state in _FINAL:
            code = "cancelled" if update.state == "cancelled" else "generation_failed"
            self.fail(update.error.to_error() if update.error is not None else GenerationError(code))

    def _succeed(self, result: Any) -> None:
        try:
            converted = self._convert(result)
        except msgspec.ValidationError as error:
            self.fail(TavernlinkError("internal", f"The hub's result has an unknown shape: {error}."))
            return
        self._outcome.set_result(converted)
        self._asker.forget(self)

    def fail(self, error: TavernlinkError) -> None:
        """End it with `error`, unless it is over."""
        if not self._outcome.done():
            self._outcome.set_exception(error)
            self._outcome.exception()  # nobody has to await a request
            self._asker.forget(self)
