"""A real hub on a free port, with a key for each role, for tests of its doors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tavernlink.app import Server
from tavernlink.config import Settings
from tavernlink.core.access.keys import Role
from tests.transports.serving import WAIT, receive_text

V1 = [Subprotocol("tavernlink.v1")]


class House:
    """A running hub."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.runtime = server.runtime
        keyring = server.runtime.core.keyring
        roles: tuple[Role, ...] = ("admin", "tavern", "app", "viewer")
        self.keys: dict[str, str] = {role: keyring.create(role, f"{role} of the test")[1] for role in roles}

    @property
    def url(self) -> str:
        return self.server.url

    def websocket(self, path: str, **options: Any) -> connect:
        """Dial a path of the hub."""
        defaults = {"compression": None, "max_size": None, "proxy": None, "open_timeout": WAIT}
        return connect(self.url.replace("http", "ws", 1) + path, **{**defaults, **options})

    @asynccontextmanager
    async def peer(self, role: str = "app", **auth: Any) -> AsyncIterator[Peer]:
        """A peer on `/ws` that has said hello."""
        async with self.websocket("/ws", subprotocols=V1) as socket:
            peer = Peer(socket)
            await peer.send("hello", key=self.keys[role], role=role, **auth)
            peer.welcome = await peer.next("welcome")
            yield peer


class Peer:
    """One end of a v1 connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}
        self._ids = 0
        self._waiting: list[dict[str, Any]] = []

    async def send(self, type_: str, **content: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, "content": content}))

    async def read(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(await receive_text(self.socket)))

    async def next(self, wanted: str) -> Any:
        """The content of the next event of this type; others wait for their turn."""
        for place, frame in enumerate(self._waiting):
            if frame["type"] == wanted:
                return self._waiting.pop(place)["content"]
        while (frame := await self.read())["type"] != wanted:
            self._waiting.append(frame)
        return frame["content"]

    async def ask(self, type_: str, **content: Any) -> Any:
        """Send a message and return its outcome."""
        self._ids += 1
        await self.socket.send(json.dumps({"type": type_, "content": content, "id": self._ids}))
        while True:
            frame = await self.read()
            if frame["type"] == "ack" and frame["id"] == self._ids:
                return frame["content"]
            self._waiting.append(frame)

    async def result(self, type_: str, **content: Any) -> Any:
        """The result of a message that must succeed."""
        outcome = await self.ask(type_, **content)
        assert outcome["ok"], outcome
        return outcome.get("result")


@asynccontextmanager
async def open_house(folder: Path, **settings: Any) -> AsyncIterator[House]:
    """Run a hub with these settings."""
    async with Server(Settings(port=0, data_dir=folder, **settings)) as server:
        yield House(server)


async def until(condition: Any) -> None:
    """Wait until a condition holds that nothing announces."""
    async with asyncio.timeout(WAIT):
        while not condition():  # noqa: ASYNC110 # nobody sets an event
            await asyncio.sleep(0.01)
