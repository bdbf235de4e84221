"""`tavernlink functions`: listing and calling in a hub that runs, testing files without one."""

from __future__ import annotations

from pathlib import Path

import pytest

import tavernlink
from tests.cli.conftest import Cli
from tests.sdk.house import House

ROLL = '''
import tavernlink

@tavernlink.function(tool=True)
def roll(sides: int, name: str = "die", ctx: tavernlink.Context = None) -> dict[str, int | str]:
    """Roll a die.

    More about it.
    """
    ctx.progress(1, 2, "rolling")
    return {"eyes": sides, "name": name}

@tavernlink.function
async def ask(ctx: tavernlink.Context) -> int:
    return len(await ctx.hub.taverns())

@tavernlink.function
async def lie() -> int:
    return "one"
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dice.py").write_text(ROLL)
    return tmp_path


@pytest.fixture
def where(house: House) -> tuple[str, ...]:
    return ("--url", house.hub.url, "--key", house.hub.app_key)


def test_functions_are_listed_and_called(cli: Cli, house: House, where: tuple[str, ...]) -> None:
    assert "guide to functions" in cli("functions", "list", *where).err
    with tavernlink.connect_sync(house.hub.url, house.hub.app_key, name="bot", id="bot") as bot:

        @bot.function(tool=True)
        def add(number: int, text: str, ctx: tavernlink.Context) -> list[int | str]:
            """Put together.

            What else there is to say.
            """
            ctx.progress(1, message="half")
            return [number, text]

        listed = cli("functions", "list", *where)
        assert " ".join(listed.out.splitlines()[1].split()) == "app:bot/add number text tool Put together."
        (info,) = cli("functions", "list", "--tool", "--provider", "bot", "--json", *where).json
        assert info["parameters"]["required"] == ["number", "text"]
        called = cli("functions", "call", "add", "number=2", "text=3", *where)
        assert (called.status, called.json, called.err) == (0, [2, "3"], "1 half\n")
        assert cli("functions", "call", "bot/add", "--json", '{"number": 1, "text": "x"}', *where).json == [
            1,
            "x",
        ]
        wrong = cli("functions", "call", "add", "number=two", "text=3", *where)
        assert wrong.status == 1
        assert "(at $.args.number)" in wrong.err
        assert "[invalid_arguments]" in wrong.err
    assert "[unknown_function]" in cli("functions", "call", "add", *where).err


def test_files_are_tested_without_a_hub(cli: Cli, folder: Path) -> None:
    here = ("--folder", folder)
    tested = cli("functions", "test", *here)
    assert (tested.status, tested.err) == (0, "")
    assert tested.out.splitlines()[1].split() == ["roll", "dice.py", "sides", "[name]"]
    called = cli("functions", "test", "roll", "sides=6", "name=7", *here)
    assert called.json == {"eyes": 6, "name": "7"}
    assert called.err == "1/2 rolling\n"
    for words, said in (
        (("roll",), '"sides" is a required property (at $.sides)'),
        (("lie",), "[invalid_result]"),
        (("ask",), "cannot use one"),
        (("nothing",), "There is no function 'nothing'"),
    ):
        failed = cli("functions", "test", *words, *here)
        assert (failed.status, said in failed.err) == (1, True), failed.err
    (folder / "broken.py").write_text("\nx = = 1\n")
    broken = cli("functions", "test", *here)
    assert (broken.status, broken.err) == (1, "broken.py: line 2: SyntaxError: invalid syntax\n")


@pytest.mark.parametrize(
    "arguments", [("call", "x", "word"), ("call", "x", "--json", "{"), ("test", "roll", "--json", "[]")]
)
def test_a_wrong_command_line_is_said_to_be_wrong(
    cli: Cli, where: tuple[str, ...], folder: Path, arguments: tuple[str, ...]
) -> None:
    more = where if arguments[0] == "call" else ("--folder", str(folder))
    assert cli("functions", *arguments, *more).status == 2
