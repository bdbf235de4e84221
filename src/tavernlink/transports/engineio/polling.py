"""The long-polling entrance: one ASGI request to one call on a session.

A thin shell: it reads the query, checks the method and the Origin, answers CORS preflights, bounds the
body, and lets a GET wait until its session answers. What requests mean is decided in `session`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from tavernlink.errors import BadMessage
from tavernlink.runtime.front import REACHED, Front
from tavernlink.transports.engineio import refusal
from tavernlink.transports.engineio.packet import encode_payload
from tavernlink.transports.engineio.session import Session

if TYPE_CHECKING:
    from tavernlink.transports.engineio.server import EngineServer

__all__ = ["handle"]

_TEXT = b"text/plain; charset=UTF-8"
_JSON = b"application/json"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class _Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, body: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        super().__init__(body["message"])
        self.status = status
        self.body = body
        self.headers: Headers = []
        if retry_after is not None:
            self.headers.append((b"retry-after", str(max(1, round(retry_after))).encode()))


class _WaitingGet:
    """A GET that waits; its session's `Poll`."""

    __slots__ = ("answered",)

    def __init__(self) -> None:
        self.answered: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()

    def answer(self, payload: bytes) -> None:
        if not self.answered.done():
            self.answered.set_result(payload)

    def give_up(self, _gone: asyncio.Task[None]) -> None:
        """The client's connection broke."""
        if not self.answered.done():
            self.answered.set_result(None)


async def handle(server: EngineServer, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    cors: Headers = []
    try:
        if origin is not None:
            if not _allows(server, scope, origin.decode("latin-1")):
                raise _Refused(403, refusal.FORBIDDEN)
            cors = _cors(origin, headers, preflight=scope["method"] == "OPTIONS")
        if scope["method"] == "OPTIONS":
            await _respond(send, 204, b"", _TEXT, cors)
            return
        body = await _dispatch(server, scope, headers, receive)
    except _Refused as refused:
        body = msgspec.json.encode(refused.body)
        await _respond(send, refused.status, body, _JSON, [*cors, *refused.headers])
    else:
        if body is not None:
            await _respond(send, 200, body, _TEXT, cors)


def _allows(server: EngineServer, scope: Scope, origin: str) -> bool:
    if server.origin_allowed(origin):
        return True
    reached = scope.get(REACHED)
    return reached is not None and Front.is_own_page(origin, reached)


async def _dispatch(
    server: EngineServer, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
) -> bytes | None:
    """The body of the 200 answer; None if the client went away."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    if query.get("EIO") != "4":
        raise _Refused(400, refusal.UNSUPPORTED_VERSION)
    transport = query.get("transport")
    if transport != "polling":
        raise _Refused(400, refusal.BAD_REQUEST if transport == "websocket" else refusal.UNKNOWN_TRANSPORT)
    method = scope["method"]
    sid = query.get("sid")
    if sid is None:
        if method != "GET":
            raise _Refused(400, refusal.BAD_METHOD)
        return _open(server, scope, headers)
    session = server.sessions.get(sid)
    if session is None:
        raise _Refused(400, refusal.UNKNOWN_SID)
    if method == "GET":
        return await _poll(session, receive)
    if method == "POST":
        return await _post(server, session, headers, receive)
    raise _Refused(400, refusal.BAD_METHOD)


def _open(server: EngineServer, scope: Scope, headers: Mapping[bytes, bytes]) -> bytes:
    client = scope.get("client")
    address = client[0] if client else ""
    if server.too_many(address):
        raise _Refused(429, refusal.TOO_MANY, retry_after=10)
    if server.front is not None:
        try:
            server.front.admit_connect(address)
        except BadMessage as error:
            told = {"code": error.code, "message": error.message, "details": error.details}
            body = {"code": refusal.TOO_MANY["code"], "message": error.message, "error": told}
            raise _Refused(429, body, retry_after=error.details["retry_after"]) from None
    origin = headers.get(b"origin")
    session = server.open(address, origin.decode("latin-1") if origin is not None else None)
    return encode_payload([session.handshake()])


async def _poll(session: Session, receive: Receive) -> bytes | None:
    poll = _WaitingGet()
    if not session.receive_poll(poll):
        raise _Refused(400, refusal.BAD_REQUEST)
    if poll.answered.done():
        return poll.answered.result()
    gone = asyncio.ensure_future(_disconnected(receive))
    gone.add_done_callback(poll.give_up)
    payload = None
    try:
        payload = await poll.answered
    finally:
        gone.cancel()
        if payload is None:
            session.abandon_poll(poll)
    return payload


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _post(
    server: EngineServer, session: Session, headers: Mapping[bytes, bytes], receive: Receive
) -> bytes | None:
    limit = server.settings.max_payload
    length = headers.get(b"content-length", b"0")
    body = bytearray()
    too_large = not length.isdigit() or int(length) > limit
    while not too_large:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        body += event.get("body", b"")
        too_large = len(body) > limit
        if not event.get("more_body", False):
            break
    if too_large:
        session.break_off("parse error")
        raise _Refused(413, refusal.TOO_LARGE)
    if not session.receive_post(bytes(body)):
        raise _Refused(400, refusal.BAD_REQUEST)
    return b"ok"


def _cors(origin: bytes, headers: Mapping[bytes, bytes], *, preflight: bool) -> Headers:
    cors = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]
    if preflight:
        cors.append((b"access-control-allow-methods", b"GET, POST"))
        wanted = headers.get(b"access-control-request-headers")
        if wanted:
            cors.append((b"access-control-allow-headers", wanted))
        cors.append((b"access-control-max-age", b"600"))
        if headers.get(b"access-control-request-private-network") == b"true":
            cors.append((b"access-control-allow-private-network", b"true"))
    return cors


async def _respond(send: Send, status: int, body: bytes, content_type: bytes, cors: Headers) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *cors,
    ]
    if status == 204:
        headers = [(b"cache-control", b"no-store"), *cors]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
