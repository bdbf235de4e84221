"""All tools of the hub: its own, and the functions that the key may call."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import structlog
from mcp.shared.exceptions import MCPError

from tavernlink.errors import TavernlinkError
from tavernlink.mcp.server import acting, looking, talking
from tavernlink.mcp.server.sight import Context, Sight, Sights
from tavernlink.mcp.server.tool import Call, Tool, failed

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
        async with self._sights(ctx) as sight:
            return types.ListToolsResult(
                tools=[tool.described() for tool in OWN.values() if _may(sight, tool)]
            )

    async def call(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Call one. What goes wrong is an answer that says so; only a tool that there is not is MCP's error."""
        arguments = params.arguments or {}
        try:
            async with self._sights(ctx) as sight:
                call = Call(sight.hub, ctx.session)
                tool = OWN.get(params.name)
                if tool is None:
                    raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name[:200]!r}.")
                return await tool(call, arguments)
        except TavernlinkError as error:
            return failed(error)
        except MCPError:
            raise
        except Exception:  # noqa: BLE001 (a fault of ours must cost one call, and tell nothing of the inside)
            _log.exception("mcp.tool_failed", tool=params.name)
            return failed(TavernlinkError("internal"))


def _may(sight: Sight, tool: Tool[Any]) -> bool:
    return all(sight.may(type_) for type_ in tool.needs)
