"""Messages of programs' own types through every door: sent by each, heard by each, led by a rule."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

import tavernlink
from tavernlink.app import Server
from tavernlink.config import load_settings
from tavernlink.protocol.routing import CustomMessage
from tavernlink.sdk import Hub
from tests.http.sse_reader import read_events

JS = Path(__file__).parents[2] / "js"

SETTINGS = """
[[routes]]
id = "no-cheating"
types = ["x.dice.*"]
when = 'has(content.cheat) && source.name != "Root"'
action = "drop"
note = "Play fair."
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    (tmp_path / "tavernlink.toml").write_text(SETTINGS)
    async with Server(load_settings({"port": 0, "data_dir": tmp_path})) as server:
        yield server


def key_of(server: Server, role: Any, name: str) -> str:
    return server.runtime.core.keyring.create(role, name)[1]


@pytest.fixture
async def game(server: Server) -> AsyncIterator[Hub]:
    """A peer that answers each roll."""
    async with tavernlink.connect(server.url, key_of(server, "app", "game"), name="Game") as hub:

        @hub.on("x.dice.roll")
        async def roll(message: CustomMessage) -> None:
            assert message.sender is not None
            await hub.send("x.dice.result", message.content["sides"], to=message.sender.id)

        yield hub


async def plain(server: Server, key: str, **auth: Any) -> tuple[ClientConnection, str]:
    line = await connect(
        server.url.replace("http", "ws", 1) + "/ws", subprotocols=[Subprotocol("tavernlink.v1")]
    )
    await line.send(json.dumps({"type": "hello", "content": {"key": key, "protocol": 1, **auth}}))
    return line, json.loads(await line.recv())["content"]["id"]


async def hear(line: ClientConnection, type_: str) -> Any:
    async with asyncio.timeout(20):
        while True:
            frame = json.loads(await line.recv())
            if frame["type"] == type_:
                return frame["content"]


async def test_a_program_on_stock_socketio_talks_to_one_on_the_sdk(server: Server, game: Hub) -> None:
    node = shutil.which("node")
    assert node is not None, "Node 20 or newer is needed; make setup says so too"
    process = await asyncio.create_subprocess_exec(
        node,
        str(Path(__file__).with_name("messages.mjs")),
        server.url,
        key_of(server, "app", "node"),
        str(JS),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    told = json.loads(output)
    assert [each["content"] for each in told["heard"]] == [20, 6]
    assert {each["from"]["name"] for each in told["heard"]} == {"Game"}
    sent, refused = told["outcomes"]
    assert (sent["ok"], sent["result"]["reached"]) == (True, 1)
    assert (refused["ok"], refused["error"]["code"]) == (False, "unknown_peer")


async def test_the_plain_websocket_door_takes_and_gives_them_for_apps_and_taverns(
    server: Server, game: Hub
) -> None:
    app, app_id = await plain(server, key_of(server, "app", "raw"), name="Raw")
    tavern, _ = await plain(server, key_of(server, "tavern", "inn"), name="Inn", role="tavern", id="t-inn")
    for line in (app, tavern):
        roll = {"to": {"peer": "Game"}, "content": {"sides": 12}}
        await line.send(json.dumps({"type": "x.dice.roll", "content": roll, "id": 7}))
        assert (await hear(line, "x.dice.result"))["content"] == 12
    word = {"to": {"peer": app_id}, "content": "hello"}
    await tavern.send(json.dumps({"type": "x.word", "content": word, "id": 8}))
    got = await hear(app, "x.word")
    assert (got["content"], got["from"]) == (
        "hello", {"id": "t-inn", "name": "Inn", "kind": "tavern", "role": "tavern"},
    )  # fmt: skip
    await app.close()
    await tavern.close()


async def test_rest_sends_them_and_hears_what_is_for_everybody(server: Server, game: Hub) -> None:
    words = game.messages("x.word")
    headers = {"Authorization": f"Bearer {key_of(server, 'app', 'A script')}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=20) as http:
        posted = {"type": "x.word", "to": {"peer": "Game"}, "content": ["hi"], "message_id": "m-1"}
        for _ in range(2):
            answer = (await http.post("/api/messages", json=posted)).json()
            assert answer["result"] == {"message_id": "m-1", "reached": 1, "kept": 0, "unknown": []}
        message = await asyncio.wait_for(anext(aiter(words)), 20)
        assert message.sender is not None
        assert (message.content, message.sender.name, message.sender.role) == (["hi"], "A script", "app")

        wrong = await http.post("/api/messages", json={**posted, "type": "chat.send", "message_id": "m-2"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "unknown_type")
        nobody = await http.post("/api/messages", json={**posted, "to": {"peer": "No"}, "message_id": "m-3"})
        assert (nobody.status_code, nobody.json()["error"]["code"]) == (404, "unknown_peer")

        async with http.stream("GET", "/api/events?types=x.*") as listening, asyncio.timeout(20):
            events = read_events(listening)
            assert (await anext(events)).data == "subscribed"
            await game.send("x.news", {"n": 1}, to="*")
            event = await anext(events)
        assert (event.type, event.data["content"]) == ("x.news", {"n": 1})


async def test_rules_hold_on_every_door_and_are_changed_over_rest(server: Server, game: Hub) -> None:
    heard = game.messages("x.dice.*", "x.copy")
    cheat = {"type": "x.dice.roll", "to": {"peer": "Game"}, "content": {"sides": 6, "cheat": True}}
    app, _ = await plain(server, key_of(server, "app", "raw"), name="Raw")
    await app.send(json.dumps({"type": cheat["type"], "content": cheat, "id": 1}))
    refused = json.loads(await app.recv())["content"]["error"]
    assert (refused["code"], refused["details"]) == ("dropped", {"route": "no-cheating"})
    assert "Play fair." in refused["message"]
    headers = {"Authorization": f"Bearer {key_of(server, 'admin', 'Root')}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=20) as http:
        assert (await http.post("/api/messages", json=cheat)).status_code == 200  # the rule lets Root
        assert (await asyncio.wait_for(anext(aiter(heard)), 20)).type == "x.dice.roll"
        rule = {"types": ["x.word"], "action": "copy", "to": {"peer": "Game"}, "as": "x.copy"}
        made = await http.put("/api/routes/copies", json=rule)
        assert made.json()["result"]["route"]["id"] == "copies"
        listed = (await http.get("/api/routes")).json()["result"]
        assert [(each["route"]["id"], each["origin"], each["matched"]) for each in listed] == [
            ("no-cheating", "settings", 1), ("copies", "api", 0),
        ]  # fmt: skip
        tested = await http.post(
            "/api/routes/test", json={"type": "x.word", "to": {"peer": "Raw"}, "content": 1}
        )
        assert [each["type"] for each in tested.json()["result"]["results"]] == ["x.word", "x.copy"]
        await http.post("/api/messages", json={"type": "x.word", "to": {"peer": "Raw"}, "content": 1})
        assert (await asyncio.wait_for(anext(aiter(heard)), 20)).route == "copies"
        broken = await http.post("/api/routes", json={**rule, "when": "role =="})
        assert (broken.status_code, broken.json()["error"]["code"]) == (400, "invalid_expression")
        assert broken.json()["error"]["details"]["column"] == 8
        kept = await http.delete("/api/routes/no-cheating")
        assert (kept.status_code, kept.json()["error"]["code"]) == (409, "route_in_settings")
        assert (await http.delete("/api/routes/copies")).status_code == 200
    await app.close()
