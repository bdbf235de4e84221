"""Functions as tools: each that the key may call, whoever provides it. Commands are not among them: `run_command`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import anyio
import mcp_types as types

from tavernlink.mcp.server.parts import answer_of
from tavernlink.mcp.server.tool import Call
from tavernlink.protocol.functions import (
    CallAccepted,
    FunctionCall,
    FunctionCancel,
    FunctionInfo,
    FunctionList,
)
from tavernlink.sdk.hub import Hub

__all__ = ["call_function", "described", "functions_of", "named"]

_NAME = 64
"""What the clients' models take."""
_CANCEL_SECONDS = 5.0


async def functions_of(hub: Hub) -> list[FunctionInfo]:
    """Return those that may be called."""
    return await hub.ask("function.list", FunctionList(), list[FunctionInfo])


def named(functions: Iterable[FunctionInfo], taken: Collection[str]) -> dict[str, FunctionInfo]:
    """Give each a name that models take and nothing else here has: its own, else with its provider's before it."""
    found: dict[str, FunctionInfo] = {}
    for function in sorted(functions, key=lambda each: each.address):
        provider = function.provider.name or function.provider.id
        for words in (function.name, f"{provider}_{function.name}", function.address):
            name = _tool_name(words)
            if name not in taken and name not in found:
                found[name] = function
                break
    return found


def described(name: str, function: FunctionInfo) -> types.Tool:
    """Return MCP's description."""
    whose = function.provider
    by = "the hub" if whose.kind == "hub" else f"the {_KINDS[whose.kind]} {whose.name or whose.id}"
    about = f"{function.description.rstrip()}\n\n(A function of {by}.)".strip()
    return types.Tool(
        name=name,
        title=function.title,
        description=about,
        input_schema={"type": "object", **function.parameters},
    )


async def call_function(
    call: Call, function: FunctionInfo, arguments: Mapping[str, Any]
) -> types.CallToolResult:
    """Call one and return its result. Left by a cancellation, the call is cancelled."""
    call_id = uuid.uuid4().hex
    asked = FunctionCall(name=function.address, args=dict(arguments), call_id=call_id, wait=True)
    is_over = False
    try:
        accepted = await call.hub.ask("function.call", asked, CallAccepted, timeout=None)
        is_over = True
    finally:
        if not is_over:
            with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
                await call.hub.ask("function.cancel", FunctionCancel(call_id=call_id), object)
    return answer_of(accepted.result).to_result()


_KINDS = {"app": "program", "tavern": "SillyTavern tab", "mcp": "MCP server"}


def _tool_name(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", words)[:_NAME]
