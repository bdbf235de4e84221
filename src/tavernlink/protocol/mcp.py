"""What the hub tells of the MCP servers that its settings name."""

from __future__ import annotations

from typing import Literal

from tavernlink.protocol.message import Count, Message, Name

__all__ = ["McpServerInfo", "McpServerState"]

McpServerState = Literal["starting", "running", "waiting", "disabled"]


class McpServerInfo(Message, omit_defaults=False):
    """One MCP server and how it is."""

    name: Name
    transport: Literal["stdio", "http"]
    state: McpServerState
    """`waiting`: it could not be reached or went away, and is tried again after `retry_in` seconds."""
    since: float
    """When it came into this state, seconds since 1970."""
    error: str | None = None
    """Why it went away, or could not be reached; stays until it runs again."""
    retry_in: float | None = None
    restarts: Count = 0
    """How often it went away since it was last started by hand, or its settings changed."""
    server: Name | None = None
    """What the server calls itself, with its version."""
    protocol: Name | None = None
    """Version of MCP that it speaks."""
    tools: list[str] = []
    """Addresses of its functions."""
