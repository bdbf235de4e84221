"""Commands by name in the core: held against the catalogue, the key, the tavern and the chat before they wait."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.core.work.requests import ALL_HEAVY, HEAVY
from tavernlink.errors import AuthError, BadMessage, Conflict, TavernlinkError
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.session import Versions
from tests.core.stage import Actor, Stage

KNOWN = list(COMMANDS)
VERSIONS = Versions(extension="0.2.0", sillytavern="1.19.0")


def join_tavern(stage: Stage, **auth: Any) -> Actor:
    announced: dict[str, Any] = {"commands": KNOWN, "versions": VERSIONS}
    return stage.join("tavern", **(announced | auth))


def code_of(app: Actor, **content: Any) -> str:
    with pytest.raises(TavernlinkError) as caught:
        app.say("command.run", **content)
    return caught.value.code


def change_chat(tavern: Actor, text: str) -> None:
    message = {"name": "A", "role": "assistant", "text": text}
    tavern.say(
        "chat.update", chat_id="c", ops=[{"op": "reset"}, {"op": "insert", "index": 0, "message": message}]
    )


def test_a_command_is_a_request_with_its_arguments_filled_in_and_its_caller_named() -> None:
    stage = Stage()
    tavern, app = join_tavern(stage), stage.join("app", key=stage.key("app", "bots"), name="Discord bot")
    accepted = app.say("command.run", name="message.delete", args={"index": 2}, request_id="r1")
    assert accepted == {"request_id": "r1", "position": 0, "state": "queued"}
    (sent,) = tavern.commands
    assert (sent["name"], sent["args"]) == ("message.delete", {"index": 2, "count": 1})
    assert (sent["caller"], sent["destructive"]) == ("Discord bot (bots)", True)
    assert sent["by"] == app.peer.member_id
    tavern.say("command.done", request_id=sent["request_id"], ok=True, result={"total": 2})
    assert app.updates("r1") == ["running", "done"]
    assert app.line.of("request.update")[-1]["result"] == {"total": 2}
    # Asked again under its id, it is the same one.
    assert (
        app.say("command.run", name="message.delete", args={"index": 2}, request_id="r1")["state"] == "done"
    )
    assert len(tavern.commands) == 1


def test_the_hubs_own_commands_name_no_caller() -> None:
    stage = Stage()
    tavern, app = join_tavern(stage), stage.join("app")
    app.say("chat.send", text="hello")
    assert "caller" not in tavern.commands[0]


def test_what_is_wrong_is_said_before_anything_waits() -> None:
    stage = Stage()
    tavern, app = join_tavern(stage), stage.join("app")
    assert code_of(app, name="mesage.delete") == "unknown_command"
    assert code_of(app, name="message.delete", args={"index": "2"}) == "invalid_message"
    assert code_of(app, name="message.delete", args={"index": 0}, tavern="nobody") == "unknown_tavern"
    assert code_of(app, name="message.delete", args={"index": 0}, priority=1) == "forbidden"
    assert code_of(app, name="message.delete", args={"index": 0}, timeout=-1) == "invalid_message"
    assert code_of(app, name="message.delete", args={"index": 0}, tavern="*", revision=0) == "invalid_message"
    assert tavern.commands == []
    assert app.say("request.list", open=False) == []


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        ({"commands": ["message.edit"]}, "Update it in SillyTavern"),
        ({"commands": None, "versions": None}, "no commands"),
    ],
)
def test_a_tavern_that_does_not_know_the_command_says_what_to_do(auth: dict[str, Any], words: str) -> None:
    stage = Stage()
    tavern, app = join_tavern(stage, **auth), stage.join("app")
    with pytest.raises(BadMessage, match=words) as caught:
        app.say("command.run", name="message.delete", args={"index": 0})
    assert caught.value.code == "unknown_command"
    assert tavern.commands == []


def test_the_pool_chooses_among_the_taverns_that_know_the_command() -> None:
    stage = Stage()
    old, app = stage.join("tavern", name="old", versions=VERSIONS), stage.join("app")
    assert code_of(app, name="message.delete", args={"index": 0}, tavern="any") == "unknown_command"
    new = join_tavern(stage, name="new")
    app.say("command.run", name="message.delete", args={"index": 0}, tavern="any")
    assert (len(old.commands), len(new.commands)) == (0, 1)
    # What waits for the one that knows it does not go to the one that has nothing to do.
    app.say("command.run", name="message.delete", args={"index": 0}, tavern="any")
    stage.wait(1)
    assert (len(old.commands), len(new.commands)) == (0, 1)


def test_a_revision_is_looked_at_when_it_is_asked_and_again_when_it_begins() -> None:
    stage = Stage()
    tavern, app = join_tavern(stage), stage.join("app")
    change_chat(tavern, "hi")
    assert code_of(app, name="message.delete", args={"index": 0}, revision=9) == "stale_revision"
    app.say("command.run", name="message.delete", args={"index": 0}, revision=1, request_id="first")
    app.say("command.run", name="message.delete", args={"index": 0}, revision=1, request_id="second")
    app.say("command.run", name="message.delete", args={"index": 0}, request_id="third")
    change_chat(tavern, "ho")
    tavern.say("command.done", request_id=tavern.commands[0]["request_id"], ok=True)
    assert app.updates("first")[-1] == "done"
    assert app.updates("second")[-1] == "failed"
    errors = [update for update in app.line.of("request.update") if update["request_id"] == "second"]
    assert errors[-1]["error"]["code"] == "stale_revision"
    assert len(tavern.commands) == 2
    assert app.updates("third")[-1] == "running"


def test_a_revision_does_not_outlive_the_hub_that_counted_it() -> None:
    stage = Stage()
    tavern, app = join_tavern(stage, id="t", reports=True), stage.join("app", id="a")
    change_chat(tavern, "hi")
    for name in ("first", "second"):
        app.say("command.run", name="message.delete", args={"index": 0}, revision=1, request_id=name)
    (first,) = tavern.commands
    stage.kill()
    again = join_tavern(stage, key=tavern.peer.key, id="t", reports=True)
    change_chat(again, "hi")
    again.say("commands.known", running=[], done=[first["request_id"]], seconds=100.0)
    back = stage.join("app", key=app.peer.key, id="a")
    # The first one's outcome is asked for once more: that it began was under the revision it named.
    again.say("command.done", request_id=first["request_id"], ok=True)
    assert back.say("request.get", request_id="first")["state"] == "done"
    second = back.say("request.get", request_id="second")
    assert (second["state"], second["error"]["code"]) == ("failed", "stale_revision")


def test_visible_commands_wait_for_each_other_and_immediate_ones_for_nobody() -> None:
    immediate = next(spec for spec in COMMANDS.values() if spec.lane == "immediate" and not spec.before)
    stage = Stage(detached=1)
    tavern, app = join_tavern(stage), stage.join("app")
    app.say("chat.send", text="hello")
    app.say("generate", mode="detached", messages=[])
    app.say("command.run", name="message.edit", args={"index": 0, "text": "x"}, request_id="waits")
    app.say("command.run", name=immediate.name, args=dict(immediate.example), request_id="at once")
    assert [each["name"] for each in tavern.commands] == ["send", "generate", immediate.name]
    assert app.say("request.get", request_id="waits")["position"] == 1
    tavern.say("command.done", request_id=tavern.commands[-1]["request_id"], ok=True, result={})
    assert app.updates("at once") == ["running", "done"]
    app.say("request.cancel", request_id="waits")
    assert app.updates("waits")[-1] == "cancelled"


def test_a_command_that_takes_too_long_is_stopped() -> None:
    stage = Stage()
    tavern, app = join_tavern(stage), stage.join("app")
    app.say("command.run", name="message.delete", args={"index": 0}, timeout=5, request_id="r")
    stage.wait(6)
    assert app.line.of("request.update")[-1]["error"]["code"] == "timeout"
    assert tavern.line.of("command.cancel") == [{"request_id": tavern.commands[0]["request_id"]}]


def test_each_command_needs_the_scope_of_its_own_row() -> None:
    stage = Stage()
    join_tavern(stage)
    viewer = stage.join("app", key=stage.key("viewer", "v"))
    reading = next(spec for spec in COMMANDS.values() if spec.scope == "chat:read" and not spec.before)
    viewer.say("command.run", name=reading.name, args=dict(reading.example))
    with pytest.raises(AuthError, match=r"message\.delete"):
        viewer.say("command.run", name="message.delete", args={"index": 0})
    listed = {info["name"]: info for info in viewer.say("command.list")}
    assert {name for name, info in listed.items() if info["allowed"]} == {
        spec.name for spec in COMMANDS.values() if spec.scope == "chat:read"
    }


def test_the_list_tells_schemas_and_what_a_tavern_knows() -> None:
    stage = Stage()
    join_tavern(stage, name="old", commands=["message.edit"])
    app = stage.join("app")
    everything = {info["name"]: info for info in app.say("command.list")}
    assert set(everything) == set(COMMANDS)
    assert {info["known"] for info in everything.values()} == {None}
    delete = everything["message.delete"]
    assert (delete["noun"], delete["lane"], delete["scope"]) == ("messages", "visible", "control")
    assert delete["destructive"]
    assert delete["args"]["properties"]["index"]["description"]
    old = {info["name"]: info["known"] for info in app.say("command.list", tavern="old")}
    assert (old["message.edit"], old["message.delete"]) == (True, False)


def test_what_changes_a_tavern_is_in_the_audit_log_once_without_texts() -> None:
    stage = Stage()
    join_tavern(stage)
    app = stage.join("app", key=stage.key("app", "bots"))
    secret = "a long confession " * 10
    for _ in range(2):
        app.say("command.run", name="message.edit", args={"index": 0, "text": secret}, request_id="r")
    reading = next(spec for spec in COMMANDS.values() if spec.scope == "chat:read" and not spec.before)
    app.say("command.run", name=reading.name, args=dict(reading.example))
    admin = stage.join("app", key=stage.key("admin", "boss"))
    entries = [entry for entry in admin.say("audit.list") if entry["action"] == "command.run"]
    assert [entry["target"] for entry in entries] == ["message.edit"]
    assert "confession" not in str(entries)
    assert entries[0]["facts"]["request"] == "r"


def test_the_same_id_for_another_command_is_refused() -> None:
    stage = Stage()
    join_tavern(stage)
    app = stage.join("app")
    app.say("command.run", name="message.delete", args={"index": 0}, request_id="r")
    with pytest.raises(Conflict, match="different request"):
        app.say("command.run", name="message.delete", args={"index": 1}, request_id="r")


@pytest.mark.parametrize(
    ("hub", "asked", "sent"),
    [
        (None, None, None),
        (None, ["pass"], ["pass"]),
        (("pass", "add"), None, ["pass", "add"]),
        (("pass", "add"), ["add", "send"], ["add"]),
        ((), None, []),
    ],
)
def test_the_hub_can_only_narrow_what_a_script_may_use(
    hub: tuple[str, ...] | None, asked: list[str] | None, sent: list[str] | None
) -> None:
    stage = Stage(script_commands=hub)
    tavern, app = join_tavern(stage), stage.join("app", key=stage.key("app"))
    app.say("command.run", name="script.run", args={"text": "/pass", "allow": asked})
    assert tavern.commands[-1]["args"]["allow"] == sent


def test_of_large_results_only_the_latest_are_kept_and_none_on_disk() -> None:
    stage = Stage()
    tavern, app = join_tavern(stage, id="t"), stage.join("app", id="a")
    size = ALL_HEAVY // 3
    for number in range(4):
        app.say("command.run", name="message.delete", args={"index": 0}, request_id=f"r{number}")
        wire_id = tavern.commands[-1]["request_id"]
        tavern.say("command.done", request_id=wire_id, ok=True, result={"data": str(number) * size})
        assert app.line.of("request.update")[-1]["result"]["data"] == str(number) * size
    states = [app.say("request.get", request_id=f"r{number}") for number in range(4)]
    assert [state.get("dropped", False) for state in states] == [True, True, False, False]
    assert [state["state"] for state in states] == ["done"] * 4
    assert len(states[3]["result"]["data"]) == size
    assert all(len(str(kept.body)) < HEAVY for kept in stage.store.requests.load())
    stage.kill()
    back = stage.join("app", key=app.peer.key, id="a")
    assert back.say("request.get", request_id="r3")["dropped"]
