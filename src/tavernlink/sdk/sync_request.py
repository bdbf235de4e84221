"""A request and a reply that are under way, for programs without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from tavernlink.errors import Unavailable
from tavernlink.protocol.requests import GenerationResult
from tavernlink.sdk.reply import Delta, Reply, ReplyEvent
from tavernlink.sdk.request import Request

if TYPE_CHECKING:
    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncReply", "SyncRequest"]

T = TypeVar("T")


class SyncRequest(Generic[T]):
    """`tavernlink.sdk.Request`, blocking."""

    def __init__(self, hub: SyncHub, request: Request[T]) -> None:
        self._hub = hub
        self._request = request
        self.request_id = request.request_id

    def result(self, timeout: float | None = None) -> T:
        """Wait for the result. Raises the request's error, or `Unavailable("timeout")` after `timeout` seconds."""

        async def wait() -> T:
            try:
                async with asyncio.timeout(timeout):
                    return await self._request
            except TimeoutError:
                raise Unavailable(
                    "timeout", f"The request was not over after {timeout} s; it goes on."
                ) from None

        return self._hub.loop.run(wait())

    def cancel(self) -> None:
        """As `Request.cancel`."""
        self._hub.loop.run(self._request.cancel())


class SyncReply(SyncRequest[GenerationResult]):
    """`tavernlink.sdk.Reply`, blocking: iterate over its text, then ask for `result()`."""

    def __init__(self, hub: SyncHub, reply: Reply) -> None:
        super().__init__(hub, reply)
        self._reply = reply

    def __iter__(self) -> Iterator[Delta]:
        return self._hub.loop.iterate(aiter(self._reply))

    def events(self) -> Iterator[ReplyEvent]:
        """As `Reply.events`."""
        return self._hub.loop.iterate(self._reply.events())
