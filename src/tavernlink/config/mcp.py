"""The MCP servers whose tools the hub offers as functions: tables `[mcp.servers.NAME]` of the settings file."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

__all__ = ["McpServer", "McpSettings", "why_no_server"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]


class McpServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One server: a program that speaks over its standard input and output, or an address."""

    command: _Word | None = None
    """Program to start, e.g. "npx"."""
    args: list[str] = msgspec.field(default_factory=list)
    """Its arguments."""
    env: dict[str, str] = msgspec.field(default_factory=dict)
    """Its environment beside a few safe variables of the hub's; `${NAME}` stands for a variable of the hub's."""
    cwd: _Word | None = None
    """Folder to start it in."""
    url: _Word | None = None
    """Instead of `command`: where the server answers by streamable HTTP."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """What is sent with each request, e.g. Authorization; `${NAME}` as in `env`."""
    enabled: bool = True
    """False: leave it alone."""
    tools: list[str] = msgspec.field(default_factory=lambda: ["*"])
    """Globs: which of its tools become functions."""
    offer: bool = True
    """Offer them to models as tools; False: programs alone may call them."""
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    """Longest time of one call, in seconds."""


class McpSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about MCP."""

    servers: dict[str, McpServer] = msgspec.field(default_factory=dict)
    """Name → server."""


def why_no_server(name: str, server: McpServer) -> str | None:
    """Return what is wrong with an entry, or None."""
    if not _NAME.fullmatch(name):
        return "its name may have letters, digits, `_` and `-`, 64 at most"
    if (server.command is None) == (server.url is None):
        return "it needs either `command` or `url`"
    if server.url is not None and not server.url.startswith(("http://", "https://")):
        return "`url` must be an http(s) address"
    if server.url is not None and (server.args or server.env or server.cwd):
        return "`args`, `env` and `cwd` go with `command`"
    if server.command is not None and server.headers:
        return "`headers` go with `url`"
    return None
