"""A hub that says exactly what a test tells it to, line by line, over a real WebSocket."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, NamedTuple, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tavernlink.protocol import WEBSOCKET_SUBPROTOCOL

LIMITS = {
    "max_payload": 100_000,
    "session_seconds": 30,
    "confirm_every": 5,
    "reconnect_min": 0.01,
    "reconnect_max": 0.05,
}


class Received(NamedTuple):
    type: str
    content: Any
    id: int | None


class ScriptedLine:
    """One connection of the app under test."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.hello: Any = None

    async def receive(self) -> Received:
        frame = json.loads(await self.socket.recv())
        return Received(frame["type"], frame["content"], frame.get("id"))

    async def expect(self, type_: str) -> Received:
        received = await self.receive()
        assert received.type == type_, received
        return received

    async def welcome(self, *, resumed: bool = False, session: str = "s1", **more: Any) -> None:
        received = await self.expect("hello")
        self.hello = received.content
        content = {
            "session": session,
            "id": "a1",
            "protocol": 1,
            "hub": {"version": "9.9"},
            "server_time": 1.0,
        }
        await self.send("welcome", **content, resumed=resumed, limits=LIMITS, **more)

    async def send(self, type_: str, **content: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, "content": content}))

    async def ack(self, received: Received, result: Any = None) -> None:
        outcome = {"ok": True, "result": result}
        await self.socket.send(json.dumps({"type": "ack", "id": received.id, "content": outcome}))

    async def refuse(self, received: Received, code: str, message: str = "No.") -> None:
        outcome = {"ok": False, "error": {"code": code, "message": message}}
        await self.socket.send(json.dumps({"type": "ack", "id": received.id, "content": outcome}))

    async def accept(self, type_: str = "chat.send") -> Received:
        """Take a request and accept it."""
        asked = await self.expect(type_)
        await self.ack(asked, {"request_id": asked.content["request_id"], "position": 0, "state": "running"})
        return asked

    async def drop(self) -> None:
        """Cut the line without a word."""
        self.socket.transport.abort()
        await self.socket.wait_closed()

    async def ended(self) -> None:
        """Wait until the app's side is gone."""
        try:
            while True:
                await self.socket.recv()
        except ConnectionClosed:
            return


class ScriptedHub:
    """Hands out the app's lines in the order in which they come."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[ScriptedLine] = asyncio.Queue()
        self._server: Server | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        protocols = [Subprotocol(WEBSOCKET_SUBPROTOCOL)]
        self._server = await serve(self._serve, "127.0.0.1", 0, subprotocols=protocols, close_timeout=0.5)
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, socket: ServerConnection) -> None:
        self._lines.put_nowait(ScriptedLine(socket))
        await socket.wait_closed()

    async def line(self) -> ScriptedLine:
        return await self._lines.get()

    async def welcomed_line(self, **welcome: Any) -> ScriptedLine:
        line = await self.line()
        await line.welcome(**welcome)
        return line
