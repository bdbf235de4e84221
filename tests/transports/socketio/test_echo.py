"""The stand-alone echo server, as the conformance suites start it (in its own process, on the fast event loop)."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect

from tests.transports.serving import WAIT, receive_text, soon


@asynccontextmanager
async def echo(*options: str) -> AsyncIterator[str]:
    """Host and port of a running echo server."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tavernlink.transports.socketio.echo", "--port", "0", "--max-payload", "1000000", *options),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 4 * WAIT)).decode()
        yield line.strip().rpartition("/")[2]
    finally:
        process.terminate()
        await soon(process.wait())


@pytest.mark.parametrize(("namespace", "prefix"), [("/", ""), ("/custom", "/custom,")])
async def test_it_serves_both_namespaces(namespace: str, prefix: str) -> None:
    async with (
        echo() as host,
        connect(f"ws://{host}/socket.io/?EIO=4&transport=websocket", proxy=None) as socket,
    ):
        assert json.loads((await receive_text(socket))[1:])["maxPayload"] == 1_000_000
        await socket.send(f'40{prefix}{{"token":"123"}}')
        assert (await receive_text(socket)).startswith(f"40{prefix}")
        assert await receive_text(socket) == f'42{prefix}["auth",{{"token":"123"}}]'
        await socket.send(f'42{prefix}["message",1]')
        assert await receive_text(socket) == f'42{prefix}["message-back",1]'
        await socket.send(f'42{prefix}7["message-with-ack",2]')
        assert await receive_text(socket) == f"43{prefix}7[2]"


async def test_it_serves_bare_engine_io_with_the_asked_heartbeat() -> None:
    async with (
        echo("--engine", "--ping-interval", "0.1", "--ping-timeout", "5") as host,
        connect(f"ws://{host}/engine.io/?EIO=4&transport=websocket", proxy=None) as socket,
    ):
        handshake = json.loads((await receive_text(socket))[1:])
        assert (handshake["pingInterval"], handshake["pingTimeout"]) == (100, 5000)
        await socket.send("4hello")
        assert {await receive_text(socket), await receive_text(socket)} == {"4hello", "2"}
