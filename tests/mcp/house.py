"""A hub with a scripted tavern, and the official MCP client at each of its doors."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from tavernlink.demo.hub import RunningHub, open_hub
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern

__all__ = ["DOORS", "Guest", "House", "guest_of", "open_house", "text_of", "until"]

DOORS = ("http", "http of 2025", "stdio")
"""Streamable HTTP as it is since 2026-07-28 and as it was before, and standard input and output."""

COMMANDS: dict[str, Any] = {
    "message.edit": {},
    "character.get": {
        "id": "s.png",
        "name": "Seraphina",
        "card": {"name": "Seraphina", "description": "An elf."},
    },
    "world.list": [
        {"name": "Eldoria", "active": True, "global": True, "chat": False, "persona": False, "characters": []}
    ],
    "world.get": {"name": "Eldoria", "entries": []},
    "file.get": {"name": "a.png", "type": "image/png", "data": "iVBORy4uLi4="},
}
"""What the tavern answers to commands of the catalogue."""


@dataclass
class Guest:
    """A client, and what it was told unasked."""

    client: Client
    told: list[Any] = field(default_factory=list)

    async def heard(self, kind: type) -> Any:
        """Wait for a message of this kind, and forget what came before."""
        await until(lambda: any(isinstance(each, kind) for each in self.told))
        return next(each for each in self.told if isinstance(each, kind))


@contextlib.asynccontextmanager
async def guest_of(url: str, door: str, key: str, *, mode: str | None = None) -> AsyncIterator[Guest]:
    """Connect the official client at a door of a hub; `legacy`: as before 2026-07-28."""
    guest: Guest

    async def receive(message: Any) -> None:
        guest.told.append(message)

    async with contextlib.AsyncExitStack() as stack:
        if door == "stdio":
            command = ["-m", "tavernlink", "mcp", "--url", url, "--key", key]
            transport: Any = stdio_client(StdioServerParameters(command=sys.executable, args=command))
        else:
            headers = {"Authorization": f"Bearer {key}"}
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=30))
            transport = streamable_http_client(f"{url}/mcp", http_client=http)
        mode = mode or ("legacy" if door == "http of 2025" else "auto")
        info = types.Implementation(name="inspector", version="1")
        client = Client(transport, mode=mode, message_handler=receive, client_info=info, cache=None)
        guest = Guest(client)
        await stack.enter_async_context(client)
        yield guest


@dataclass
class House:
    """What a test needs of it."""

    hub: RunningHub
    tavern: ScriptedTavern

    def guest(self, door: str, key: str | None = None) -> AbstractAsyncContextManager[Guest]:
        """Connect the official client."""
        return guest_of(self.hub.url, door, key or self.hub.app_key)

    async def listens(self) -> None:
        """Wait until the hub tells a client of changes: before 2026-07-28 that is begun without an answer."""
        core = self.hub.server.runtime.core
        await until(
            lambda: any(core.subscriptions.count(each.session) for each in core.directory.sessions.values())
        )


@contextlib.asynccontextmanager
async def open_house(folder: Path, **settings: Any) -> AsyncIterator[House]:
    """Run a hub and a tavern."""
    async with (
        open_hub(folder, **settings) as hub,
        scripted_tavern(hub.url, hub.tavern_key, commands=list(COMMANDS)) as tavern,
    ):
        tavern.results.update(COMMANDS)
        yield House(hub, tavern)


def text_of(answer: types.CallToolResult) -> str:
    """Return what an answer says."""
    return "\n".join(block.text for block in answer.content if isinstance(block, types.TextContent))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody announces; the test's time limit is the limit."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
