"""`tavernlink run` and `tavernlink commands`, with a hub that runs."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tavernlink.protocol.commands.catalogue import COMMANDS
from tests.cli.conftest import Cli
from tests.sdk.house import House


@pytest.fixture
def where(house: House) -> tuple[str, ...]:
    return ("--url", house.hub.url, "--key", house.hub.app_key)


def test_a_command_is_run_with_its_arguments_as_words_or_as_json(
    cli: Cli, house: House, where: tuple[str, ...]
) -> None:
    house.tavern.results["message.edit"] = {"index": 1}
    for given in (
        ("index=1", "text=Well met = hello."),
        ("--json", '{"index": 1, "text": "Well met = hello."}'),
        ("--json", '{"index": 9}', "index=1", "text=Well met = hello."),
    ):
        assert cli("run", "message.edit", *given, *where).json == {"index": 1}
        args = house.tavern.commands[-1]["args"]
        assert (args["index"], args["text"]) == (1, "Well met = hello.")
    assert cli("run", "message.edit", "--json", "-", *where, stdin='{"index": 1}').status == 0
    assert house.tavern.commands[-1]["caller"].startswith("tavernlink run")


def test_files_come_from_and_go_to_the_disk(
    cli: Cli, house: House, where: tuple[str, ...], tmp_path: Path
) -> None:
    card, copy = tmp_path / "wren.png", tmp_path / "copy.png"
    card.write_bytes(b"a card")
    house.tavern.results["character.import_card"] = {"id": "wren.png"}
    assert cli("run", "character.import_card", f"file=@{card}", *where).status == 0
    sent = house.tavern.commands[-1]["args"]["file"]
    assert sent == {
        "name": "wren.png",
        "type": "image/png",
        "data": base64.b64encode(b"a card").decode(),
    }
    house.tavern.results["character.export_card"] = sent
    done = cli("run", "character.export_card", "character=wren.png", "-o", copy, *where)
    assert (done.status, copy.read_bytes()) == (0, b"a card")
    assert "image/png" in done.err
    gone = cli("run", "character.import_card", f"file=@{tmp_path / 'nothing'}", *where)
    assert (gone.status, "cannot be read" in gone.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("mesage.edit",), 1, "Is it message.edit"),
        (("message.edit", "index=one"), 1, "$.args.index"),
        (("message.edit", "speed=1"), 1, "It takes index, text"),
        (("message.edit", "index"), 2, "is not KEY=VALUE"),
        (("message.edit", "--json", "[1]"), 2, "an object"),
        (("message.edit", "--json", "{"), 2, "not JSON"),
        (("message.edit", "index=0", "-o", "x"), 2, "is no file"),
        (("message.edit", "index=0", "--revision", "77"), 1, "stale_revision"),
        (("message.edit", "index=0", "--tavern", "nobody"), 1, "unknown_tavern"),
    ],
)
def test_what_is_wrong_is_said(
    cli: Cli, where: tuple[str, ...], arguments: tuple[str, ...], status: int, words: str
) -> None:
    done = cli("run", *arguments, *where)
    assert done.status == status
    assert words in " ".join(done.err.replace("│", " ").split())


def test_the_commands_are_listed_and_one_is_told(cli: Cli, where: tuple[str, ...]) -> None:
    listed = cli("commands", *where).out.splitlines()
    assert len(listed) == len(COMMANDS) + 1
    assert {line.split()[0] for line in listed[1:]} == set(COMMANDS)
    some = cli("commands", "message.", *where).out.splitlines()
    assert all(line.startswith("message.") for line in some[1:])
    one = cli("commands", "message.delete", *where).out
    assert "may be asked" in one
    assert "required" in one
    assert "tavernlink run message.delete index=2" in one
    (info,) = json.loads(cli("commands", "message.delete", "--json", *where).out)
    assert info["args"]["required"] == ["index"]
    assert "Is it message.delete" in cli("commands", "mesage.delete", *where).err
