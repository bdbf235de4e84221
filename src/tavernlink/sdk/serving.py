"""Carries out calls of Python functions, in a program of one's own as in the hub itself.

Whatever a function does, its call ends: a result that is no JSON, an exception, a cancelled task are all answers.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from tavernlink.errors import BadMessage, GenerationError, TavernlinkError
from tavernlink.sdk.context import CURRENT_CALL, Context
from tavernlink.sdk.offering import Offer
from tavernlink.sdk.threads import Threads

__all__ = ["Answer", "Serving"]

_log = logging.getLogger("tavernlink.functions")
_MOST_THREADS = 256


class Answer(Protocol):
    """Takes the end of a call; in the event loop, once."""

    def done(self, result: Any) -> None:
        """It was carried out; `result` is JSON-safe."""

    def fail(self, error: TavernlinkError) -> None:
        """It was not."""


class Serving:
    """The calls that are under way here."""

    def __init__(self) -> None:
        self._threads = Threads(_MOST_THREADS, "tavernlink-function")
        self._running: dict[str, tuple[Context, asyncio.Task[None] | None]] = {}

    def begin(self, offer: Offer, args: dict[str, Any], context: Context, answer: Answer) -> None:
        """Start a call. Never raises."""
        try:
            work = offer.prepared(args, context)
        except msgspec.ValidationError as error:
            answer.fail(_misfit(error))
            return
        if offer.is_async:
            task = asyncio.get_running_loop().create_task(self._run(work, context, answer))
            self._running[context.call_id] = (context, task)
            return
        self._running[context.call_id] = (context, None)
        try:
            self._in_thread(work, context, answer)
        except TavernlinkError as error:
            self._running.pop(context.call_id, None)
            answer.fail(error)

    def cancel(self, call_id: str) -> None:
        """Nobody waits for this call any more."""
        context, task = self._running.get(call_id, (None, None))
        if context is not None:
            context.cancel()
        if task is not None:
            task.cancel()

    def cancel_all(self) -> None:
        """Nobody waits for any of them any more."""
        for call_id in list(self._running):
            self.cancel(call_id)

    async def close(self) -> None:
        """Cancel everything."""
        tasks = [task for _, task in self._running.values() if task is not None]
        self.cancel_all()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, work: Callable[[], Any], context: Context, answer: Answer) -> None:
        CURRENT_CALL.set(context.call_id)
        try:
            result = await work()
        except asyncio.CancelledError:
            self._end(context, answer, None, GenerationError("cancelled", "The call was cancelled."))
        except (Exception, SystemExit) as error:  # noqa: BLE001 (a function's defect is its caller's answer)
            self._end(context, answer, None, _failure(context, error))
        else:
            self._end(context, answer, result, None)

    def _in_thread(self, work: Callable[[], Any], context: Context, answer: Answer) -> None:
        loop = asyncio.get_running_loop()
        variables = contextvars.copy_context()
        variables.run(CURRENT_CALL.set, context.call_id)

        def end(result: Any, error: TavernlinkError | None) -> None:
            try:
                loop.call_soon_threadsafe(self._end, context, answer, result, error)
            except RuntimeError:  # the loop is closed: nobody waits
                _log.info("%s ended after its program did", context.name)

        def carry_out() -> None:
            try:
                result = variables.run(work)
            except BaseException as error:  # noqa: BLE001 (as above; nothing else runs in this thread)
                end(None, _failure(context, error))
            else:
                end(result, None)

        self._threads.run(carry_out)

    def _end(self, context: Context, answer: Answer, result: Any, error: TavernlinkError | None) -> None:
        self._running.pop(context.call_id, None)
        if error is None:
            try:
                result = msgspec.to_builtins(result)
            except (TypeError, ValueError, RecursionError) as problem:
                why = f"What {context.name} returned is no JSON: {problem}."
                error = GenerationError("invalid_result", why)
        if error is not None:
            answer.fail(error)
        else:
            answer.done(result)


def _failure(context: Context, error: BaseException) -> TavernlinkError:
    if isinstance(error, TavernlinkError):
        return error
    _log.warning("The function %s failed", context.name, exc_info=error)
    said = str(error)[:2_000]
    name = type(error).__name__
    return GenerationError("function_failed", f"{name}: {said}" if said else name, {"exception": name})


def _misfit(error: msgspec.ValidationError) -> BadMessage:
    what, _, path = str(error).partition(" - at `")
    path = f"$.args{path.rstrip('`').removeprefix('$')}"
    return BadMessage("invalid_arguments", f"The arguments do not fit: {what} (at {path}).", {"path": path})
