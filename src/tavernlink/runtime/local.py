"""Apps inside this process: REST, SSE and the OpenAI API speak to the hub as any other app does, without a wire."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from tavernlink.core.access.keys import Key
from tavernlink.core.peers.peer import Peer
from tavernlink.errors import TavernlinkError, error_from_code
from tavernlink.protocol.catalogue import UNCOUNTED
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Failure, Success
from tavernlink.protocol.session import Auth

if TYPE_CHECKING:
    from tavernlink.runtime.hub import Runtime

__all__ = ["LocalApp"]

_LONGEST = 10_000  # events that wait for a reader


class LocalApp:
    """An app whose line is a queue. Use as an async context manager."""

    def __init__(
        self, runtime: Runtime, key: Key, name: str, address: str, app_id: str | None = None
    ) -> None:
        self._runtime = runtime
        self._key = key
        self._name = name
        self._address = address
        self._id = app_id
        self._events: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._closed: TavernlinkError | None = None
        self._peer: Peer | None = None

    async def __aenter__(self) -> Self:
        auth = Auth(role="app", name=self._name, id=self._id)
        self._peer = self._runtime.core.connect(auth, self._key, self, self._address, keep=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._peer is not None:
            self._runtime.core.disconnected(self._peer, self)

    async def call(self, type_: str, content: msgspec.Struct | dict[str, Any] | None = None) -> Any:
        """Send a message and return the `result` of its outcome. Raises the `TavernlinkError` of a failure."""
        if self._peer is None:
            raise RuntimeError("LocalApp is used before `async with`")
        answer: asyncio.Future[Success | Failure] = asyncio.get_running_loop().create_future()

        def ack(outcome: Success | Failure) -> None:
            if not answer.done():
                answer.set_result(outcome)

        self._runtime.core.receive(self._peer, type_, msgspec.json.encode(content or {}), ack)
        outcome = await answer
        if isinstance(outcome, Failure):
            raise outcome.error.to_error()
        return outcome.result

    async def events(self) -> AsyncIterator[Event]:
        """Yield every event from the hub; ends when the hub closes the line, by raising the reason."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self._closed is not None:
                raise self._closed
            self._arrived.clear()
            await self._arrived.wait()

    # Link

    def send(self, event: Event) -> None:
        """Take an event from the hub."""
        if event.type in UNCOUNTED or self._closed is not None:
            return
        if len(self._events) >= _LONGEST:
            self.close("slow_consumer", "The reader fell too far behind.")
            return
        self._events.append(event)
        self._arrived.set()

    def close(self, code: str, message: str) -> None:
        """The hub ends the line."""
        self._closed = error_from_code(code, message)
        self._arrived.set()
