"""The gate: what every HTTP request passes before anything else looks at it.

In this order: the browser's origin, a CORS preflight, the key, the key's rate. What passes has the key in
`scope["state"]["key"]`. A plain ASGI layer, so that no route can be forgotten: all but those that the permission table
calls open need a key. What the key may do is held against the same table once its route is found, by `guard`.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, cast

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Guard, HTTPScope, Message, Receive, Scope, Send

from tavernlink.config import is_loopback
from tavernlink.core.access.permissions import OPEN, ROUTES
from tavernlink.core.access.rights import check_route
from tavernlink.errors import AuthError, BadMessage, TavernlinkError
from tavernlink.http.address import address_of
from tavernlink.http.failures import send_failure
from tavernlink.http.metrics import PATH as METRICS
from tavernlink.runtime.forwarded import Reached
from tavernlink.runtime.front import REACHED, Front
from tavernlink.runtime.throttle import Buckets

if TYPE_CHECKING:
    from tavernlink.config import Settings
    from tavernlink.core.access.keys import Key
    from tavernlink.runtime.hub import Runtime

__all__ = ["Gate", "guard_of"]


def _pattern(template: str) -> re.Pattern[str]:
    """What fits a route's path: `{path}` takes the rest, every other name one part."""
    parts = re.split(r"(\{\w+\})", template)
    words = {"{path}": ".*"}
    return re.compile("".join(words.get(p, "[^/]+") if p.startswith("{") else re.escape(p) for p in parts))


_TEMPLATES = [(method, need is OPEN, _pattern(template)) for (method, template), need in ROUTES.items()]

_BURST = 4.0  # seconds' worth of requests that may come at once
_HERE = "tavernlink.here"
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_EXPOSED = b"retry-after, x-request-id, x-should-retry, www-authenticate, mcp-session-id"
_DEFAULT_HEADERS = b"authorization, content-type, idempotency-key, last-event-id, x-tavernlink-session"


class Gate:
    """ASGI app in front of the ASGI app with the routes."""

    def __init__(self, app: ASGIApp, runtime: Runtime, settings: Settings) -> None:
        self._app = app
        self._runtime = runtime
        self._rates = Buckets(1.0, 1.0)
        self.adopt(settings)

    def adopt(self, settings: Settings) -> None:
        """Go by these settings from now on."""
        self._rates.adopt(settings.http_rate, settings.http_rate * _BURST + 1)
        self._metrics_open = settings.metrics_open_to_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        headers = dict(scope["headers"])
        origin = _text(headers.get(b"origin"))
        try:
            if not self._runtime.check_origin(origin) and not _is_own_page(scope, origin):
                raise AuthError("origin_refused", details={"origin": (origin or "")[:200]})
            if origin is not None:
                send = _allow_origin(send, origin)
            if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
                await _answer_preflight(headers, send)
                return
            if not _is_open(scope["method"], path) and not self._shows_here(scope, headers):
                self._let_in(scope, headers)
        except TavernlinkError as error:
            who = address_of(scope)
            self._runtime.counts.refused(error.code, error.message, who=who, about=path)
            await send_failure(send, error, path)
            return
        await self._app(scope, receive, send)

    def _shows_here(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> bool:
        """True for the metrics, where a setting shows them to this machine without a key."""
        here = (
            self._metrics_open
            and scope["path"] == METRICS
            and b"authorization" not in headers
            and is_loopback(address_of(scope))
        )
        cast("dict[str, Any]", scope)[_HERE] = here
        return here

    def _let_in(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> None:
        key = self._runtime.authenticate(bearer(headers.get(b"authorization")), address_of(scope))
        wait = self._rates.take(key.id, time.monotonic())
        if wait:
            told = "Too many requests under this key. Slow down and try again."
            raise BadMessage("rate_limited", told, {"retry_after": round(wait, 2)})
        state = cast("dict[str, Key]", scope.setdefault("state", {}))
        state["key"] = key


def guard_of(runtime: Runtime) -> Guard:
    """Return Litestar's guard of every route: it raises `AuthError` unless the permission table allows it."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        scope = cast("HTTPScope", connection.scope)
        if scope["method"] == "OPTIONS":
            return
        key: Key | None = scope.get("state", {}).get("key")
        if key is None and connection.scope.get(_HERE):
            return
        try:
            check_route(key, scope["method"], scope["path_template"])
        except AuthError as error:
            if key is not None:
                what = f"{scope['method']} {scope['path_template']}"
                runtime.refused(key, what, error, address_of(scope))
            raise

    return guard


def _is_open(method: str, path: str) -> bool:
    """True where no key is needed: by a row of its own or, for a method that is not there at all, by another's."""
    rows = [(each, is_open) for each, is_open, template in _TEMPLATES if template.fullmatch(path)]
    own = [is_open for each, is_open in rows if each == ("GET" if method == "HEAD" else method)]
    return any(own) if own else any(is_open for _, is_open in rows)


def bearer(authorization: bytes | None) -> str | None:
    """Return the key of an `Authorization: Bearer` header, or None."""
    scheme, _, key = (_text(authorization) or "").strip().partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _is_own_page(scope: HTTPScope, origin: str | None) -> bool:
    reached: Reached | None = cast("dict[str, Any]", scope).get(REACHED)
    return reached is not None and origin is not None and Front.is_own_page(origin, reached)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _allow_origin(send: Send, origin: str) -> Send:
    extra = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]

    async def send_with_origin(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *extra]
        await send(message)

    return send_with_origin


async def _answer_preflight(headers: dict[bytes, bytes], send: Send) -> None:
    answer = [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", headers.get(b"access-control-request-headers", _DEFAULT_HEADERS)),
        (b"access-control-max-age", b"600"),
        (b"content-length", b"0"),
    ]
    if headers.get(b"access-control-request-private-network") == b"true":
        # Chrome asks this before a page of the web may reach a hub on this machine; the origin is allowed already.
        answer.append((b"access-control-allow-private-network", b"true"))
    await send({"type": "http.response.start", "status": 204, "headers": answer})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
