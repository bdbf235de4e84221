"""The streamable HTTP transport behind the hub's gate, which has let the request in and said whose key it is."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from tavernlink.core.access.rights import may_send
from tavernlink.mcp.local import LocalHub
from tavernlink.mcp.server.server import make_server
from tavernlink.mcp.server.sight import Context, Sight

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.runtime.hub import Runtime

__all__ = ["answer", "make_manager"]

_SESSIONS = 1_000
_GOODBYE_SECONDS = 5.0


def make_manager(runtime: Runtime, max_body: int) -> StreamableHTTPSessionManager:
    """Return what answers requests while its `run` is entered. Bodies may have `max_body` bytes."""

    @contextlib.asynccontextmanager
    async def sights(ctx: Context) -> AsyncIterator[Sight]:
        request: Any = ctx.request
        scope: dict[str, Any] = request.scope
        key: Key = scope["state"]["key"]
        client = scope["client"]
        hub = LocalHub(runtime, key, name=_name_of(ctx), address=client[0] if client else "")
        await hub.open()
        try:
            yield Sight(hub, partial(may_send, key))
        finally:
            with anyio.move_on_after(_GOODBYE_SECONDS, shield=True):
                await hub.close()

    return StreamableHTTPSessionManager(
        make_server(sights), max_request_body_size=max_body, max_sessions=_SESSIONS
    )


async def answer(
    manager: StreamableHTTPSessionManager, scope: dict[str, Any], receive: Any, send: Any
) -> None:
    """Answer one request. A session that one key began is not there for another."""
    key: Key = scope["state"]["key"]
    token = AccessToken(token="", client_id=key.id, scopes=[])
    await manager.handle_request({**scope, "user": AuthenticatedUser(token)}, receive, send)


def _name_of(ctx: Context) -> str:
    client = ctx.session.client_params
    return (client.client_info.name if client is not None else "MCP client")[:200]
