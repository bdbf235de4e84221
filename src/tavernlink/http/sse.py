"""Server-sent events over a plain ASGI send loop: one write for each event, comments while nothing happens.

The status line is held back until there is something to say or `HOLD` seconds have passed, so an error that comes at
once still gets its own status and not a 200 with an error inside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from litestar.types import Send

from tavernlink.protocol.event import Event

__all__ = ["HOLD", "KEEP_ALIVE", "EventWriter", "event_bytes"]

HOLD = 3.0
"""Seconds until the headers go out even when there is nothing to say."""

KEEP_ALIVE = 10.0
"""Seconds of silence after which a comment is sent; proxies drop a silent line after 30 to 60."""

_CARRIER = "sse"


def event_bytes(event: Event) -> bytes:
    """Return an event as its SSE frame; made once, however many listeners there are."""
    frame: bytes | None = event.frames.get(_CARRIER)
    if frame is None:
        # JSON has no line breaks outside of strings, and none unescaped inside: one data line is enough.
        frame = event.frames[_CARRIER] = b"event: %b\ndata: %b\n\n" % (event.type.encode(), event.json)
    return frame


class EventWriter:
    """Writes one event stream. As a context manager it keeps the line alive; leaving it ends the response.

    Left by an exception it sends nothing more: not started, the error can still become an answer of its own; started,
    the client must see that its answer is not whole.
    """

    def __init__(
        self,
        send: Send,
        headers: Mapping[str, str] | None = None,
        *,
        hold: float | None = None,
        keep_alive: float | None = None,
    ) -> None:
        self.started = False
        self._send = send
        self._headers = dict(headers or {})
        self._hold = HOLD if hold is None else hold
        self._keep_alive = KEEP_ALIVE if keep_alive is None else keep_alive
        self._comment = b"keep-alive"
        self._quiet = True
        self._ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._ticking = asyncio.create_task(self._tick(), name="tavernlink-sse")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        if error is None:
            await self.start()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def start(self) -> None:
        """Send status and headers, if they are not out yet."""
        if self.started:
            return
        self.started = True
        headers: Any = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        headers += [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),  # nginx would else collect the tokens
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def write(self, frame: bytes) -> None:
        """Send finished SSE bytes; waits while the client's line is full."""
        if not self.started:
            await self.start()
        self._quiet = False
        await self._send({"type": "http.response.body", "body": frame, "more_body": True})

    async def comment(self, text: str) -> None:
        """Say something that programs skip and people see; repeated as the sign of life."""
        self._comment = text.encode()
        if self.started:
            await self.write(b": %b\n\n" % self._comment)

    async def _tick(self) -> None:
        await asyncio.sleep(self._hold)
        await self.write(b": %b\n\n" % self._comment)
        while True:
            self._quiet = True
            await asyncio.sleep(self._keep_alive)
            if self._quiet:
                await self.write(b": %b\n\n" % self._comment)
