"""Messages of a program's own types through the SDK, against the real hub."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import tavernlink
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.errors import BadMessage, NotFound
from tavernlink.protocol.routing import CustomMessage, Target
from tavernlink.sdk import EVERYBODY, Hub
from tavernlink.sdk.messages import target_of
from tests.docs.markdown import ROOT, examples
from tests.sdk.cutting_proxy import CuttingProxy
from tests.sdk.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with open_hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
async def ann(house: RunningHub) -> AsyncIterator[Hub]:
    async with tavernlink.connect(house.url, house.app_key, name="Ann") as hub:
        yield hub


@pytest.fixture
async def game(house: RunningHub) -> AsyncIterator[Hub]:
    async with tavernlink.connect(house.url, house.app_key, name="Game") as hub:
        yield hub


async def test_a_message_is_answered(ann: Hub, game: Hub) -> None:
    @game.on("x.dice.*")
    async def rolled(message: CustomMessage) -> None:
        assert message.sender is not None
        await game.send("x.dice.result", message.content["sides"] - 3, to=message.sender.id)

    results = ann.messages("x.dice.result")
    sent = await ann.send("x.dice.roll", {"sides": 20}, to="Game")
    assert (sent.reached, sent.kept, sent.unknown) == (1, 0, [])
    async with asyncio.timeout(30):
        result = await anext(aiter(results))
    assert (result.type, result.content) == ("x.dice.result", 17)
    assert result.sender is not None
    assert (result.sender.name, result.sender.kind) == ("Game", "app")
    results.close()
    assert [message async for message in results] == []


async def test_handlers_hear_their_types_until_they_are_taken_away(ann: Hub, game: Hub) -> None:
    heard: list[str] = []
    both = asyncio.Event()

    @game.on("x.a", "x.b.*")
    def listener(message: CustomMessage) -> None:
        heard.append(message.type)
        if len(heard) == 2:
            both.set()
        raise ValueError("a handler's defect ends nothing")

    everything = game.messages()
    for type_ in ("x.a", "x.b.c", "x.d"):
        await ann.send(type_, to="Game")
    async with asyncio.timeout(20):
        assert [(await anext(everything)).type for _ in range(3)] == ["x.a", "x.b.c", "x.d"]
        await both.wait()
    game.off(listener)
    await ann.send("x.a", to=EVERYBODY)
    async with asyncio.timeout(30):
        assert (await anext(everything)).type == "x.a"
    await asyncio.sleep(0)
    assert heard == ["x.a", "x.b.c"]


async def test_errors_are_the_hubs(ann: Hub) -> None:
    with pytest.raises(NotFound) as missing:
        await ann.send("x.a", to="Nobody")
    assert missing.value.code == "unknown_peer"
    with pytest.raises(NotFound) as no_room:
        await ann.send("x.a", room="nowhere")
    assert no_room.value.code == "unknown_room"
    with pytest.raises(BadMessage) as no_type:
        await ann.send("chat.send", to="Nobody")
    assert no_type.value.code == "unknown_type"


async def test_a_lost_line_neither_loses_nor_doubles_a_message(house: RunningHub, game: Hub) -> None:
    async with (
        CuttingProxy(house.url) as proxy,
        tavernlink.connect(proxy.url, house.app_key, name="Ann") as ann,
    ):
        messages = game.messages("x.count")
        for number in range(30):
            sending = asyncio.create_task(ann.send("x.count", number, to="Game"))
            await asyncio.sleep(0)
            if number % 5 == 0:
                proxy.cut()
            await asyncio.wait_for(sending, 30)
        async with asyncio.timeout(30):
            assert [(await anext(messages)).content for _ in range(30)] == list(range(30))
        await ann.send("x.count", "last", to="Game")
        async with asyncio.timeout(30):
            assert (await anext(messages)).content == "last"


def test_words_for_a_target() -> None:
    assert target_of("Bob") == Target(peer="Bob")
    assert target_of(["Bob", "Ann"], kind="app") == Target(peers=["Bob", "Ann"], kind="app")
    assert target_of(EVERYBODY) == Target(all=True)
    assert target_of(None, "table", "tavern") == Target(room="table", kind="tavern")
    assert target_of(Target(peer="Bob")) == Target(peer="Bob")
    for to, room in ((None, None), ("Bob", "table")):
        with pytest.raises(BadMessage):
            target_of(to, room)


def test_the_blocking_sdk_does_the_same(tmp_path: Path) -> None:
    answers: queue.Queue[int] = queue.Queue()
    with (
        House(tmp_path) as house,
        tavernlink.connect_sync(house.hub.url, house.hub.app_key, name="Ann") as ann,
        tavernlink.connect_sync(house.hub.url, house.hub.app_key, name="Game") as game,
    ):

        @game.on("x.ask")
        def asked(message: CustomMessage) -> None:
            # A handler may use the hub as everybody else may.
            answers.put(game.send("x.answer", message.content * 2, to="Ann").reached)

        heard = ann.messages("x.answer")
        assert ann.send("x.ask", 21, to="Game").reached == 1
        assert next(heard).content == 42
        assert answers.get(timeout=30) == 1
        game.off(asked)
        heard.close()  # type: ignore[attr-defined]  # a generator


async def test_the_example_of_the_guide_runs(house: RunningHub) -> None:
    example: dict[str, Any] = {}
    exec(examples(ROOT / "docs" / "guide" / "routing.md")["python"], example)  # our own text
    async with asyncio.timeout(30):
        assert await example["main"](house.url, house.app_key, house.app_key) == "Game: 17"
