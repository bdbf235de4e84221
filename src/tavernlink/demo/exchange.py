"""One HTTP exchange of the stand-in model: reading the request, writing the reply, keeping a pace (ASGI)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

__all__ = ["Pace", "Receive", "Reply", "Send", "bearer_of", "disconnected", "read_body"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Pace:
    """Spreads tokens over time: token i is due i / speed seconds after the start; a late one delays no other."""

    def __init__(self, speed: float, delay: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + delay
        self._step = 1 / speed if speed > 0 else 0.0

    async def next_token(self) -> None:
        """Wait until the next token is due."""
        await asyncio.sleep(max(0.0, self._due - self._loop.time()))
        self._due += self._step


class Reply:
    """The sending half of one HTTP exchange."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def json(self, status: int, body: Any, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        """Send a whole JSON answer."""
        raw = msgspec.json.encode(body)
        fields = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
        await self._send(
            {"type": "http.response.start", "status": status, "headers": fields + (headers or [])}
        )
        await self._send({"type": "http.response.body", "body": raw})

    async def start_stream(self) -> None:
        """Begin a stream of server-sent events."""
        fields = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await self._send({"type": "http.response.start", "status": 200, "headers": fields})

    async def event(self, body: Any) -> None:
        """Send one event of the stream."""
        raw = b"data: " + msgspec.json.encode(body) + b"\n\n"
        await self._send({"type": "http.response.body", "body": raw, "more_body": True})

    async def end_stream(self) -> None:
        """End the stream as OpenAI does."""
        await self._send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def bearer_of(scope: MutableMapping[str, Any]) -> str | None:
    """The key in the `Authorization` header, if there is one."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value.decode("latin-1")).removeprefix("Bearer ")
    return None


async def read_body(receive: Receive) -> bytes:
    """The whole body of the request."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return b"".join(parts)


async def disconnected(receive: Receive) -> None:
    """Wait until the client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
