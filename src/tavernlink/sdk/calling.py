"""One call of a function that this program made: its progress, its result, and how it outlives a lost line.

The result is an event of the session, so a line that drops takes nothing with it. Where the session itself is lost, the
call is looked up by its id; one that the hub does not know any more may have been carried out, and is not made again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import msgspec

from tavernlink.errors import TavernlinkError, Unavailable
from tavernlink.protocol.functions import (
    CallAccepted,
    FunctionCall,
    FunctionCancel,
    FunctionProgress,
    FunctionResult,
)
from tavernlink.protocol.session import Resync
from tavernlink.sdk.calls import Repeat, SessionLost

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Calling"]

_GRACE = 5.0
"""Seconds that the hub may be late in saying that a call timed out, before the program stops waiting itself."""
_STARTED_AGAIN = "session_unknown"


class Calling:
    """`await` it for the result."""

    def __init__(
        self,
        hub: Hub,
        message: FunctionCall,
        *,
        on_progress: Callable[[FunctionProgress], None] | None = None,
    ) -> None:
        """It is under way when this returns."""
        assert message.call_id is not None  # noqa: S101 (the hub handle makes one)
        self.call_id: str = message.call_id
        self._hub = hub
        self._message = message
        self._on_progress = on_progress
        self._accepted = False
        self._result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        hub.follow_call(self)
        hub.spawn(self._ask())

    def __await__(self) -> Generator[Any, None, Any]:
        return self.result().__await__()

    async def result(self) -> Any:
        """Wait for the result. Raises the call's error; whoever is cancelled while waiting cancels the call."""
        limit = None if self._message.timeout is None else self._message.timeout + _GRACE
        try:
            async with asyncio.timeout(limit):
                return await asyncio.shield(self._result)
        except TimeoutError:
            self._hub.spawn(self.cancel())
            told = f"{self._message.name} did not answer within {self._message.timeout:g} seconds."
            raise Unavailable("timeout", told) from None
        except asyncio.CancelledError:
            if not self._result.done():
                self._hub.spawn(self.cancel())
            raise

    async def cancel(self) -> None:
        """Cancel it; its result is the error `cancelled`, unless it was there first."""
        if self._result.done():
            return
        with contextlib.suppress(TavernlinkError):
            await self._hub.ask("function.cancel", FunctionCancel(call_id=self.call_id), object)

    # What the hub handle tells

    def receive_progress(self, progress: FunctionProgress) -> None:
        """Take progress."""
        if self._on_progress is not None:
            self._on_progress(progress)

    def receive_result(self, result: FunctionResult) -> None:
        """Take the result."""
        if result.ok:
            self._end(result.result, None)
        else:
            self._end(None, result.error.to_error() if result.error else TavernlinkError("internal"))

    def resync(self, resync: Resync) -> None:
        """The session was lost: look whether the hub still has the call."""
        self._hub.spawn(self._find(resync.reason))

    def fail(self, error: TavernlinkError) -> None:
        """It cannot end any other way."""
        self._end(None, error)

    async def _ask(self) -> None:
        try:
            await self._send(self._message)
        except SessionLost:
            return  # `resync` looks for it
        except TavernlinkError as error:
            self.fail(error)
        else:
            self._accepted = True

    async def _find(self, reason: str) -> None:
        try:
            await self._send(msgspec.structs.replace(self._message, again=True))
        except SessionLost:
            return
        except TavernlinkError as error:
            if error.code != "unknown_call":
                self.fail(error)
            elif self._accepted or reason == _STARTED_AGAIN:
                told = f"The hub does not know the call of {self._message.name} any more: nobody can say how it ended."
                self.fail(Unavailable("interrupted", told))
            else:  # it never arrived
                await self._ask()

    async def _send(self, message: FunctionCall) -> None:
        await self._hub.ask("function.call", message, CallAccepted, timeout=None, repeat=Repeat.SAME_SESSION)

    def _end(self, result: Any, error: TavernlinkError | None) -> None:
        self._hub.forget_call(self)
        if self._result.done():
            return
        if error is None:
            self._result.set_result(result)
        else:
            self._result.set_exception(error)
            self._result.exception()  # nobody may wait for it
