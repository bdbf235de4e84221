"""The door `/mcp`. It opens, and pays for the SDK's import, when the first request comes."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any

from tavernlink.errors import Unavailable

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from tavernlink.runtime.hub import Runtime

__all__ = ["McpDoor"]


class McpDoor:
    """An ASGI app for the one address; its requests have passed the gate."""

    def __init__(self, runtime: Runtime, max_body: int) -> None:
        self._runtime = runtime
        self._max_body = max_body
        self._ready: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        manager = await self._open()
        from tavernlink.mcp.server.http import answer  # noqa: PLC0415 (imported by now)

        await answer(manager, scope, receive, send)

    def shutdown(self) -> None:
        """End every stream and session."""
        self._stop.set()

    async def _open(self) -> StreamableHTTPSessionManager:
        if self._stop.is_set():
            raise Unavailable("hub_stopping")
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._ready), name="tavernlink-mcp")
        return await asyncio.shield(self._ready)

    async def _run(self, ready: asyncio.Future[StreamableHTTPSessionManager]) -> None:
        """Hold the sessions: the SDK wants its tasks begun and ended by one."""
        try:
            module = await asyncio.to_thread(importlib.import_module, "tavernlink.mcp.server.http")
            manager: StreamableHTTPSessionManager = module.make_manager(self._runtime, self._max_body)
            async with manager.run():
                ready.set_result(manager)
                await self._stop.wait()
        except Exception as error:
            if ready.done():
                raise
            self._ready = None
            ready.set_exception(error)
            ready.exception()
