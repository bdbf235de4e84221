"""A stand-alone server with the behaviour that the public conformance suites expect of theirs.

    python -m tavernlink.transports.socketio.echo --port 3000 --ping-interval 0.3 --ping-timeout 0.2 \\
        --max-payload 1000000

serves the Socket.IO suite on `/socket.io/` (namespaces `/` and `/custom`); with `--engine` it serves the
Engine.IO suite on `/engine.io/`. Binds to loopback; `--port 0` takes a free port and prints it.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import uvicorn

from tavernlink.transports.engineio.packet import message
from tavernlink.transports.engineio.server import EngineServer
from tavernlink.transports.engineio.session import Session
from tavernlink.transports.engineio.settings import Settings as EngineSettings
from tavernlink.transports.frame import Frame
from tavernlink.transports.socketio.packet import Arguments
from tavernlink.transports.socketio.server import SocketServer
from tavernlink.transports.socketio.socket import Ack, Socket
from tavernlink.transports.upgrade import Upgrades

__all__ = ["EchoNamespace", "EchoServer", "EngineEcho", "main", "make_server"]


_AUTH_DELAY = 0.02  # seconds


class EchoNamespace:
    """What the Socket.IO suite expects of a namespace."""

    def on_connect(self, socket: Socket, auth: bytes) -> None:
        """Tell the client its own payload.

        A moment later: the suite listens for one message at a time, and its WebSocket library hands over the
        messages of one TCP read in one go, so an event right behind the CONNECT packet would be missed.
        """
        asyncio.get_running_loop().call_later(_AUTH_DELAY, socket.emit, "auth", msgspec.json.decode(auth))

    def on_event(self, socket: Socket, name: str, arguments: Arguments, ack: Ack | None) -> None:
        """Send the arguments back."""
        if name == "message":
            socket.emit("message-back", *arguments.values())
        elif name == "message-with-ack" and ack is not None:
            ack(*arguments.values())

    def on_blocked(self, socket: Socket) -> None:
        """Nothing is held back."""

    def on_writable(self, socket: Socket) -> None:
        """Nothing waits."""

    def on_disconnect(self, socket: Socket, reason: str) -> None:
        """Nothing to clean up."""


class EngineEcho:
    """What the Engine.IO suite expects: each message comes back."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def receive_message(self, data: bytes) -> None:
        """Text."""
        self._session.send(message(data))

    def receive_binary(self, data: bytes) -> None:
        """Binary."""
        self._session.send(Frame(b"", (data,)))

    def blocked(self) -> None:
        """Nothing is held back."""

    def writable(self) -> None:
        """Nothing waits."""

    def session_closed(self, reason: str) -> None:
        """Nothing to clean up."""


class EchoServer(uvicorn.Server):
    """uvicorn with one Engine.IO server; waiting requests are ended before it stops."""

    def __init__(self, engine: EngineServer, path: str) -> None:
        self._engine = engine
        upgrades = Upgrades(
            {path: engine.accept}, engine.origin_allowed, max_payload=engine.settings.max_payload
        )
        super().__init__(
            uvicorn.Config(
                self._application,
                ws=upgrades,  # type: ignore[arg-type] # any callable that makes a protocol
                http="httptools",
                interface="asgi3",
                proxy_headers=False,
                lifespan="off",
                log_level="warning",
                timeout_graceful_shutdown=3,
            )
        )
        self._path = path

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == self._path:
            await self._engine(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._engine.shutdown()
        await super().shutdown(sockets)


def make_server(settings: EngineSettings, *, engine_only: bool) -> EchoServer:
    """The server of one of the two suites."""
    if engine_only:
        engine = EngineServer(EngineEcho, settings, origin_allowed=_any_origin)
        return EchoServer(engine, "/engine.io/")
    namespace = EchoNamespace()
    sockets = SocketServer(
        {"/": namespace, "/custom": namespace},
        engine=settings,
        origin_allowed=_any_origin,
    )
    return EchoServer(sockets.engine, "/socket.io/")


def _any_origin(_origin: str) -> bool:
    return True  # there is nothing to protect here


def _loop() -> asyncio.AbstractEventLoop:
    """Take uvloop (winloop on Windows) where it is installed, else plain asyncio."""
    try:
        if sys.platform == "win32":
            import winloop as fast  # noqa: PLC0415
        else:
            import uvloop as fast  # noqa: PLC0415
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = fast.new_event_loop()
    return loop


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="tavernlink.transports.socketio.echo", description=__doc__)
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--ping-interval", type=float, default=25.0, help="seconds")
    parser.add_argument("--ping-timeout", type=float, default=20.0, help="seconds")
    parser.add_argument("--max-payload", type=int, default=1_000_000, help="bytes")
    parser.add_argument("--engine", action="store_true", help="serve the Engine.IO suite")
    options = parser.parse_args(argv)
    settings = EngineSettings(
        ping_interval=options.ping_interval,
        ping_timeout=options.ping_timeout,
        max_payload=options.max_payload,
        max_strangers_per_address=1000,
    )
    server = make_server(settings, engine_only=options.engine)
    listener = socket.create_server(("127.0.0.1", options.port))
    port = listener.getsockname()[1]
    sys.stdout.write(f"listening on http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(server.serve([listener]))


if __name__ == "__main__":
    main()
