"""Where the connection of a blocking handle lives: an event loop in another thread. Below `sync`; it knows no hub."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

from tavernlink.errors import Unavailable

__all__ = ["BorrowedLoop", "LoopThread"]

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tavernlink", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._thread.is_alive()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` there and wait for its result here."""
        if not self.alive:
            work.close()
            raise Unavailable("closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise Unavailable("closed") from None
        except BaseException:
            future.cancel()
            raise

    def iterate(self, events: AsyncIterator[T]) -> Iterator[T]:
        """Go through an async iterator from here."""
        end = object()

        async def following() -> T | object:
            return await anext(events, end)

        try:
            while (event := self.run(following())) is not end:
                yield event  # type: ignore[misc]  # T, since it is not the end
        finally:
            close = getattr(events, "aclose", None)
            if close is not None and self.alive:
                self.run(close())

    def stop(self) -> None:
        """End the loop and its thread."""
        if self._thread.is_alive():
            self.run(self._loop.shutdown_asyncgens())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


class BorrowedLoop(LoopThread):
    """Somebody else's event loop, in another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @property
    def alive(self) -> bool:
        """Whether it still runs. Raises `RuntimeError` in the loop's own thread, which cannot wait for itself."""
        if _running_loop() is self._loop:
            raise RuntimeError(
                "An async function uses `ctx.hub` and awaits it; `ctx.sync_hub` is for the others."
            )
        return self._loop.is_running()

    def stop(self) -> None:
        """It is its owner's to stop."""


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
