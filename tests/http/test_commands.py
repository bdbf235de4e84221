"""Commands by name over HTTP: the body is the arguments, a file comes as its bytes."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.files import File
from tests.http.house import House
from tests.http.scripted_tavern import Turn

PICTURE = b"\x89PNG not really"


async def playing(turn: Turn) -> None:
    if COMMANDS[turn.name].result is File:
        data = base64.b64encode(PICTURE).decode()
        turn.done(name="Wren – face.png", type="image/png", data=data)
    else:
        turn.done(heard=turn.args)


def error_of(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


async def test_the_answer_is_the_result_unless_one_does_not_wait(house: House) -> None:
    house.tavern(playing)
    async with house.http() as http:
        done = await http.post("/api/taverns/default/commands/message.delete", json={"index": 1})
        accepted = await http.post(
            "/api/taverns/Home/commands/message.delete?wait=false&request_id=mine", json={"index": 1}
        )
        followed = await http.get(accepted.headers["location"])
    assert done.status_code == 200
    assert done.json()["result"]["result"] == {"heard": {"index": 1, "count": 1}}
    assert (accepted.status_code, accepted.json()["result"]["request_id"]) == (202, "mine")
    assert followed.json()["result"]["state"] == "done"


async def test_what_is_wrong_with_it_has_its_own_status(house: House) -> None:
    house.tavern(playing)
    async with house.http() as http:
        at = "/api/taverns/default/commands"
        unknown = await http.post(f"{at}/mesage.delete", json={})
        shape = await http.post(f"{at}/message.delete", json={"index": "1"})
        body = await http.post(f"{at}/message.delete", content=b"[1]")
        empty = await http.post(f"{at}/message.delete")
        stale = await http.post(f"{at}/message.delete?revision=7", json={"index": 1})
    async with house.http("viewer") as http:
        forbidden = await http.post(f"{at}/message.delete", json={"index": 1})
    assert (unknown.status_code, error_of(unknown)["code"]) == (404, "unknown_command")
    assert "message.delete" in error_of(unknown)["details"]["near"]
    assert (shape.status_code, error_of(shape)["details"]["path"]) == (400, "$.args.index")
    assert (body.status_code, empty.status_code) == (400, 400)
    assert (stale.status_code, error_of(stale)["code"]) == (409, "stale_revision")
    assert (forbidden.status_code, error_of(forbidden)["code"]) == (403, "forbidden")


async def test_a_command_that_reads_may_be_got_and_its_file_is_the_answer(house: House) -> None:
    house.tavern(playing)
    reading = {spec.name: spec for spec in COMMANDS.values() if spec.scope == "chat:read"}
    filed = next(spec for spec in reading.values() if spec.result is File and not spec.before)
    words = {name: str(value) for name, value in filed.example.items()}
    async with house.http() as http:
        at = "/api/taverns/default/commands"
        got = await http.get(f"{at}/{filed.name}", params=words)
        posted = await http.post(f"{at}/{filed.name}?raw=true", json=dict(filed.example))
        plain = await http.post(f"{at}/{filed.name}", json=dict(filed.example))
        no_file = await http.post(f"{at}/message.delete?raw=1", json={"index": 0})
        writing = await http.get(f"{at}/message.delete?index=1")
        mistaken = await http.get(f"{at}/{filed.name}", params=words | {"nonsense": "1"})
    for answer in (got, posted):
        assert (answer.status_code, answer.content) == (200, PICTURE)
        assert answer.headers["content-type"] == "image/png"
        assert "Wren%20%E2%80%93%20face.png" in answer.headers["content-disposition"]
        assert "sandbox" in answer.headers["content-security-policy"]
    assert plain.json()["result"]["result"]["data"] == base64.b64encode(PICTURE).decode()
    assert (no_file.status_code, writing.status_code, mistaken.status_code) == (400, 405, 400)


async def test_the_list_has_every_command_with_its_schemas(house: House) -> None:
    house.tavern()
    async with house.http("viewer") as http:
        answer = await http.get("/api/commands?tavern=Home")
        nobody = await http.get("/api/commands?tavern=nobody")
    listed = {info["name"]: info for info in answer.json()["result"]}
    assert set(listed) == set(COMMANDS)
    assert all(info["known"] for info in listed.values())
    assert listed["message.delete"]["args"]["required"] == ["index"]
    assert not listed["message.delete"]["allowed"]
    assert nobody.status_code == 404


@pytest.mark.parametrize("tavern", ["any", "*"])
async def test_the_pool_may_choose(house: House, tavern: str) -> None:
    house.tavern(playing)
    async with house.http() as http:
        answer = await http.post(f"/api/taverns/{tavern}/commands/message.delete", json={"index": 1})
    assert answer.status_code == 200
