"""Functions in the SDK against a real hub: one program offers, another calls, over real WebSockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import tavernlink
from tavernlink import Context
from tavernlink.app import Server
from tavernlink.config import load_settings
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.errors import (
    AuthError,
    BadMessage,
    Conflict,
    GenerationError,
    NotFound,
    TavernlinkError,
    Unavailable,
)
from tavernlink.protocol.functions import FunctionProgress
from tavernlink.sdk import Hub, SyncHub
from tavernlink.sdk.signature import SignatureError
from tests.docs.markdown import ROOT, examples
from tests.sdk.cutting_proxy import CuttingProxy
from tests.sdk.house import House
from tests.sdk.scripted_tavern import scripted_tavern


class Strange:
    """Nothing that JSON could hold."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with open_hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
async def bot(house: RunningHub) -> AsyncIterator[Hub]:
    async with tavernlink.connect(house.url, house.app_key, name="Dice bot", id="bot") as hub:
        yield hub


@pytest.fixture
async def game(house: RunningHub) -> AsyncIterator[Hub]:
    async with tavernlink.connect(house.url, house.app_key, name="Game", id="game") as hub:
        yield hub


async def offered(hub: Hub, **query: Any) -> None:
    """Wait until there is a function."""
    async with hub.subscribe("functions.changed") as news:
        if not await hub.functions(**query):
            await anext(aiter(news))


async def test_a_program_offers_a_function_and_another_calls_it(bot: Hub, game: Hub) -> None:
    @tavernlink.function(tool=True)
    async def add(first: int, second: int = 1, *, ctx: Context) -> dict[str, Any]:
        """Add two numbers.

        Args:
            first: the one
            second: the other
        """
        return {"sum": first + second, "for": ctx.caller.name}

    assert await bot.serve(add) == ["app:bot/add"]
    (info,) = await game.functions()
    assert (info.name, info.description, info.tool) == ("add", "Add two numbers.", True)
    assert info.parameters["properties"]["first"] == {"type": "integer", "description": "the one"}
    assert info.parameters["required"] == ["first"]
    assert await game.call("add", first=2, second=3) == {"sum": 5, "for": "Game"}
    assert await game.call("Dice bot/add", {"first": 2}) == {"sum": 3, "for": "Game"}


async def test_functions_of_a_handle_are_there_when_it_is_open(house: RunningHub, game: Hub) -> None:
    hub = tavernlink.connect(house.url, house.app_key, id="late")

    @hub.function
    def shout(text: str) -> str:
        return text.upper()

    async with hub:
        assert await game.call("late/shout", text="hey") == "HEY"
    assert await game.functions() == []  # gone with its program, at once
    with pytest.raises(NotFound, match="No function 'shout'"):
        await game.call("shout", text="hey")


async def test_a_function_that_is_not_async_runs_in_a_thread_and_may_use_the_hub(bot: Hub, game: Hub) -> None:
    threads: list[str] = []

    def inner(number: int) -> int:
        threads.append(threading.current_thread().name)
        return number * 2

    def outer(number: int, ctx: Context) -> int:
        threads.append(threading.current_thread().name)
        doubled: int = ctx.sync_hub.call("inner", number=number)
        return doubled + 1

    await bot.serve(inner, outer)
    assert await game.call("outer", number=4) == 9
    assert set(threads) == {"tavernlink-function"}


async def test_every_way_to_fail_has_its_own_error(bot: Hub, game: Hub) -> None:
    began, cancelled = asyncio.Event(), asyncio.Event()

    @bot.function
    async def explode(how: str) -> Any:
        if how == "own":
            raise Conflict("door_locked", "It is locked.", {"door": 1})
        if how == "exit":
            raise SystemExit(3)
        if how == "odd":
            return object()
        raise ValueError("no such door")

    @bot.function(timeout=60)
    async def sleep() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def promise() -> int:
        return "seven"  # type: ignore[return-value]

    await bot.serve(promise)
    with pytest.raises(GenerationError, match="ValueError: no such door") as failed:
        await game.call("explode", how="")
    assert failed.value.code == "function_failed"
    with pytest.raises(TavernlinkError, match="It is locked") as own:
        await game.call("explode", how="own")
    assert (own.value.code, own.value.details) == ("door_locked", {"door": 1})
    with pytest.raises(GenerationError, match="SystemExit: 3"):
        await game.call("explode", how="exit")
    for name, args in (("explode", {"how": "odd"}), ("promise", {})):
        with pytest.raises(GenerationError) as invalid:
            await game.call(name, args)
        assert invalid.value.code == "invalid_result"
    with pytest.raises(BadMessage) as wrong:
        await game.call("explode", when="now")
    assert (wrong.value.code, wrong.value.details["path"]) == ("invalid_arguments", "$.args.when")
    with pytest.raises(Unavailable) as late:
        await game.call("sleep", timeout=0.3)
    assert late.value.code == "timeout"
    await asyncio.wait_for(cancelled.wait(), 10)
    began.clear()
    call = game.begin_call("sleep")
    await asyncio.wait_for(began.wait(), 10)
    cancelled.clear()
    began.clear()
    await call.cancel()
    with pytest.raises(GenerationError) as stopped:
        await call
    assert stopped.value.code == "cancelled"
    await asyncio.wait_for(cancelled.wait(), 10)
    cancelled.clear()
    waiting = asyncio.create_task(game.call("sleep"))
    await asyncio.wait_for(began.wait(), 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(cancelled.wait(), 10)


async def test_progress_comes_while_it_runs(bot: Hub, game: Hub) -> None:
    heard: list[FunctionProgress] = []
    told = asyncio.Event()

    async def count(ctx: Context) -> str:
        ctx.progress(1, 2, "half")
        await told.wait()
        return "done"

    def hear(progress: FunctionProgress) -> None:
        heard.append(progress)
        told.set()

    await bot.serve(count)
    assert await game.call("count", on_progress=hear) == "done"
    assert [(each.progress, each.total, each.message) for each in heard] == [(1.0, 2.0, "half")]


async def test_a_call_within_a_call_is_known_as_one_and_circles_are_stopped(bot: Hub) -> None:
    async def around(depth: int, ctx: Context) -> int:
        deeper: int = await ctx.hub.call("around", depth=depth + 1)
        return deeper

    await bot.serve(around)
    with pytest.raises(Conflict) as caught:
        await bot.call("around", depth=0)
    assert caught.value.code == "call_loop"


async def test_a_provider_that_goes_away_fails_its_calls(house: RunningHub, game: Hub) -> None:
    began = asyncio.Event()

    async def forever() -> None:
        began.set()
        await asyncio.Event().wait()

    async with tavernlink.connect(house.url, house.app_key) as bot:
        await bot.serve(forever)
        call = game.begin_call("forever")
        await began.wait()
    with pytest.raises(TavernlinkError) as caught:
        await call
    assert caught.value.code in ("provider_gone", "cancelled")


async def test_calls_go_on_over_lines_that_drop(house: RunningHub) -> None:
    answers = asyncio.Event()
    asked: list[int] = []
    all_asked = asyncio.Event()

    async def work(number: int) -> int:
        asked.append(number)
        if len(asked) == 20:
            all_asked.set()
        await answers.wait()
        return number

    async with (
        CuttingProxy(house.url) as proxy,
        tavernlink.connect(proxy.url, house.app_key, name="bot") as bot,
        tavernlink.connect(proxy.url, house.app_key, name="game") as game,
    ):
        await bot.serve(work)
        calls = [game.begin_call("work", {"number": number}) for number in range(20)]
        await all_asked.wait()
        proxy.cut()
        await proxy.connected(4)
        answers.set()
        assert await asyncio.gather(*calls) == list(range(20))
        assert sorted(asked) == list(range(20))  # each was carried out once


async def test_a_call_of_a_hub_that_was_started_again_is_not_made_twice(tmp_path: Path) -> None:
    began = asyncio.Event()
    times = 0

    async def work() -> None:
        nonlocal times
        times += 1
        began.set()
        await asyncio.Event().wait()

    async with Server(load_settings({"port": 0, "data_dir": tmp_path})) as first:
        _, key = first.runtime.core.keyring.create("app", "apps")
        bot = tavernlink.connect(first.url, key, name="bot")
        game = tavernlink.connect(first.url, key, name="game")
        await bot.open()
        await game.open()
        await bot.serve(work)
        call = game.begin_call("work")
        await began.wait()
    async with Server(load_settings({"port": first.port, "data_dir": tmp_path})):
        with pytest.raises(Unavailable) as caught:
            await call
        assert caught.value.code == "interrupted"
        await offered(game)  # again
        assert times == 1
        await game.close()
        await bot.close()


async def test_a_tavern_calls_a_programs_function_and_a_program_a_taverns(
    house: RunningHub, bot: Hub, game: Hub
) -> None:
    async def roll(sides: int) -> int:
        return sides

    await bot.serve(roll)
    async with scripted_tavern(house.url, house.tavern_key, name="Home") as tavern:
        heard = tavern.next("function.result")
        await tavern.send("function.call", name="roll", args={"sides": 6}, call_id="t-1")
        assert await heard == {"call_id": "t-1", "ok": True, "result": 6}
        heard = tavern.next("function.invoke")
        await tavern.send("function.register", functions=[{"name": "lamp", "description": "Light."}])
        await offered(game, provider="Home")
        call = game.begin_call("lamp", {"on": True})
        invoke = await heard
        assert (invoke["name"], invoke["args"], invoke["caller"]["name"]) == ("lamp", {"on": True}, "Game")
        await tavern.send("function.done", call_id=invoke["call_id"], ok=True, result=None)
        assert await call is None


def test_programs_without_an_event_loop_offer_and_call_too(tmp_path: Path) -> None:
    with (
        House(tmp_path) as house,
        tavernlink.connect_sync(house.hub.url, house.hub.app_key, name="bot") as bot,
        tavernlink.connect_sync(house.hub.url, house.hub.app_key, name="game") as game,
    ):

        @bot.function
        def double(number: int) -> int:
            return number * 2

        @bot.function(name="quadruple")
        def twice(number: int, ctx: Context) -> int:
            assert isinstance(ctx.sync_hub, SyncHub)
            doubled: int = ctx.sync_hub.call("double", number=number)
            return doubled * 2

        bot.serve(double, twice)
        assert game.call("quadruple", number=3) == 12
        calling = game.begin_call("double", {"number": 4})
        assert calling.result() == 8
        assert {each.name for each in game.functions()} >= {"double", "quadruple"}
        assert bot.withdraw("double") == 1
        with pytest.raises(NotFound):
            game.call("double", number=1)


def test_a_function_that_cannot_be_offered_says_why() -> None:
    def starred(*numbers: int) -> None:
        """No."""

    def strange(what: Strange) -> None:
        """No."""

    for function, words in ((starred, r"\*numbers"), (strange, "cannot be described as JSON")):
        with pytest.raises(SignatureError, match=words):
            tavernlink.function(function)
    with pytest.raises(SignatureError, match="timeout"):
        tavernlink.function(timeout=-1)(test_a_function_that_cannot_be_offered_says_why)


@pytest.mark.parametrize(
    "doc",
    [
        "Roll.\n\nArgs:\n    sides (int): of the die,\n        two or more\n    times: how often\n\nReturns:\n    x",
        "Roll.\n\n:param sides: of the die,\n    two or more\n:param int times: how often\n:returns: x",
        (
            "Roll.\n\nParameters\n----------\nsides : int\n    of the die,\n    two or more\ntimes\n    how often"
            "\n\nReturns\n-------\nx"
        ),
    ],
    ids=["Google", "Sphinx", "NumPy"],
)
def test_docstrings_of_every_usual_style_describe_the_parameters(doc: str) -> None:
    def roll(sides: int, times: int = 1) -> None:
        raise NotImplementedError

    roll.__doc__ = doc
    from tavernlink.sdk.offering import Offer  # noqa: PLC0415

    spec = Offer(roll).spec
    assert spec.description == "Roll."
    assert spec.parameters["properties"]["sides"]["description"] == "of the die, two or more"
    assert spec.parameters["properties"]["times"]["description"] == "how often"


async def test_the_example_of_the_guide(house: RunningHub) -> None:
    example: dict[str, Any] = {}
    exec(examples(ROOT / "docs" / "guide" / "functions.md")["python"], example)  # our own text
    assert await example["main"](house.url, house.app_key, house.admin_key) == 5


async def test_a_program_that_only_serves_hears_when_its_key_is_taken_back(house: RunningHub) -> None:
    scopes = ["functions:register", "functions:call"]
    async with tavernlink.connect(house.url, house.admin_key, name="admin") as admin:
        made = await admin.keys.create("Narrow", scopes=scopes, taverns=["Home"])

        async def reach(ctx: Context) -> list[str] | None:
            return ctx.caller.taverns

        async with tavernlink.connect(house.url, made.key, name="server") as bot:
            serving = asyncio.create_task(bot.serve_forever(reach))
            await offered(admin)
            assert await admin.call("reach") is None
            assert await bot.call("reach") == ["Home"], "what the key of the caller reaches"
            await admin.keys.revoke(made.info.id)
            with pytest.raises(AuthError, match="revoked"):
                await asyncio.wait_for(serving, 10)
    async with tavernlink.connect(house.url, house.app_key, name="server") as other:
        serving = asyncio.create_task(other.serve_forever())
        await asyncio.wait({serving}, timeout=0)
    await asyncio.wait_for(serving, 10)  # closed from here: it simply ends
