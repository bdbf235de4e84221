"""Tools that stop things, and the pair that reaches every command of SillyTavern without a tool for each."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tavernlink.mcp.server.looking import as_json
from tavernlink.mcp.server.talking import Tavern
from tavernlink.mcp.server.tool import WRITES, Answer, Arguments, Call, Tool

__all__ = ["TOOLS"]


class CancelRequest(Arguments):
    """Arguments of `cancel_request`."""

    request_id: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="From `list_requests`.")
    ]


class StopGeneration(Arguments):
    """Arguments of `stop_generation`."""

    tavern: Tavern = None


async def _cancel_request(call: Call, arguments: CancelRequest) -> Answer:
    return as_json("request", await call.hub.requests.cancel(arguments.request_id))


async def _stop_generation(call: Call, arguments: StopGeneration) -> Answer:
    stopped = await call.hub.tavern(arguments.tavern).stop()
    return Answer("Stopped." if stopped else "Nothing was being generated.", {"stopped": stopped})


TOOLS: tuple[Tool[Any], ...] = (
    Tool(
        "cancel_request",
        "Cancel a request",
        "Cancel something that was asked for under this key and is not over yet.",
        CancelRequest,
        ("request.cancel",),
        _cancel_request,
        WRITES,
    ),
    Tool(
        "stop_generation",
        "Stop the generation",
        "Press Stop in SillyTavern, whoever started what is being generated in its open chat.",
        StopGeneration,
        ("generation.stop",),
        _stop_generation,
        WRITES,
    ),
)
