"""The queue of a tavern: whose turn it is, how much one key may have, where everybody stands."""

from __future__ import annotations

import random

import pytest

from tavernlink.errors import AuthError, Unavailable
from tests.core.stage import Actor, Stage


def finish(tavern: Actor, number: int = -1, **result: object) -> None:
    """Report the tavern's command with this number as done."""
    tavern.say(
        "command.done",
        request_id=tavern.commands[number]["request_id"],
        ok=True,
        result={"text": "", **result},
    )


def texts(tavern: Actor) -> list[str]:
    return [command["args"].get("text") or command["args"].get("prompt") for command in tavern.commands]


def positions(app: Actor) -> dict[str, int]:
    """The last place that the app was told for each request that waits."""
    found = {}
    for update in app.line.of("request.update"):
        found[update["request_id"]] = update.get("position") if update["state"] == "queued" else 0
    return found


def two_apps(stage: Stage) -> tuple[Actor, Actor]:
    busy, shy = stage.key("app", "a"), stage.key("app", "b")
    return stage.join("app", id="busy", key=busy), stage.join("app", id="shy", key=shy)


def test_apps_take_turns_however_much_one_of_them_asks_for() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    busy, shy = two_apps(stage)
    for number in range(4):
        busy.say("chat.send", text=f"busy {number}")
    shy.say("chat.send", text="shy 0")
    shy.say("chat.send", text="shy 1")
    for _ in range(5):
        finish(tavern)
    assert texts(tavern) == ["busy 0", "busy 1", "shy 0", "busy 2", "shy 1", "busy 3"]


def test_two_apps_of_one_key_take_turns_and_http_requests_of_a_key_are_one_asker() -> None:
    stage = Stage()
    tavern, key = stage.join("tavern"), stage.key("app")
    one, two = stage.join("app", id="one", key=key), stage.join("app", id="two", key=key)
    for number in range(3):
        one.say("chat.send", text=f"one {number}")
    two.say("chat.send", text="two 0")
    for _ in range(3):
        finish(tavern)
    assert texts(tavern) == ["one 0", "one 1", "two 0", "one 2"]


def test_everybody_is_told_where_they_stand_whenever_it_changes_and_only_then() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    busy, shy = two_apps(stage)
    for number in range(4):
        busy.say("chat.send", text="x", request_id=f"b{number}")
    accepted = shy.say("chat.send", text="y", request_id="s0")
    assert accepted["position"] == 2
    assert positions(busy) == {"b0": 0, "b2": 3, "b3": 4}, "the newcomer went before two of them"
    finish(tavern)
    assert positions(shy) == {"s0": 1}
    told = [update["request_id"] for update in busy.line.of("request.update")]
    shy.say("request.cancel", request_id="s0")
    assert positions(busy) == {"b0": 0, "b1": 0, "b2": 1, "b3": 2}
    assert len(busy.line.of("request.update")) == len(told) + 2


def test_what_is_told_is_what_happens_under_any_mixture() -> None:
    rng = random.Random(3)
    stage = Stage()
    tavern = stage.join("tavern")
    admin = stage.key("admin", "admin")
    apps = [stage.join("app", id=f"a{number}", key=admin) for number in range(4)]
    ids: dict[str, Actor] = {}
    for number in range(60):
        app = rng.choice(apps)
        app.say(
            "chat.send", text=f"r{number}", request_id=f"r{number}", priority=rng.choice([0, 0, 0, 5, -5])
        )
        ids[f"r{number}"] = app
        if rng.random() < 0.2:
            name = rng.choice(list(ids))
            ids[name].say("request.cancel", request_id=name)
    waiting = [
        each["request_id"] for each in apps[0].say("request.list", limit=1000) if each["state"] == "queued"
    ]
    expected = sorted(waiting, key=lambda name: ids[name].say("request.get", request_id=name)["position"])
    for name in waiting:
        last = [u for u in ids[name].line.of("request.update") if u["request_id"] == name]
        position = ids[name].say("request.get", request_id=name)["position"]
        assert (last[-1]["position"] if last else position) == position
    done = len(tavern.commands)
    for _ in waiting:
        finish(tavern)
    assert texts(tavern)[done:] == expected


def test_a_priority_goes_first_and_only_admins_may_give_one() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    app, admin = stage.join("app", key=stage.key("app", "a")), stage.join("app", key=stage.key("admin", "b"))
    app.say("chat.send", text="running")
    app.say("chat.send", text="waiting")
    admin.say("chat.send", text="urgent", priority=10)
    admin.say("chat.send", text="whenever", priority=-1)
    with pytest.raises(AuthError, match="priority"):
        app.say("chat.send", text="pushy", priority=1)
    for _ in range(3):
        finish(tavern)
    assert texts(tavern) == ["running", "urgent", "waiting", "whenever"]


def test_a_key_that_has_enough_waiting_is_refused_and_told_when_to_try_again() -> None:
    stage = Stage(key_waiting=2)
    tavern = stage.join("tavern")
    busy, shy = two_apps(stage)
    for _ in range(3):
        busy.say("chat.send", text="x")
    with pytest.raises(Unavailable) as caught:
        busy.say("chat.send", text="x")
    assert (caught.value.code, caught.value.details) == ("quota", {"retry_after": 5, "limit": 2})
    shy.say("chat.send", text="y")
    finish(tavern)
    busy.say("chat.send", text="x")


def test_a_key_runs_so_many_at_once_and_others_pass_it() -> None:
    stage = Stage(key_running=2, detached=8)
    tavern = stage.join("tavern")
    busy, shy = two_apps(stage)
    for number in range(4):
        busy.say("generate", mode="raw", prompt=f"busy {number}")
    shy.say("generate", mode="raw", prompt="shy")
    assert texts(tavern) == ["busy 0", "busy 1", "shy"]
    finish(tavern, 0)
    assert texts(tavern)[3:] == ["busy 2"]
    assert stage.hub.work.quota.running.total() == 3


def test_the_place_of_a_key_that_runs_on_one_tavern_starts_its_request_on_another() -> None:
    stage = Stage(key_running=1)
    one, two = stage.join("tavern", id="one"), stage.join("tavern", id="two")
    app = stage.join("app")
    app.say("chat.send", tavern="one", text="first")
    app.say("chat.send", tavern="two", text="second")
    assert (texts(one), texts(two)) == (["first"], [])
    finish(one)
    assert texts(two) == ["second"]


def test_requests_are_listed_for_their_key_and_all_of_them_for_an_admin() -> None:
    stage = Stage()
    tavern = stage.join("tavern", id="t")
    busy, shy = two_apps(stage)
    admin = stage.join("app", key=stage.key("admin", "c"))
    busy.say("chat.send", text="x", request_id="b0")
    busy.say("chat.send", text="x", request_id="b1", session="mine")
    shy.say("chat.send", text="y", request_id="s0")
    assert [each["request_id"] for each in busy.say("request.list")] == ["b1", "b0"]
    (mine,) = shy.say("request.list")
    assert (mine["state"], mine["type"], mine["tavern"], mine["position"]) == ("queued", "send", "t", 2)
    assert len(admin.say("request.list")) == 3
    finish(tavern)
    assert [each["request_id"] for each in busy.say("request.list")] == ["b1"]
    assert [each["state"] for each in busy.say("request.list", open=False)] == ["running", "done"]
    assert len(admin.say("request.list", open=False, limit=1)) == 1
    assert admin.say("request.list", tavern="t")[0]["key"] == shy.peer.key.id


def test_counts_are_at_zero_when_nothing_is_left() -> None:
    stage = Stage(tavern_grace=5.0, cancel_grace=1.0)
    tavern = stage.join("tavern", id="t")
    app = stage.join("app")
    for number in range(6):
        app.say("chat.send", text="x", request_id=f"r{number}")
        app.say("generate", mode="raw", prompt="x", request_id=f"d{number}")
    app.say("request.cancel", request_id="r3")
    app.say("request.cancel", request_id="r0")
    stage.wait(1)
    stage.wait(1)
    tavern.drop()
    stage.wait(6)
    for number in range(6):
        for kind in "rd":
            app.say("request.cancel", request_id=f"{kind}{number}")
    assert not stage.hub.work.quota.running
    assert not stage.hub.work.quota.waiting
