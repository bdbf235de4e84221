"""Blocks of the how-to pages and recipes that need something beside them: a schema's data, a library, a house."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import httpx
import pytest

from tests.docs.markdown import ROOT, examples
from tests.hub_log import log_to
from tests.sdk.house import House

QUOTED = re.compile(r"^ *<!-- part: from (\S+) -->\n *```\w+\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with log_to(folder / "hub.log"), House(folder) as house:
        yield house


def run(house: House, page: str, name: str) -> list[str]:
    code = examples(ROOT / page)[name].replace("http://127.0.0.1:8001", house.hub.url)
    stand_ins = str(ROOT / "tests" / "docs" / "stand_ins")
    there = {"TAVERNLINK_URL": house.hub.url, "TAVERNLINK_KEY": house.hub.app_key, "PYTHONPATH": stand_ins}
    done = subprocess.run(
        [sys.executable, "-c", code.replace("YOUR_KEY", house.hub.app_key)],
        env={**os.environ, **there, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("folder", ["docs", "docs/zh"])
def test_what_a_recipe_quotes_stands_in_its_example(folder: str) -> None:
    found = 0
    for page in (ROOT / folder / "recipes").glob("*.md"):
        for source, block in QUOTED.findall(page.read_text("utf-8")):
            found += 1
            # In a document functions stand two lines apart, in a class one.
            there = re.sub(r"\n{3,}", "\n\n", (ROOT / source).read_text("utf-8"))
            flat = re.sub(r"\n{3,}", "\n\n", textwrap.dedent(block))
            indents = (textwrap.indent(flat, " " * depth) for depth in (0, 4, 8, 12))
            assert any(each in there for each in indents), f"{page.name} quotes what {source} does not have"
    assert found >= 7 or folder != "docs"


def test_a_merchant_answers_in_numbers(house: House) -> None:
    act = {"says": "Seven, no less.", "price": 7}
    house.tavern.results["generate"] = {"text": json.dumps(act), "reason": "stop", "data": act}
    try:
        assert run(house, "docs/how-to/game.md", "game.py") == ["7 Seven, no less."] * 2
        modes = [each["args"]["mode"] for each in house.tavern.commands[-2:]]
        assert modes == ["detached", "detached"]
    finally:
        del house.tavern.results["generate"]


def test_the_model_judges_moods(house: House) -> None:
    run(house, "docs/start/index.md", "first.py")
    verdict = {"mood": "glad", "certain": 0.9}
    house.tavern.results["generate"] = {"text": json.dumps(verdict), "reason": "stop", "data": verdict}
    try:
        lines = run(house, "docs/how-to/data-analysis.md", "judge.py")
        assert "glad Where are we?" in lines
    finally:
        del house.tavern.results["generate"]


def test_a_chain_of_langchain(house: House) -> None:
    assert run(house, "docs/recipes/langchain.md", "chain.py") == ["You said: Is there a ferry? "]
    messages = house.tavern.commands[-1]["args"]["messages"]
    assert [each["content"] for each in messages] == ["The scene: a ford at night", "Is there a ferry?"]


def test_what_home_assistant_is_told_to_send_is_answered(house: House) -> None:
    settings = examples(ROOT / "docs/recipes/home-automation.md")["configuration.yaml"]

    def value(name: str) -> str:
        found = re.search(rf"^ +{name}: (.+)$", settings, re.MULTILINE)
        assert found is not None
        return found[1].strip("'")

    said = value("payload").replace("{{ text }}", "Somebody rings.")
    answer = httpx.post(
        value("url").replace("http://127.0.0.1:8001", house.hub.url),
        content=said,
        headers={
            "authorization": value("authorization").replace("YOUR_KEY", house.hub.app_key),
            "content-type": value("content_type"),
        },
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"].strip() == "You said: Somebody rings."


def test_a_program_of_chatbridge_goes_on_as_it_was(house: House) -> None:
    code = examples(ROOT / "docs/migration/chatbridge.md")["bridge.py"]
    code = code.replace("ws://127.0.0.1:8001", house.hub.url.replace("http", "ws"))
    done = subprocess.run(
        [sys.executable, "-c", code.replace("YOUR_KEY", house.hub.app_key)],
        env={**os.environ, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[-1].endswith(" messages")
