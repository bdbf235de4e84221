"""`/mcp`: the way through the routes to MCP's door, so that it is guarded and described as every other route is."""

from __future__ import annotations

from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from tavernlink.errors import NotFound

__all__ = ["mcp_route"]


def mcp_route(door: ASGIApp | None) -> HTTPRouteHandler:
    """Return the route; without a door there is nothing behind it."""

    @route("/mcp", http_method=["GET", "POST", "DELETE"], include_in_schema=False)
    async def enter() -> ASGIApp:
        """MCP's streamable HTTP."""
        if door is None:
            raise NotFound("unknown_path", "This hub has no MCP server.")
        return door

    return enter
