"""A real uvicorn server on a free loopback port, in the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from tavernlink.transports.engineio.server import EngineServer
from tavernlink.transports.upgrade import Door, Upgrades

WAIT = 30.0
"""Seconds after which a test gives up waiting for an event."""

ALLOWED = "http://tavern.example"
"""The only browser origin that the servers here allow."""


def allows(origin: str) -> bool:
    return origin == ALLOWED


async def soon(waiting: Any) -> Any:
    """Wait for something, but not for ever."""
    return await asyncio.wait_for(waiting, WAIT)


@dataclass
class Address:
    port: int
    upgrades: Upgrades

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def websocket(self, path: str, **options: Any) -> connect:
        """Dial a path with the `websockets` client; compression off, any size, no proxy."""
        return connect(
            self.ws + path,
            **{"compression": None, "max_size": None, "proxy": None, "open_timeout": WAIT, **options},
        )

    def client(self, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.http, timeout=WAIT, trust_env=False, **options)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._before_stop = before_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_stop()
        await super().shutdown(sockets)


@asynccontextmanager
async def serving(
    doors: Mapping[str, Door],
    engine: EngineServer | None = None,
    *,
    max_payload: int = 1_000_000,
    max_write_buffer: int = 16_000_000,
) -> AsyncIterator[Address]:
    """Serve WebSocket doors, and an Engine.IO server's polling on every path."""

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        assert engine is not None
        await engine(scope, receive, send)

    upgrades = Upgrades(dict(doors), allows, max_payload=max_payload, max_write_buffer=max_write_buffer)
    config = uvicorn.Config(
        app,
        ws=upgrades,  # type: ignore[arg-type] # any callable that makes a protocol
        http="httptools",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config, engine.shutdown if engine is not None else lambda: None)
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server._serve([listener]))
    try:
        await soon(server.listening.wait())
        yield Address(listener.getsockname()[1], upgrades)
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)


async def receive_text(socket: ClientConnection) -> str:
    """The next text message."""
    message = await soon(socket.recv())
    assert isinstance(message, str)
    return message
