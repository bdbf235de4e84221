"""Every block of code in the documents runs, or is held against what it is about, by the rules of docs/README.md."""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tavernlink
from tavernlink.cli import main as run_cli
from tavernlink.protocol.commands.catalogue import COMMANDS
from tests.docs.answers import Answers, converted
from tests.docs.blocks import MARKS, Block, blocks, documents, every_page, is_generated
from tests.docs.languages import CHECKS, SCRIPTS, SHELLS, check_json, command_lines, words_of
from tests.docs.markdown import ROOT
from tests.hub_log import log_to
from tests.sdk.house import House

pytestmark = [pytest.mark.xdist_group("documents"), pytest.mark.timeout(60)]

ALL = [block for page in documents() for block in blocks(page)]
RUNS = {"tavernlink", "curl", "echo"}
"""Programs that a line of a shell may run here, `echo` into a pipe; a block with others says why it is not run."""

FRESH = list(
    {
        # A Chinese page has the blocks of the English one: they run once.
        (block.language, block.code): block
        for block in sorted(ALL, key=lambda each: not each.page.startswith("docs/zh/"))
    }.values()
)
PROGRAMS = [block for block in FRESH if block.language == "python" and block.mark is None]
TERMINAL = [block for block in FRESH if block.language in SHELLS and block.mark is None]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with log_to(folder / "hub.log"), House(folder, list(COMMANDS)) as house:
        house.tavern.results = Answers()
        house.tavern.results["generation.quiet"] = {"text": '{"mood": "calm"}', "data": {"mood": "calm"}}
        yield house


@pytest.fixture
def here(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The hub that a block's commands find by themselves, in a folder of their own; rooms of a block end with it."""
    monkeypatch.chdir(tmp_path)
    there = {
        "TAVERNLINK_URL": house.hub.url,
        "TAVERNLINK_KEY": house.hub.admin_key,
        "ADMIN_KEY": house.hub.admin_key,
        "TAVERNLINK_DATA_DIR": str(tmp_path / "data"),
        "COLUMNS": "200",
    }
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    yield house
    with tavernlink.connect_sync(house.hub.url, house.hub.admin_key) as hub:
        for room in hub.rooms():
            hub.room(room.name).delete()


def filled(code: str, house: House) -> str:
    """Put the test's hub and keys where the documents name theirs."""
    for theirs, ours in {
        "http://127.0.0.1:8001": house.hub.url,
        "127.0.0.1:8001": house.hub.url.removeprefix("http://"),
        "YOUR_ADMIN_KEY": house.hub.admin_key,
        "ADMIN_KEY": house.hub.admin_key,
        "YOUR_KEY": house.hub.app_key,
        "APP_KEY": house.hub.app_key,
        "tl_app_…": house.hub.app_key,
    }.items():
        code = code if f"${theirs}" in code else code.replace(theirs, ours)
    return code


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_program_runs(block: Block, here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAVERNLINK_KEY", here.hub.app_key)
    monkeypatch.setattr(sys, "argv", ["program.py"])
    code = compile(filled(block.code, here), str(block), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    space: dict[str, Any] = {"__name__": "__main__", "tavernlink": tavernlink, "asyncio": asyncio}
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, space)
        return

    async def run() -> None:
        url, key = here.hub.url, here.hub.admin_key
        async with tavernlink.connect(url, key, name="A page of the guide") as hub:
            space.update(hub=hub, tavern=hub.tavern("Home"), url=url, key=key)
            await eval(code, space)

    asyncio.run(asyncio.wait_for(run(), 30))


@pytest.mark.parametrize("block", TERMINAL, ids=str)
def test_a_line_of_the_terminal_runs(
    block: Block, here: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = command_lines(block)
    assert lines
    for line in lines:
        words = words_of(filled(line, here))
        assert words[0] in RUNS, f"{line}: not run in tests; say above the block why, <!-- part: WHY -->"
        if words[0] == "curl":
            assert shutil.which("curl"), "curl is not installed"
            asked = filled(line, here).replace("curl ", "curl -sSf --noproxy '*' --max-time 30 ", 1)
            done = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr + done.stdout
            continue
        if words[0] == "echo":
            at = words.index("|")
            monkeypatch.setattr(sys, "stdin", io.StringIO(" ".join(words[1:at]) + "\n"))
            words = words[at + 1 :]
        monkeypatch.setattr(sys, "argv", words)
        assert _status() == 0, f"{line}\n{''.join(capsys.readouterr())}"


def _status() -> object:
    """Run the command line; return its exit status."""
    try:
        run_cli()
    except SystemExit as end:
        return end.code or 0
    return 0


@pytest.mark.parametrize("page", documents(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_reads_as_what_it_says_it_is(page: Path) -> None:
    wrong = []
    for block in blocks(page):
        if not block.language:
            wrong.append(f"{block}: a block names its language (`text` where it has none)")
            continue
        if block.mark is not None and block.mark not in MARKS:
            wrong.append(f"{block}: there is no mark {block.mark!r}")
        try:
            if block.language not in CHECKS and block.language not in SCRIPTS:
                wrong.append(f"{block}: no test knows the language {block.language!r}")
            elif block.language in CHECKS:
                CHECKS[block.language](block)
        except Exception as error:  # noqa: BLE001 - all of a page are told at once
            if not (block.mark == "part" and block.language in ("json", "yaml", "html", "ini", "toml")):
                wrong.append(f"{block}: {type(error).__name__}: {error}")
    assert wrong == []


def test_a_block_that_is_not_run_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    aside = [block for block in ALL if block.mark in ("compile", "part")]
    count = (
        f"{len(ALL)} blocks; {len(PROGRAMS)} programs and {len(TERMINAL)} of the terminal run here; aside:"
    )
    with capsys.disabled():
        sys.stdout.write("\n".join(["", count, *(f"  {b} ({b.language}): {b.words}" for b in aside), ""]))
    assert [str(block) for block in aside if len(block.words) < 10] == []
    scripts = [b for b in ALL if b.language in SCRIPTS and b.mark is None]
    assert [str(block) for block in scripts] == [], "a script is an example with a test, or says why not"


def test_no_block_hides_as_an_indented_one() -> None:
    hidden = []
    for page in documents():
        found = indented(page.read_text("utf-8").splitlines())
        hidden += [f"{page.relative_to(ROOT)}: {line}" for line in found]
    assert hidden == []


def indented(lines: list[str]) -> Iterator[str]:
    """Give the first line of each block that only its indent makes code: not in a list, a box or a tab."""
    owner = fence = ""
    for at, line in enumerate(lines):
        if found := re.match(r"\s*(`{3,})", line):
            fence = "" if fence else found[1]
        elif not fence and line.startswith("    "):
            if (
                at
                and not lines[at - 1].strip()
                and not re.match(r"\s*([-*]|\d+\.)\s|!!!|\?\?\?|===| ", owner)
            ):
                yield line
        elif not fence and line.strip():
            owner = line


def test_blocks_of_generated_pages_are_json_or_signatures() -> None:
    made = [block for page in every_page() if is_generated(page) for block in blocks(page)]
    assert len(made) > 400
    for block in made:
        if block.language == "json":
            check_json(block)
        else:
            assert block.language == "python", block
            ast.parse(f"{block.code.rstrip()}: ...")


FRAGMENTS = [block for block in ALL if block.words.startswith("from examples/")]


@pytest.mark.parametrize("block", FRAGMENTS, ids=str)
def test_what_is_said_to_be_of_an_example_stands_there(block: Block) -> None:
    def lines(code: str) -> list[str]:
        return [line.strip() for line in code.splitlines() if line.strip()]

    there = lines((ROOT / block.words.removeprefix("from ").split()[0].rstrip(",;")).read_text("utf-8"))
    told = lines(block.code)
    assert any(there[at : at + len(told)] == told for at in range(len(there)))


def test_every_example_has_a_test_that_names_it() -> None:
    tests = [(path, path.read_text("utf-8")) for path in (ROOT / "tests").rglob("test_*.py")]
    lost = [
        str(block)
        for block in ALL
        if block.mark == "example"
        and not block.page.startswith(("docs/zh/", "README.zh-CN"))
        and not any(f'"{block.words}"' in text and Path(block.page).stem in text for _, text in tests)
    ]
    assert lost == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_answers_fit(name: str) -> None:
    converted(name)
