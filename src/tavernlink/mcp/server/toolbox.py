"""All tools of the hub: its own, and the functions that the key may call."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import structlog
from mcp.shared.exceptions import MCPError

from tavernlink.errors import AuthError, TavernlinkError, Unavailable
from tavernlink.mcp import HUB_AS_CLIENT
from tavernlink.mcp.server import acting, looking, talking
from tavernlink.mcp.server.functions import call_function, described, named
from tavernlink.mcp.server.sight import Context, Sight, Sights
from tavernlink.mcp.server.tool import Call, Tool, failed
from tavernlink.protocol.functions import FunctionInfo

__all__ = ["OWN", "Toolbox"]

_log = structlog.get_logger("tavernlink.mcp")

OWN: dict[str, Tool[Any]] = {tool.name: tool for tool in (*talking.TOOLS, *looking.TOOLS, *acting.TOOLS)}
"""The hub's own tools by name."""


class Toolbox:
    """Its methods are request handlers of the SDK's server."""

    def __init__(self, sights: Sights) -> None:
        self._sights = sights

    async def list(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """What the client's key may use."""
        tools = list(OWN.values())
        functions: dict[str, FunctionInfo] = {}
        try:
            async with self._sights(ctx) as sight:
                tools = [tool for tool in tools if _may(sight, tool)]
                functions = await _functions(ctx, sight)
        except Unavailable as error:  # a hub at the far end of a wire: each call will say so
            _log.info("mcp.functions_unknown", why=error.message)
        listed = [tool.described() for tool in tools]
        listed += [described(name, each) for name, each in functions.items()]
        return types.ListToolsResult(tools=listed)

    async def call(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Call one. What goes wrong is an answer that says so; only a tool that there is not is MCP's error."""
        arguments = params.arguments or {}
        try:
            async with self._sights(ctx) as sight:
                call = Call(sight.hub, ctx.session)
                if (tool := OWN.get(params.name)) is not None:
                    return await tool(call, arguments)
                if (function := (await _functions(ctx, sight)).get(params.name)) is not None:
                    return await call_function(call, function, arguments)
                raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name[:200]!r}.")
        except TavernlinkError as error:
            return failed(error)
        except MCPError:
            raise
        except Exception:  # noqa: BLE001 (a fault of ours must cost one call, and tell nothing of the inside)
            _log.exception("mcp.tool_failed", tool=params.name)
            return failed(TavernlinkError("internal"))


async def _functions(ctx: Context, sight: Sight) -> dict[str, FunctionInfo]:
    """Functions by the names of their tools.

    A hub that is the client here does not get those of MCP servers: two hubs that use each other, or one that uses
    itself, would hand the same tools round for ever, each time under a longer name.
    """
    if not sight.may("function.call"):
        return {}
    try:
        found = await sight.hub.functions()
    except AuthError:  # known only to the hub, where this is at the far end of a wire
        return {}
    client = ctx.session.client_params
    if client is not None and client.client_info.name == HUB_AS_CLIENT:
        found = [each for each in found if each.provider.kind != "mcp"]
    return named(found, OWN)


def _may(sight: Sight, tool: Tool[Any]) -> bool:
    return all(sight.may(type_) for type_ in tool.needs)
