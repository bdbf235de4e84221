"""An MCP server with tools of every kind, for the hub to use: `python weather.py [FOLDER]`.

With a folder it leaves a file there for each start, and has the tool `storm` once there is a file `storm`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mcp.server import MCPServer
from mcp.server.mcpserver import Context, Image

server = MCPServer("Weather", version="3")
folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None


@server.tool(title="The weather")
def weather(city: str) -> str:
    """How the weather is in a city."""
    return f"It is sunny in {city}."


@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    """Add two numbers."""
    return {"sum": a + b}


@server.tool()
def picture() -> Image:
    """Show the sky."""
    return Image(data=b"\x89PNG", format="png")


@server.tool()
async def wait(ctx: Context) -> str:
    """Never come to an end; leave a file when cancelled."""
    await ctx.report_progress(1, 2, "Waiting.")
    try:
        await asyncio.Event().wait()
    finally:
        if folder is not None:
            (folder / "cancelled").touch()
    return ""


@server.tool()
def secret() -> str:
    """What the environment holds."""
    return os.environ.get("WEATHER_TOKEN", "nothing")


@server.tool()
def die() -> str:
    """End the server."""
    sys.stderr.write("The roof fell in.\n")
    sys.stderr.flush()
    os._exit(3)


if __name__ == "__main__":
    if folder is not None:
        (folder / f"started-{os.getpid()}").touch()
    server.run("stdio")
