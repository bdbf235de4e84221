"""The Model Context Protocol, both ways: `server` shows the hub to MCP clients, `client` brings MCP servers to the hub.

Both stand on the official SDK (the package `mcp`), which takes a second to import. So nothing imports it before it is
needed: the server's door at its first request, the client where the settings name a server.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HUB_AS_CLIENT"]

HUB_AS_CLIENT: Final = "tavernlink"
"""What a hub calls itself to the MCP servers that it uses."""
