"""The gate: what every HTTP request passes before anything else looks at it.

In this order: the browser's origin, a CORS preflight, the key, the key's rate. What passes has the key in
`scope["state"]["key"]`. A plain ASGI layer, so that no route can be forgotten: all but `OPEN_PATHS` need a key.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from tavernlink.core.limits import RateLimit
from tavernlink.errors import AuthError, BadMessage, TavernlinkError
from tavernlink.http.console import CONSOLE_ASSETS
from tavernlink.http.failures import send_failure

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.runtime.hub import Runtime

__all__ = ["OPEN_PATHS", "Gate"]

OPEN_PATHS = frozenset({"/", "/icon.svg", "/healthz", "/readyz"})
"""All that may be seen without a key; none of it tells a secret."""

_BURST = 4.0  # seconds' worth of requests that may come at once
_METHODS = b"GET, HEAD, POST, PATCH, DELETE, OPTIONS"
_EXPOSED = b"retry-after, x-request-id, x-should-retry, www-authenticate"
_DEFAULT_HEADERS = b"authorization, content-type, idempotency-key, last-event-id, x-tavernlink-session"


class Gate:
    """ASGI app in front of the ASGI app with the routes."""

    def __init__(self, app: ASGIApp, runtime: Runtime, *, rate: float) -> None:
        self._app = app
        self._runtime = runtime
        self._rate = rate
        self._rates: dict[str, RateLimit] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        headers = dict(scope["headers"])
        origin = _text(headers.get(b"origin"))
        try:
            if not self._runtime.check_origin(origin):
                raise AuthError("origin_refused", details={"origin": (origin or "")[:200]})
            if origin is not None:
                send = _allow_origin(send, origin)
            if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
                await _answer_preflight(headers, send)
                return
            if path not in OPEN_PATHS and not path.startswith(CONSOLE_ASSETS):
                self._let_in(scope, headers)
        except TavernlinkError as error:
            await send_failure(send, error, path)
            return
        await self._app(scope, receive, send)

    def _let_in(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> None:
        client = scope["client"]
        key = self._runtime.authenticate(bearer(headers.get(b"authorization")), client[0] if client else "")
        now = time.monotonic()
        rate = self._rates.get(key.id)
        if rate is None:
            rate = self._rates[key.id] = RateLimit(self._rate, int(self._rate * _BURST) + 1, now)
        if not rate.spend() and not rate.refill(now):
            raise BadMessage("rate_limited", "Too many requests under this key. Slow down and try again.")
        state = cast("dict[str, Key]", scope.setdefault("state", {}))
        state["key"] = key


def bearer(authorization: bytes | None) -> str | None:
    """Return the key of an `Authorization: Bearer` header, or None."""
    scheme, _, key = (_text(authorization) or "").strip().partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


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
