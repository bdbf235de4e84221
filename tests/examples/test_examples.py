"""Every example runs as its readers would run it, against a hub with a scripted tavern."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tavernlink
from tavernlink.demo.hub import open_hub
from tests.hub_log import log_to
from tests.sdk.house import House
from tests.sdk.scripted_tavern import scripted_tavern

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with log_to(folder / "hub.log"), House(folder) as house:
        yield house


def environment(house: House, **more: str) -> dict[str, str]:
    proxies = {name for name in os.environ if name.lower().endswith("_proxy")}
    kept = {name: value for name, value in os.environ.items() if name not in proxies}
    return {**kept, "TAVERNLINK_URL": house.hub.url, "TAVERNLINK_KEY": house.hub.app_key, **more}


def run(house: House, name: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(house, **more), timeout=50, check=False
    )


@contextlib.contextmanager
def running(house: House, name: str) -> Iterator[Iterator[str]]:
    """A program that stays; gives the lines that it prints."""
    command = [sys.executable, str(EXAMPLES / name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(house)) as process:
        try:
            assert process.stdout is not None
            yield (line.rstrip("\n") for line in process.stdout)
        finally:
            process.kill()


def test_every_example_has_a_line_in_the_readme_and_a_test() -> None:
    programs = {each.name for each in EXAMPLES.iterdir() if each.suffix in {".py", ".sh", ".html"}}
    listed = set(re.findall(r"\]\(([\w.]+)\)", (EXAMPLES / "README.md").read_text("utf-8")))
    here = "".join(each.read_text("utf-8") for each in Path(__file__).parent.glob("test_*.py"))
    assert programs == listed
    assert all(f'"{each}"' in here for each in programs)


@pytest.mark.parametrize("name", ["stream.py", "plain.py"])
def test_a_message_and_its_reply(house: House, name: str) -> None:
    done = run(house, name, "good", "morning")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("You said: good morning ")


@pytest.mark.parametrize(
    "name", ["stream.py", "plain.py", "dice_bot.py", "mirror.py", "openai_client.py", "function_app.py"]
)
def test_a_wrong_key_is_a_sentence(house: House, name: str) -> None:
    done = run(house, name, TAVERNLINK_KEY="tl_app_no_key")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "key" in done.stderr


def test_the_dice_bot_answers_in_the_chat(house: House) -> None:
    with (
        running(house, "dice_bot.py") as lines,
        tavernlink.connect_sync(house.hub.url, house.hub.app_key) as hub,
    ):
        assert next(lines) == "Watching chat-1."
        hub.tavern().post("Hello, nothing to roll.").result()
        hub.tavern().post("!roll 2d1").result()
        assert next(lines) == "2d1: 1 + 1 = 2"
        hub.tavern().post("!roll 1d1").result()
        assert next(lines) == "1d1: 1 = 1"
        answers = [each["text"] for each in house.tavern.chat if each["name"] == "Dice"]
        assert answers[0] == "2d1: 1 + 1 = 2"


def test_the_mirror_prints_what_happens(house: House) -> None:
    with tavernlink.connect_sync(house.hub.url, house.hub.app_key) as hub:
        index = hub.tavern().post("before").result()["message_index"]
        with running(house, "mirror.py") as lines:
            shown = [next(lines) for _ in range(index + 2)]
            assert shown[0] == f"# chat-1: {index + 1} messages"
            assert shown[-1] == "Traveller: before"
            hub.tavern().edit(index, "after")
            assert next(lines) == f"replace {index} Traveller: after"
            hub.tavern().delete(index)
            assert next(lines) == f"remove {index}"


def test_the_openai_client_talks_to_a_character(house: House) -> None:
    done = run(house, "openai_client.py", "who")
    assert done.returncode == 0, done.stderr
    models, reply = done.stdout.splitlines()
    assert "Seraphina" in models
    assert "default" in models
    assert reply == "You said: who "


@pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("sh") is None, reason="needs curl and a shell"
)
def test_curl_gets_the_reply_as_events(house: House) -> None:
    command = ["sh", str(EXAMPLES / "curl.sh"), 'say "hi" \\o/']
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(house), timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    events = [line.removeprefix("data: ") for line in done.stdout.splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert text.strip() == 'You said: say "hi" \\o/'


async def test_functions_of_the_hub(tmp_path: Path) -> None:
    folder = tmp_path / "functions"
    folder.mkdir()
    shutil.copy(EXAMPLES / "hub_functions.py", folder)
    async with (
        open_hub(tmp_path) as hub,
        tavernlink.connect(hub.url, hub.app_key) as app,
        scripted_tavern(hub.url, hub.tavern_key) as tavern,
    ):
        rolled = await app.call("roll", dice="2d1")
        assert rolled == {"dice": [1, 1], "total": 2}
        with pytest.raises(tavernlink.TavernlinkError) as wrong:
            await app.call("roll", dice="many")
        assert wrong.value.details["path"] == "$.args.dice"
        await app.tavern().send("Where is the Bread?")
        await tavern.say("Seraphina", "assistant", "Over there.")
        assert await app.call("said", word="bread") == [
            "Traveller: Where is the Bread?",
            "Seraphina: You said: Where is the Bread? ",
        ]


def test_a_program_that_offers_a_function(house: House) -> None:
    with running(house, "function_app.py") as lines:
        assert next(lines) == "picker cannot decide."
        assert next(lines) in ("heads", "tails")
        with tavernlink.connect_sync(house.hub.url, house.hub.app_key, name="Ann") as hub:
            assert hub.call("picker/pick", things=["bread"]) == "bread"
        assert next(lines) == "Ann cannot decide."
