"""Functions through every door: each caller calls each provider, with right results and right errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

import tavernlink
from tavernlink.app import Server
from tavernlink.config import load_settings

FUNCTION = """
import tavernlink

@tavernlink.function
async def double_by_hub(number: int) -> int:
    if number == 0:
        raise ValueError("nothing to double")
    return number * 2
"""
PARAMETERS = {
    "type": "object",
    "properties": {"number": {"type": "integer"}},
    "required": ["number"],
    "additionalProperties": False,
}
Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""(function, arguments) → the outcome of the whole call: `{"ok", "result"?, "error"?}`."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "double.py").write_text(FUNCTION)
    async with Server(load_settings({"port": 0, "data_dir": tmp_path})) as server:
        yield server


def key_of(server: Server, role: Any, name: str) -> str:
    return server.runtime.core.keyring.create(role, name)[1]


async def serve_by_tavern(server: Server, stack: AsyncExitStack) -> None:
    """A tavern on stock Socket.IO that offers a function; it tells outcomes without an ack."""
    tavern = socketio.AsyncClient()
    stack.push_async_callback(tavern.disconnect)

    async def carry_out(invoke: dict[str, Any]) -> None:
        number = invoke["args"]["number"]
        error = {"code": "function_failed", "message": "ValueError: nothing to double"}
        said = {"ok": True, "result": number * 2} if number else {"ok": False, "error": error}
        await tavern.emit("function.done", {"call_id": invoke["call_id"], **said})

    tavern.on("function.invoke", carry_out)
    auth = {
        "key": key_of(server, "tavern", "inn"),
        "role": "tavern",
        "name": "Inn",
        "id": "t-inn",
        "protocol": 1,
    }
    await tavern.connect(server.url, auth=auth, transports=["websocket"])
    spec = {"name": "double_by_tavern", "parameters": PARAMETERS}
    outcome = await tavern.call("function.register", {"functions": [spec]})
    assert outcome == {"ok": True, "result": ["tavern:t-inn/double_by_tavern"]}


async def serve_by_app(server: Server, stack: AsyncExitStack) -> None:
    hub = await stack.enter_async_context(
        tavernlink.connect(server.url, key_of(server, "app", "bot"), name="bot")
    )

    async def double_by_app(number: int) -> int:
        if number == 0:
            raise ValueError("nothing to double")
        return number * 2

    await hub.serve(double_by_app)


async def by_socketio(server: Server, stack: AsyncExitStack, role: str) -> Ask:
    client = socketio.AsyncClient()
    stack.push_async_callback(client.disconnect)
    results: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    client.on("function.result", results.put)
    auth = {"key": key_of(server, role, "caller"), "role": role, "name": "caller", "protocol": 1}
    await client.connect(server.url, auth=auth, transports=["websocket"])

    async def ask(name: str, args: dict[str, Any]) -> Any:
        accepted = await client.call("function.call", {"name": name, "args": args})
        if not accepted["ok"]:
            return accepted
        result = await asyncio.wait_for(results.get(), 20)
        assert result["call_id"] == accepted["result"]["call_id"]
        return result

    return ask


async def by_websocket(server: Server, stack: AsyncExitStack) -> Ask:
    """The ack is the end."""
    address = server.url.replace("http", "ws", 1) + "/ws"
    line = await stack.enter_async_context(connect(address, subprotocols=[Subprotocol("tavernlink.v1")]))
    auth = {"key": key_of(server, "app", "raw"), "protocol": 1}
    await line.send(json.dumps({"type": "hello", "content": auth}))

    async def ask(name: str, args: dict[str, Any]) -> Any:
        call = {"name": name, "args": args, "wait": True}
        await line.send(json.dumps({"type": "function.call", "content": call, "id": name}))
        async with asyncio.timeout(20):
            while True:
                frame = json.loads(await line.recv())
                if frame["type"] == "ack" and frame["id"] == name:
                    outcome = frame["content"]
                    return {**outcome, "result": outcome["result"]["result"]} if outcome["ok"] else outcome

    return ask


async def by_rest(server: Server, stack: AsyncExitStack) -> Ask:
    headers = {"Authorization": f"Bearer {key_of(server, 'app', 'script')}"}
    http = await stack.enter_async_context(
        httpx.AsyncClient(base_url=server.url, headers=headers, timeout=20)
    )

    async def ask(name: str, args: dict[str, Any]) -> Any:
        outcome = (await http.post(f"/api/functions/{name}/call", json={"args": args})).json()
        return {**outcome, "result": outcome["result"]["result"]} if outcome["ok"] else outcome

    return ask


async def test_each_caller_calls_each_provider(server: Server) -> None:
    async with AsyncExitStack() as stack:
        await serve_by_tavern(server, stack)
        await serve_by_app(server, stack)
        callers = {
            "app on Socket.IO": await by_socketio(server, stack, "app"),
            "tavern on Socket.IO": await by_socketio(server, stack, "tavern"),
            "app on /ws": await by_websocket(server, stack),
            "REST": await by_rest(server, stack),
        }
        for caller, ask in callers.items():
            for provider in ("app", "hub", "tavern"):
                name = f"double_by_{provider}"
                done = await ask(name, {"number": 21})
                assert (done["ok"], done["result"]) == (True, 42), (caller, provider, done)
                failed = await ask(name, {"number": 0})
                assert failed["error"]["code"] == "function_failed", (caller, provider, failed)
                assert failed["error"]["message"] == "ValueError: nothing to double"
                wrong = await ask(name, {"number": "many"})
                assert wrong["error"]["code"] == "invalid_arguments", (caller, provider, wrong)
                assert wrong["error"]["details"]["path"] == "$.args.number"
            unknown = await ask("triple", {})
            assert unknown["error"]["code"] == "unknown_function", caller
