"""Every door of the hub on one port: uvicorn with long polling, REST, the OpenAI API and the WebSocket doors."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import uvicorn

from tavernlink.http.api.mcp import NO_SERVERS, Servers
from tavernlink.http.application import create_app
from tavernlink.http.entrance import Entrance
from tavernlink.mcp.door import McpDoor
from tavernlink.runtime.front import Front
from tavernlink.runtime.system import SystemClock
from tavernlink.transports.engineio.settings import Settings as EngineSettings
from tavernlink.transports.socketio.door import SocketDoor
from tavernlink.transports.socketio.server import SocketServer
from tavernlink.transports.upgrade import Upgrades
from tavernlink.transports.websocket.door import WebSocketDoors

if TYPE_CHECKING:
    from tavernlink.config import Settings
    from tavernlink.runtime.configuration import Configuration
    from tavernlink.runtime.hub import Runtime
    from tavernlink.tls import Certificate

__all__ = ["Doors"]

_SOCKETIO = "/socket.io/"


class Doors:
    """The doors of one hub. `serve` runs until `should_exit`."""

    def __init__(
        self,
        configuration: Configuration,
        runtime: Runtime,
        certificate: Certificate | None = None,
        mcp_servers: Servers = NO_SERVERS,
    ) -> None:
        settings = configuration.settings

        def origin_allowed(origin: str) -> bool:
            return configuration.settings.allows_origin(origin)

        self._front = Front(settings, SystemClock.now)
        self._sockets = SocketServer(
            {"/": SocketDoor(runtime)},
            engine=EngineSettings(max_payload=settings.max_payload),
            origin_allowed=origin_allowed,
            front=self._front,
        )
        self._plain = WebSocketDoors(runtime=runtime, chatbridge_without_key=settings.chatbridge_without_key)
        upgrades = Upgrades(
            {
                _SOCKETIO: self._sockets.engine.accept,
                "/ws": self._plain.program_door,
                "/": self._plain.extension_door,
            },
            origin_allowed,
            max_payload=settings.max_payload,
            front=self._front,
            counts=runtime.counts,
        )
        mcp = McpDoor(runtime, settings.max_payload)
        self._api = create_app(runtime, settings, configuration, mcp=mcp, mcp_servers=mcp_servers)
        config = uvicorn.Config(
            Entrance(self._answer, self._front, runtime.counts),
            ws=upgrades,  # type: ignore[arg-type] # any callable that makes a protocol
            http="httptools",
            loop="none",
            interface="asgi3",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=3,
            ssl_context_factory=None if certificate is None else lambda *_: certificate.context,
        )
        self.server = _Uvicorn(config, self._sockets, mcp)

    def adopt(self, settings: Settings) -> None:
        """Go by these settings from now on."""
        self._front.adopt(settings)
        self._plain.chatbridge_without_key = settings.chatbridge_without_key
        self._api.adopt(settings)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        """Long polling to the Socket.IO server, everything else to the HTTP application."""
        if scope["type"] == "http" and scope["path"] == _SOCKETIO:
            await self._sockets.engine(scope, receive, send)
        else:
            await self._api(scope, receive, send)


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers; ends waiting polling requests before it waits for them."""

    def __init__(self, config: uvicorn.Config, sockets: SocketServer, mcp: McpDoor) -> None:
        super().__init__(config)
        self._sockets = sockets
        self._mcp = mcp

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `app.serve`."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection."""
        self._sockets.shutdown()
        self._mcp.shutdown()
        await super().shutdown(sockets)
