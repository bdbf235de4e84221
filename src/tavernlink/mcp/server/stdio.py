"""The stdio transport: what `tavernlink mcp` runs for a client that starts its servers itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from mcp.server.stdio import stdio_server

from tavernlink.errors import Unavailable
from tavernlink.mcp.server.server import make_server
from tavernlink.mcp.server.sight import Context, Sight
from tavernlink.sdk.hub import Hub

__all__ = ["serve_stdio"]

_PATIENCE = 10.0
"""Seconds that a request waits for a hub that is not there yet."""


async def serve_stdio(hub: Hub) -> None:
    """Serve the client at standard input and output with this hub until the client closes its end.

    The hub may come later than the client: nobody would see this program fail, or start it again.
    """
    opening = asyncio.create_task(hub.open())
    sight = Sight(hub, may=lambda _: True)

    @contextlib.asynccontextmanager
    async def sights(_: Context) -> AsyncIterator[Sight]:
        await _opened(hub, opening)
        yield sight

    server = make_server(sights)
    try:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
    finally:
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await hub.close()


async def _opened(hub: Hub, opening: asyncio.Task[None]) -> None:
    """Wait until the hub was reached once; from then on the handle mends its line by itself. Raises why it is not."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await asyncio.shield(opening)
    except TimeoutError:
        told = f"No hub answers at {hub.url} yet. Start it with `tavernlink serve`, or correct the address."
        raise Unavailable("unreachable", told) from None
