"""The stock clients, with their default options: npm's socket.io-client and python-socketio."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio

from tavernlink.transports.engineio.settings import Settings
from tavernlink.transports.socketio.namespace import Refusal
from tavernlink.transports.socketio.packet import Arguments
from tavernlink.transports.socketio.server import SocketServer
from tavernlink.transports.socketio.socket import Ack, Socket
from tests.transports.serving import WAIT, Address, serving, soon

ROOT = Path(__file__).resolve().parents[3]
MAX_PAYLOAD = 2_000_000

pytestmark = [
    pytest.mark.usefixtures("stock_client_leftovers"),
    pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning"),
]


class Mirror:
    """A namespace that does what the name of the event says."""

    def on_connect(self, socket: Socket, auth: bytes) -> None:
        payload = json.loads(auth)
        if payload.get("key") == "wrong":
            raise Refusal("Not you", {"code": "unauthorized"})
        socket.emit("auth", payload)

    def on_event(self, socket: Socket, name: str, arguments: Arguments, ack: Ack | None) -> None:
        if name == "message":
            socket.emit("message-back", *arguments.values())
        elif name == "message-with-ack" and ack is not None:
            ack(*arguments.values())
        elif name == "ask":

            def answered(answer: Arguments | None) -> None:
                if answer is not None:
                    socket.emit("answered", *answer.values())

            socket.ask("question", *arguments.values(), answer=answered)
        elif name == "drop":
            socket.session.close("dropped")
        elif name == "leave":
            socket.disconnect()

    def on_blocked(self, socket: Socket) -> None: ...

    def on_writable(self, socket: Socket) -> None: ...

    def on_disconnect(self, socket: Socket, reason: str) -> None: ...


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    mirror = Mirror()
    server = SocketServer(
        {"/": mirror, "/custom": mirror},
        engine=Settings(ping_interval=0.3, ping_timeout=5, max_payload=MAX_PAYLOAD),
        origin_allowed=lambda _: True,
    )
    async with serving({"/socket.io/": server.engine.accept}, server.engine, max_payload=MAX_PAYLOAD) as it:
        yield it


@pytest.mark.timeout(150)
async def test_the_javascript_client(address: Address) -> None:
    node = shutil.which("node")
    assert node is not None, "Node.js 20 or newer is needed"
    process = await asyncio.create_subprocess_exec(
        node,
        str(Path(__file__).with_name("stock_client.mjs")),
        address.http,
        str(ROOT / "js"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 140)
    assert process.returncode == 0, err.decode()
    report = json.loads(out)
    assert {name: result for name, result in report.items() if result != "ok"} == {}
    assert len(report) == 13


class Client:
    """python-socketio's client and what it heard."""

    def __init__(self) -> None:
        self.it: Any = socketio.AsyncClient()
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        for name in ("connect", "disconnect"):
            self.it.on(name, self.listener(name))
        self.it.on("*", self.hear)

    def listener(self, name: str) -> Any:
        async def hear(*args: Any) -> None:
            self.heard.put_nowait((name, args))

        return hear

    async def hear(self, name: str, *args: Any) -> Any:
        self.heard.put_nowait((name, args))
        return args if name == "question" else None

    async def next(self, wanted: str) -> Any:
        while True:
            name, args = await soon(self.heard.get())
            if name == wanted:
                return args


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client()
    yield client
    await client.it.shutdown()


@pytest.mark.parametrize("transports", [None, ["websocket"], ["polling"]])
async def test_the_python_client(address: Address, client: Client, transports: list[str] | None) -> None:
    options = {} if transports is None else {"transports": transports}
    await client.it.connect(address.http, auth={"token": "1"}, **options, wait_timeout=WAIT)
    assert await client.next("auth") == ({"token": "1"},)
    assert client.it.transport() == (transports or ["websocket"])[0]
    await client.it.emit("message", (1, "2", {"3": [b"\x01\x02"]}))
    assert await client.next("message-back") == (1, "2", {"3": [b"\x01\x02"]})
    assert await client.it.call("message-with-ack", b"\x09", timeout=WAIT) == b"\x09"
    await client.it.emit("ask", ("why", b"\x07"))
    assert await client.next("answered") == ("why", b"\x07")
    big = "ä" * 100_000  # six bytes each, as this client escapes them
    await client.it.emit("message", (big, b"\x01" * 200_000))
    assert await client.next("message-back") == (big, b"\x01" * 200_000)


async def test_the_python_client_in_two_namespaces(address: Address, client: Client) -> None:
    client.it.on("*", client.hear, namespace="/custom")
    await client.it.connect(address.http, namespaces=["/", "/custom"], wait_timeout=WAIT)
    await client.it.emit("message", "hello", namespace="/custom")
    assert await client.next("message-back") == ("hello",)
    assert await client.it.call("message-with-ack", 5, timeout=WAIT) == 5


async def test_the_python_client_hears_why_it_is_refused(address: Address, client: Client) -> None:
    refusals: asyncio.Queue[Any] = asyncio.Queue()
    client.it.on("connect_error", refusals.put)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.it.connect(address.http, auth={"key": "wrong"}, wait_timeout=WAIT)
    assert await soon(refusals.get()) == {"message": "Not you", "data": {"code": "unauthorized"}}


async def test_the_python_client_comes_back_after_a_drop(address: Address) -> None:
    client = Client()
    client.it.reconnection_delay = 0.05
    await client.it.connect(address.http, wait_timeout=WAIT)
    await client.next("auth")
    await client.it.emit("drop")
    await client.next("disconnect")
    await client.next("auth")
    assert await client.it.call("message-with-ack", 5, timeout=WAIT) == 5
    await client.it.shutdown()
