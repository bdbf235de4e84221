"""Functions as tools: each that the key may call, whoever provides it. Commands are not among them: `run_command`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import anyio
import mcp_types as types

from tavernlink.mcp.server.parts import answer_of
from tavernlink.mcp.server.tool import Call
from tavernlink.protocol.functions import FunctionInfo, FunctionProgress

__all__ = ["call_function", "described", "named"]

_NAME = 64
"""What the clients' models take."""
_CANCEL_SECONDS = 5.0
_LITTLE = 1e-6


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
    """Call one and return its result, telling its progress. Left by a cancellation, the call is cancelled."""
    news: asyncio.Queue[FunctionProgress | None] = asyncio.Queue()
    calling = call.hub.begin_call(function.address, dict(arguments), on_progress=news.put_nowait)
    telling = asyncio.create_task(_tell(call, news))
    try:
        result = await calling
        news.put_nowait(None)
        await telling
    except asyncio.CancelledError:
        with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
            await calling.cancel()
        raise
    finally:
        telling.cancel()
    return answer_of(result).to_result()


async def _tell(call: Call, news: asyncio.Queue[FunctionProgress | None]) -> None:
    """Pass progress on. MCP wants it to grow: what does not is a message alone, a little further than the last."""
    last = 0.0
    while (told := await news.get()) is not None:
        last = told.progress if told.progress > last else last + _LITTLE
        await call.tell(last, told.total, told.message)


_KINDS = {"app": "program", "tavern": "SillyTavern tab", "mcp": "MCP server"}


def _tool_name(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", words)[:_NAME]
