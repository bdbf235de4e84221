"""The hub's own functions: loaded from a folder and from packages, carried out in a running hub."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import tavernlink
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.errors import AuthError, BadMessage, GenerationError, NotFound, Unavailable
from tavernlink.functions import Library, hub_functions
from tavernlink.protocol.functions import FunctionProgress
from tavernlink.sdk import Hub
from tests.sdk.scripted_tavern import scripted_tavern

DICE = '''
import asyncio
import threading
import time
from _sides import SIDES
from tavernlink import Context, errors, function

@function(tool=True)
async def roll(times: int = 1) -> list[int]:
    """Roll dice.

    Args:
        times: how many
    """
    return [SIDES] * times

@function
def where() -> str:
    return threading.current_thread().name

@function(timeout=0.5)
async def forever() -> None:
    await asyncio.Event().wait()

@function(timeout=0.5)
def blocked(ctx: Context) -> None:
    ctx.wait_cancelled(30)

@function
async def explode() -> None:
    raise LookupError("no dice")

@function
async def twice(ctx: Context) -> list[int]:
    ctx.progress(1, 2, "half of it")
    return [*await ctx.hub.call("roll"), *await ctx.hub.call("roll")]

@function
def count(ctx: Context) -> int:
    return len(ctx.sync_hub.taverns())

@function(scopes=["control"])
async def erase(ctx: Context) -> str:
    return ctx.caller.kind

@function
async def lie() -> int:
    return "one"

@function
async def leave() -> None:
    raise SystemExit(1)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    found = tmp_path / "functions"
    found.mkdir()
    (found / "_sides.py").write_text("SIDES = 6\n")
    (found / "dice.py").write_text(DICE)
    before = list(sys.path)
    yield found
    sys.path[:] = before
    sys.modules.pop("_sides", None)


@pytest.fixture
async def house(tmp_path: Path, folder: Path) -> AsyncIterator[RunningHub]:
    async with open_hub(tmp_path / "data", functions_dir=folder) as hub:
        yield hub


@pytest.fixture
async def app(house: RunningHub) -> AsyncIterator[Hub]:
    async with tavernlink.connect(house.url, house.app_key, name="App") as hub:
        yield hub


async def test_functions_of_the_folder_are_called_with_right_results_and_errors(app: Hub) -> None:
    offered = {each.name: each for each in await app.functions(provider="hub")}
    assert offered["roll"].tool
    assert offered["roll"].address == "hub/roll"
    assert offered["roll"].parameters["properties"]["times"]["description"] == "how many"
    assert await app.call("roll", times=2) == [6, 6]
    assert await app.call("where") == "tavernlink-function"
    heard: list[FunctionProgress] = []
    assert await app.call("twice", on_progress=heard.append) == [6, 6]
    assert [(each.progress, each.total, each.message) for each in heard] == [(1.0, 2.0, "half of it")]
    assert await app.call("count") == 0
    assert await app.call("erase") == "app"
    for name, error, code in (
        ("forever", Unavailable, "timeout"),
        ("blocked", Unavailable, "timeout"),
        ("explode", GenerationError, "function_failed"),
        ("leave", GenerationError, "function_failed"),
        ("lie", GenerationError, "invalid_result"),
        ("nothing", NotFound, "unknown_function"),
    ):
        with pytest.raises(error) as caught:
            await app.call(name)
        assert caught.value.code == code, name
    with pytest.raises(BadMessage) as wrong:
        await app.call("roll", times="many")
    assert wrong.value.details["path"] == "$.args.times"
    assert await app.call("roll") == [6]  # nothing of that hurt the hub


async def test_a_tavern_calls_a_function_of_the_hub(house: RunningHub) -> None:
    async with scripted_tavern(house.url, house.tavern_key) as tavern:
        heard = tavern.next("function.result")
        await tavern.send("function.call", name="roll", call_id="c-1")
        assert await heard == {"call_id": "c-1", "ok": True, "result": [6]}
        heard = tavern.next("function.result")
        await tavern.send("function.call", name="explode", call_id="c-2")
        assert (await heard)["error"]["message"] == "LookupError: no dice"


async def test_a_key_without_the_scope_of_a_function_is_refused(house: RunningHub) -> None:
    keyring = house.server.runtime.core.keyring
    _, text = keyring.create("app", "narrow", scopes=("functions:call",))
    async with tavernlink.connect(house.url, text) as narrow:
        assert "erase" not in {each.name for each in await narrow.functions()}
        with pytest.raises(AuthError, match="lacks the scope control"):
            await narrow.call("erase")
        assert await narrow.call("roll") == [6]
        keyring.revoke("narrow")  # keys are looked through: the hub's own handle stays


async def test_a_changed_file_is_taken_over_and_a_broken_one_costs_itself_only(
    house: RunningHub, app: Hub, folder: Path
) -> None:
    async with app.subscribe("functions.changed") as news:
        changes = aiter(news)
        (folder / "more.py").write_text(
            "import tavernlink\n@tavernlink.function\ndef one() -> int: return 1\n"
        )
        await anext(changes)
        assert await app.call("one") == 1
        (folder / "more.py").write_text(
            "import tavernlink\n@tavernlink.function\ndef two() -> int: return 2\n"
        )
        await anext(changes)
        assert await app.call("two") == 2
        (folder / "more.py").write_text("def broken(:\n")
        (folder / "other.py").write_text(
            "import tavernlink\n@tavernlink.function\ndef three() -> int: return 3\n"
        )
        await anext(changes)
        assert await app.call("three") == 3
        assert await app.call("two") == 2  # as it was when it could last be loaded
        (folder / "more.py").unlink()
        await anext(changes)
        with pytest.raises(NotFound):
            await app.call("two")


async def test_a_file_that_takes_for_ever_to_load_does_not_keep_the_hub_from_starting(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_functions, "_FIRST", 0.1)
    flag = tmp_path / "go on"
    (folder / "slow.py").write_text(
        f"import pathlib, time\nwhile not pathlib.Path({str(flag)!r}).exists(): time.sleep(0.05)\n"
    )
    async with (
        open_hub(tmp_path / "data", functions_dir=folder) as house,
        tavernlink.connect(house.url, house.app_key) as app,
        app.subscribe("functions.changed") as news,
    ):
        assert await app.functions() == []
        flag.touch()
        await anext(aiter(news))
        assert await app.call("roll") == [6]


def test_every_problem_names_its_file_and_line(tmp_path: Path, folder: Path) -> None:
    (folder / "syntax.py").write_text("x = 1\ndef broken(:\n")
    (folder / "crash.py").write_text("\n\n1 / 0\n")
    (folder / "leave.py").write_text("raise SystemExit('bye')\n")
    (folder / "starred.py").write_text("import tavernlink\n@tavernlink.function\ndef sum_up(*numbers): ...\n")
    (folder / "twin.py").write_text("import tavernlink\n@tavernlink.function\ndef roll(): ...\n")
    loaded = Library(folder, packages=False).load()
    assert loaded.sources["roll"] == "dice.py"
    assert {source: why.partition(":")[0] for source, why in loaded.problems.items()} == {
        "syntax.py": "line 2",
        "crash.py": "line 3",
        "leave.py": "line 1",
        "starred.py": "line 2",
        "twin.py": "A function 'roll' is in dice.py already; this one is left out.",
    }
    assert "ZeroDivisionError" in loaded.problems["crash.py"]
    assert "*numbers" in loaded.problems["starred.py"]


def test_a_helper_that_changed_is_read_anew(folder: Path) -> None:
    library = Library(folder, packages=False)
    assert library.changed()
    assert not library.changed()

    def rolled() -> Any:
        call = library.load().offers["roll"].prepared({}, None)
        return asyncio.run(call())

    assert rolled() == [6]
    (folder / "_sides.py").write_text("SIDES = 20\n")
    assert library.changed()
    assert rolled() == [20]


def test_packages_offer_functions_by_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site"
    info = package / "tavern_dice-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tavern-dice\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[tavernlink.functions]\ndice = tavern_dice\none = tavern_dice:single\nbad = tavern_dice:plain\n"
    )
    (package / "tavern_dice.py").write_text(
        "import tavernlink\n"
        "@tavernlink.function\ndef single() -> int: return 1\n"
        "@tavernlink.function\ndef double() -> int: return 2\n"
        "def plain(): ...\n"
    )
    monkeypatch.syspath_prepend(str(package))
    loaded = Library(tmp_path / "nowhere").load()
    assert {"single", "double"} <= set(loaded.offers)
    assert "bad (tavern_dice:plain)" in loaded.problems
    sys.modules.pop("tavern_dice", None)
