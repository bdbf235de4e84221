"""`/api/mcp`: the MCP servers of the settings, and how each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tavernlink.errors import NotFound
from tavernlink.http.address import address_of
from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import HttpRequest
from tavernlink.protocol.mcp import McpServerInfo

if TYPE_CHECKING:
    from tavernlink.runtime.hub import Runtime

__all__ = ["NO_SERVERS", "Servers", "mcp_server_routes"]


class Servers(Protocol):
    """What keeps them."""

    def told(self) -> list[McpServerInfo]:
        """How each is, by name."""

    def restart(self, name: str) -> None:
        """Start one anew. Raises `NotFound`."""


class _NoServers:
    def told(self) -> list[McpServerInfo]:
        return []

    def restart(self, name: str) -> None:
        raise NotFound("unknown_item", f"No MCP server is called {name[:100]!r}.")


NO_SERVERS: Servers = _NoServers()


def mcp_server_routes(runtime: Runtime, servers: Servers) -> list[HTTPRouteHandler]:
    """Return both routes."""

    @get("/mcp", tags=["hub"], summary="MCP servers of the settings: state, error, tools")
    async def list_mcp_servers() -> Answer[list[McpServerInfo]]:
        """For admins."""
        return ok(servers.told())

    @post("/mcp/{server:str}/restart", tags=["hub"], summary="Start an MCP server anew", status_code=200)
    async def restart_mcp_server(request: HttpRequest, server: FromPath[str]) -> Answer[list[McpServerInfo]]:
        """For admins."""
        servers.restart(server)
        key = request.scope["state"]["key"]
        runtime.core.audit.record("mcp.restarted", key, target=server, address=address_of(request.scope))
        return ok(servers.told())

    return [list_mcp_servers, restart_mcp_server]
