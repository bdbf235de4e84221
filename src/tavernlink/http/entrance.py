"""The entrance of every HTTP request, in front of long polling, REST and everything else.

It makes out who is asking and under which name and sub-path (`scope[REACHED]`), puts that into the scope's own fields,
and turns away an address that asks too often. What the request is about is none of its business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from tavernlink.errors import BadMessage
from tavernlink.http.failures import send_failure
from tavernlink.runtime.front import REACHED
from tavernlink.runtime.trace_context import TRACEPARENT

if TYPE_CHECKING:
    from tavernlink.runtime.counts import Counts
    from tavernlink.runtime.forwarded import Reached
    from tavernlink.runtime.front import Front

__all__ = ["Entrance", "address_seen", "prefix_of"]

_DOORS = {"api": "rest", "v1": "openai", "mcp": "mcp", "socket.io": "polling"}


class Entrance:
    """ASGI app around the ASGI app of all HTTP doors."""

    def __init__(self, app: ASGIApp, front: Front, counts: Counts) -> None:
        self._app = app
        self._front = front
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on as its client meant it, or answer that it came too soon."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        seen = cast("HTTPScope", {**scope})
        reached = self._see(seen)
        receive, send = self._counted(_door(seen["path"]), receive, send)
        try:
            self._front.admit_request(reached.address)
        except BadMessage as error:
            self._counts.refused(error.code, error.message, who=reached.address, about=seen["path"])
            await send_failure(send, error, seen["path"])
            return
        TRACEPARENT.set(_traceparent(seen))
        await self._app(seen, receive, send)

    def _counted(self, door: str, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """The same, counting what goes in and out."""
        traffic = self._counts.door(door)
        traffic.messages_in += 1

        async def receive_counting() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                traffic.bytes_in += len(message["body"])
            return message

        async def send_counting(message: Message) -> None:
            if message["type"] == "http.response.body":
                traffic.bytes_out += len(message["body"])
            elif message["type"] == "http.response.start":
                traffic.messages_out += 1
                self._counts.answers[door, message["status"]] += 1
            await send(message)

        return receive_counting, send_counting

    def _see(self, scope: HTTPScope) -> Reached:
        client = scope["client"]
        reached = self._front.reached(client[0] if client else "", scope["scheme"], _headers(scope))
        fields = cast("dict[str, Any]", scope)
        fields[REACHED] = reached
        fields["client"] = (reached.address, client[1] if client and reached.address == client[0] else 0)
        fields["scheme"] = reached.scheme
        scope["path"] = self._front.inner_path(scope["path"])
        scope["raw_path"] = self._front.inner_path(scope["raw_path"].decode("latin-1")).encode("latin-1")
        return reached


def prefix_of(scope: Any) -> str:
    """Return the sub-path under which the client sees the hub, to be put before every path it is told."""
    reached: Reached | None = scope.get(REACHED)
    return reached.prefix if reached is not None else ""


def address_seen(scope: Any) -> str:
    """Return the hub's own address as the client wrote it, e.g. `https://home.example/tavernlink`."""
    reached: Reached = scope[REACHED]
    return f"{reached.scheme}://{reached.host}{reached.prefix}"


def _traceparent(scope: HTTPScope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return value.decode("latin-1")[:100]
    return None


def _door(path: str) -> str:
    """The name by which metrics call a door."""
    return _DOORS.get(path.split("/", 2)[1], "other")


def _headers(scope: HTTPScope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
