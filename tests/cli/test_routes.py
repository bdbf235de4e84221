"""`tavernlink routes`: testing without a hub; listing, making and removing in one that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.docs.markdown import ROOT, examples
from tests.sdk.house import House

RULES = """
[[routes]]
id = "replies"
types = ["stream.end"]
when = 'source.name == "Inn" && content.reason == "stop"'
action = "forward"
to = { room = "table" }
as = "x.reply"

[[routes]]
id = "calm"
types = ["x.*", "chat.send"]
when = 'content.text.contains("!")'
action = "drop"

[[routes]]
id = "log"
types = ["x.*"]
action = "copy"
to = { peer = "Log" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tavernlink.toml").write_text(RULES)
    return tmp_path


def test_a_message_of_the_command_line_is_led_by_the_settings_rules(cli: Cli, folder: Path) -> None:
    here = ("--data-dir", folder)
    shown = cli("routes", "test", "--type", "x.say", "--content", '{"text": "hi"}', "--to", "Bob", *here)
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.splitlines() == [
        "x.say from someone to Bob",
        "  rule calm: drop does not match",
        "  rule log: copy matches",
        "  rule calm: drop does not match (hop 1)",
        "  rule log: copy matches (hop 1)",
        "  -> x.say to Bob",
        "  -> x.say to Log, by the rule log",
    ]
    dropped = cli(
        "routes", "test", "--type", "x.say", "--content", '{"text": "hi!"}', "--room", "hall", *here
    )
    assert "  dropped by calm" in dropped.out
    failing = cli("routes", "test", "--type", "chat.send", "--content", "just text", *here)
    assert "rule calm: drop fails:" in failing.out
    unseen = cli("routes", "test", "--type", "stream.delta", *here)
    assert "no rule looks at this type" in unseen.out
    assert not (folder / "tavernlink.db").exists()


def test_messages_of_a_file_and_json(cli: Cli, folder: Path) -> None:
    messages = [
        {"type": "stream.end", "content": {"reason": "stop"}, "from": {"name": "Inn", "kind": "tavern"}},
        {"type": "stream.end", "content": {"reason": "stop"}, "from": {"name": "Pub", "kind": "tavern"}},
    ]
    (folder / "messages.json").write_text(json.dumps(messages))
    first, second = cli("routes", "test", folder / "messages.json", "--data-dir", folder, "--json").json
    assert [(each["type"], each.get("to")) for each in first["results"]] == [
        ("stream.end", None), ("x.reply", {"room": "table"}), ("x.reply", {"peer": "Log"}),
    ]  # fmt: skip
    assert [each["type"] for each in second["results"]] == ["stream.end"]


def test_rules_of_another_file_and_what_is_wrong_with_them(cli: Cli, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    test = ("routes", "test", "--type", "x.a", "--rules", rules)
    rename = '[[routes]]\nid = "{}"\ntypes = ["{}"]\naction = "rename"\nas = "{}"\n'
    rules.write_text(rename.format("there", "x.a", "x.b") + rename.format("back", "x.b", "x.a"))
    circle = cli(*test)
    assert circle.status == 1
    assert "refused: The rules of this hub send the message round in a circle" in circle.out
    rules.write_text('[[routes]]\nid = "bad"\ntypes = ["x.a"]\naction = "drop"\nwhen = "role =="\n')
    wrong = cli(*test)
    assert wrong.status == 1
    assert "The rule 'bad': The expression is wrong at line 1, column 8" in wrong.err
    rules.write_text('[[routes]]\ntypes = ["x.a"]\naction = "drop"\nwehn = "true"\n')
    assert "wehn" in cli(*test).err
    assert cli("routes", "test").status == 2
    assert cli(*test[:4], "--rules", tmp_path / "none.toml").status == 1


def test_a_hub_that_runs_takes_rules_and_gives_them_back(cli: Cli, house: House, tmp_path: Path) -> None:
    here = ("--url", house.hub.url, "--key", house.hub.admin_key)
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    made = cli("routes", "put", rules, *here)
    assert (made.status, made.out.splitlines()[0]) == (0, "replies: forward to the room table as x.reply")
    assert [each["route"]["id"] for each in cli("routes", "list", *here, "--json").json] == [
        "replies",
        "calm",
        "log",
    ]
    assert "content.text.contains" in cli("routes", "list", *here).out
    for rule in ("replies", "calm", "log"):
        assert cli("routes", "remove", rule, *here).out == f"Removed {rule}.\n"
    again = cli("routes", "remove", "log", *here)
    assert (again.status, "unknown_route" in again.err) == (1, True)
    assert "no rules" in cli("routes", "list", *here).err


def test_the_rules_of_the_guide_do_what_it_shows(cli: Cli, tmp_path: Path) -> None:
    guide = ROOT / "docs" / "guide" / "routing.md"
    rules = tmp_path / "rules.toml"
    rules.write_text(examples(guide)["rules"], encoding="utf-8")
    test = ("routes", "test", "--rules", rules, "--type")
    shown = cli(*test, "x.roll", "--content", '{"sides": 20}', "--from", "Ann", "--to", "Game")
    assert shown.out in guide.read_text(encoding="utf-8")
    end = ("stream.end", "--content", '{"reason": "stop", "text": "Hi"}', "--from", "Inn", "--kind", "tavern")
    assert "-> x.reply to the room table, by the rule replies" in cli(*test, *end).out
    assert "dropped by no-spoilers" in cli(*test, "chat.send", "--content", '{"text": "SNAPE!"}').out
    assert "dropped" not in cli(*test, "chat.send", "--content", '{"text": "SNAPE!"}', "--role", "admin").out
