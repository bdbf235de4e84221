"""The MCP servers that the settings name, and their coming and going when the settings change."""

from __future__ import annotations

import asyncio
import importlib
import time
from typing import TYPE_CHECKING

import structlog

from tavernlink.errors import NotFound
from tavernlink.protocol.mcp import McpServerInfo

if TYPE_CHECKING:
    from tavernlink.config import Settings
    from tavernlink.config.mcp import McpServer
    from tavernlink.core.functions.functions import Functions
    from tavernlink.mcp.client.keeper import Keeper

__all__ = ["McpServers"]

_log = structlog.get_logger("tavernlink.mcp")


class McpServers:
    """All of them. Used from one event loop, from `adopt` to `stop`."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._wanted: dict[str, McpServer] = {}
        self._keepers: dict[str, Keeper] = {}
        self._since = time.time()
        self._changing: asyncio.Task[None] | None = None
        self._change = asyncio.Event()

    def adopt(self, settings: Settings) -> None:
        """Go by these settings from now on: start what is new, end what is gone, restart what is different."""
        self._wanted = dict(settings.mcp.servers)
        self._change.set()
        if self._changing is None and self._wanted:
            self._changing = asyncio.create_task(self._follow(), name="tavernlink-mcp-servers")

    async def stop(self) -> None:
        """End them all."""
        if self._changing is not None:
            self._changing.cancel()
            await asyncio.gather(self._changing, return_exceptions=True)
        keepers, self._keepers = self._keepers, {}
        await asyncio.gather(*(keeper.stop() for keeper in keepers.values()))

    def told(self) -> list[McpServerInfo]:
        """How each is, by name."""
        return [
            self._keepers[name].told() if name in self._keepers else self._untold(name, server)
            for name, server in sorted(self._wanted.items())
        ]

    def restart(self, name: str) -> None:
        """Start one anew. Raises `NotFound`."""
        keeper = self._keepers.get(name)
        if keeper is None:
            raise NotFound("unknown_item", f"No MCP server that is enabled is called {name[:100]!r}.")
        keeper.restart()

    def _untold(self, name: str, server: McpServer) -> McpServerInfo:
        return McpServerInfo(
            name=name,
            transport="http" if server.url is not None else "stdio",
            state="starting" if server.enabled else "disabled",
            since=self._since,
        )

    async def _follow(self) -> None:
        """Make it so, one change after the other; a server may take seconds to end."""
        module = await asyncio.to_thread(importlib.import_module, "tavernlink.mcp.client.keeper")
        while True:
            await self._change.wait()
            self._change.clear()
            wanted = {name: server for name, server in self._wanted.items() if server.enabled}
            gone = [name for name, keeper in self._keepers.items() if wanted.get(name) != keeper.settings]
            await asyncio.gather(*(self._keepers.pop(name).stop() for name in gone))
            for name, server in wanted.items():
                if name not in self._keepers:
                    keeper: Keeper = module.Keeper(name, server, self._functions)
                    self._keepers[name] = keeper
                    keeper.start()
