"""Pictures, cards and files of a tavern at addresses of their own: the answer is the bytes."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.http.house import House
from tests.http.scripted_tavern import Turn

PICTURE = b"\x89PNG not really"


async def playing(turn: Turn) -> None:
    if turn.args.get("character") == "Nobody":
        turn.fail("unknown_character", "SillyTavern has no character “Nobody”.")
        return
    name = f"{turn.name} {sorted(turn.args.items())}"
    turn.done(name=name[:200], type="image/png", data=base64.b64encode(PICTURE).decode())


@pytest.mark.parametrize(
    ("address", "command", "args"),
    [
        ("characters/Wren.png/avatar", "character.avatar", {"character": "Wren.png", "thumbnail": False}),
        (
            "characters/Wren%20%C3%A9/avatar?thumbnail=true",
            "character.avatar",
            {"character": "Wren é", "thumbnail": True},
        ),
        (
            "characters/Wren.png/card?format=json",
            "character.export_card",
            {"character": "Wren.png", "format": "json"},
        ),
        (
            "characters/Wren.png/expressions/joy",
            "expression.get",
            {"character": "Wren.png", "expression": "joy"},
        ),
        ("personas/me.png/avatar", "persona.avatar", {"persona": "me.png", "thumbnail": False}),
        ("chat/messages/3/files/1", "file.get", {"index": 3, "file": 1}),
    ],
)
async def test_the_answer_is_the_file(house: House, address: str, command: str, args: dict[str, Any]) -> None:
    turns: list[Turn] = []

    async def noted(turn: Turn) -> None:
        turns.append(turn)
        await playing(turn)

    house.tavern(noted)
    async with house.http("viewer") as http:
        answer = await http.get(f"/api/taverns/default/{address}")
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    (turn,) = turns
    assert (turn.name, turn.args) == (command, args)


async def test_what_is_not_there_has_its_status(house: House) -> None:
    house.tavern(playing)
    async with house.http() as http:
        missing = await http.get("/api/taverns/default/characters/Nobody/avatar")
        form = await http.get("/api/taverns/default/characters/Wren.png/card?format=gif")
        nowhere = await http.get("/api/taverns/nobody/characters/Wren.png/avatar")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "unknown_character")
    assert (form.status_code, nowhere.json()["error"]["code"]) == (400, "unknown_tavern")
