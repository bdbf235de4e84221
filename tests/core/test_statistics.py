"""The hub's figures and who talks to whom, second by second."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.core.access.keys import Key
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.statistics.failures import Failures
from tavernlink.errors import TavernlinkError
from tests.core.stage import Actor, Stage


def write(tavern: Actor, stream: str, pieces: int, *, first: int = 0) -> None:
    for seq in range(first, first + pieces):
        tavern.say("stream.delta", stream_id=stream, seq=seq, text="a ")


def end(tavern: Actor, stream: str) -> None:
    tavern.say("stream.end", stream_id=stream, seq=99, text="a", reason="stop")


def admin(stage: Stage, *types: str) -> Actor:
    peer = stage.join("app", key=stage.key("admin", "boss"), name="Console")
    peer.say("subscribe", types=list(types))
    return peer


def seconds(stage: Stage, count: float) -> None:
    """Let time pass as the runtime does, in quarters."""
    for _ in range(int(count * 4)):
        stage.wait(0.25)


def edges(flowed: dict[str, Any]) -> dict[tuple[str, str], dict[str, int]]:
    names = {peer["id"]: peer["name"] for peer in flowed["peers"]} | {"*": "*"}
    return {(names[each["source"]], names[each["target"]]): each["kinds"] for each in flowed["edges"]}


def test_figures_come_once_a_second_to_those_who_asked_for_them() -> None:
    stage = Stage()
    boss = admin(stage, "stats.*")
    seconds(stage, 3)
    assert len(boss.line.of("stats.changed")) == 3
    boss.say("unsubscribe", types=["stats.*"])
    seconds(stage, 3)
    assert len(boss.line.of("stats.changed")) == 3


def test_a_glob_over_everything_does_not_bring_them() -> None:
    stage = Stage()
    boss = admin(stage, "*")
    stage.join("tavern", name="Study")
    seconds(stage, 2)
    assert "tavern.changed" in boss.line.types
    assert not {"stats.changed", "traffic.flowed"} & set(boss.line.types)


def test_tokens_per_second_are_counted_by_tavern_however_streams_end() -> None:
    stage = Stage()
    boss = admin(stage, "stats.changed")
    one, two = stage.join("tavern", name="One"), stage.join("tavern", name="Two")
    seconds(stage, 1)
    write(one, "s1", 6)
    write(two, "s2", 2)
    end(two, "s2")
    seconds(stage, 1)
    stats = boss.line.of("stats.changed")[-1]["stats"]
    assert {each["name"]: each["tokens"] for each in stats["by_tavern"]} == {"One": 6.0, "Two": 2.0}
    assert (stats["tokens"], stats["streams"], stats["taverns"]) == (8.0, 1, 2)
    write(one, "s1", 3, first=6)
    end(one, "s1")
    seconds(stage, 1)
    assert boss.line.of("stats.changed")[-1]["stats"]["tokens"] == 3.0
    seconds(stage, 1)
    assert boss.line.of("stats.changed")[-1]["stats"]["tokens"] == 0.0


def test_a_stream_that_began_before_the_hub_knew_it_counts_what_came() -> None:
    stage = Stage()
    tavern = stage.join("tavern", name="One")
    write(tavern, "s1", 2, first=5_000)
    seconds(stage, 1)
    assert admin(stage).say("stats.get")["tokens"] == 2.0


def test_errors_are_told_when_they_change_and_the_same_one_is_counted() -> None:
    stage = Stage()
    boss = admin(stage, "stats.changed")
    stage.hub.statistics.failures.add(time=5.0, code="too_large", message="No.", who="Bot", about="chat.send")
    seconds(stage, 1)
    (error,) = boss.line.of("stats.changed")[-1]["stats"]["errors"]
    assert error == {
        "time": 5.0,
        "code": "too_large",
        "message": "No.",
        "who": "Bot",
        "about": "chat.send",
        "count": 1,
    }
    seconds(stage, 1)
    assert boss.line.of("stats.changed")[-1]["stats"]["errors"] is None
    stage.hub.statistics.failures.add(time=6.0, code="too_large", message="No.", who="Bot", about="chat.send")
    seconds(stage, 1)
    (error,) = boss.line.of("stats.changed")[-1]["stats"]["errors"]
    assert (error["count"], error["time"]) == (2, 6.0)


def test_only_the_last_fifty_errors_are_kept_newest_first() -> None:
    failures = Failures()
    for number in range(70):
        failures.add(time=float(number), code="c", message=f"m{number}", who="", about="")
    assert [each.message for each in failures.listed()][:2] == ["m69", "m68"]
    assert len(failures.listed()) == 50


def test_a_request_that_fails_is_among_the_errors() -> None:
    stage = Stage()
    tavern = stage.join("tavern", name="Study")
    app = stage.join("app", key=stage.key("app", "Diary bot"), name="bot")
    app.say("generate", mode="reply", request_id="r1")
    (command,) = tavern.commands
    wrong = {"code": "backend_error", "message": "The model refused."}
    tavern.say("command.done", request_id=command["request_id"], ok=False, error=wrong)
    (error,) = admin(stage).say("stats.get")["errors"]
    assert (error["code"], error["who"], error["about"]) == ("backend_error", "Diary bot", "generate")


def test_a_key_sees_its_part_only() -> None:
    stage = Stage()
    stage.join("tavern", name="One")
    stage.join("tavern", name="Two")
    narrow, _ = stage.hub.keyring.create("viewer", "narrow", taverns=["Two"])
    viewer = stage.join("app", key=narrow, name="looker")
    stage.join("app", name="other")
    failures = stage.hub.statistics.failures
    failures.add(time=1.0, code="a", message="", who="", about="", key_id="somebody")
    failures.add(time=2.0, code="b", message="", who="", about="", key_id=narrow.id)
    viewer.say("subscribe", types=["stats.changed"])
    seconds(stage, 1)
    stats = viewer.line.of("stats.changed")[-1]["stats"]
    assert [each["name"] for each in stats["by_tavern"]] == ["Two"]
    assert (stats["taverns"], stats["apps"], stats["received"]) == (1, 1, None)
    assert [each["code"] for each in stats["errors"]] == ["b"]
    assert admin(stage).say("stats.get")["apps"] == 3


def test_traffic_is_for_admins() -> None:
    stage = Stage()
    app = stage.join("app", name="bot")
    with pytest.raises(TavernlinkError, match="traffic"):
        app.say("subscribe", types=["traffic.flowed"])
    app.say("subscribe", types=["t*"])
    stage.join("tavern", name="One")
    seconds(stage, 1)
    assert "traffic.flowed" not in app.line.types


def test_traffic_names_who_talked_to_whom() -> None:
    stage = Stage()
    tavern = stage.join("tavern", name="Study")
    app = stage.join("app", name="bot")
    app.say("subscribe", types=["stream.*"])
    boss = admin(stage, "traffic.*")
    seconds(stage, 0.25)
    write(tavern, "s1", 4)
    app.say("tavern.list")
    app.say("generate", mode="reply", request_id="r1")
    app.say("x.dice.roll", to={"peer": tavern.peer.id}, content=1)
    seconds(stage, 0.5)
    (flowed,) = boss.line.of("traffic.flowed")
    assert edges(flowed) == {
        ("Study", "bot"): {"stream": 4},
        ("bot", "hub"): {"question": 1},
        ("bot", "Study"): {"request": 1, "message": 1},
    }
    assert flowed["seconds"] == 0.5
    seconds(stage, 2)
    assert len(boss.line.of("traffic.flowed")) == 1


def test_what_goes_to_a_crowd_is_one_edge() -> None:
    stage = Stage()
    tavern = stage.join("tavern", name="Study")
    for number in range(40):
        stage.join("app", name=f"a{number}").say("subscribe", types=["stream.delta"])
    boss = admin(stage, "traffic.flowed")
    seconds(stage, 0.25)
    write(tavern, "s1", 7)
    seconds(stage, 0.5)
    (flowed,) = boss.line.of("traffic.flowed")
    assert edges(flowed) == {("Study", "*"): {"stream": 7}}


def test_only_the_busiest_edges_are_listed_and_the_rest_is_summed() -> None:
    stage = Stage()
    boss = admin(stage, "traffic.flowed")
    apps = [stage.join("app", name=f"a{number}") for number in range(250)]
    seconds(stage, 0.25)
    for app in apps:
        app.say("tavern.list")
    apps[7].say("tavern.list")
    seconds(stage, 0.5)
    (flowed,) = boss.line.of("traffic.flowed")
    assert len(flowed["edges"]) == 200
    assert flowed["edges"][0]["count"] == 2
    assert flowed["left_out"] == 50


def test_nothing_is_added_up_while_nobody_looks() -> None:
    stage = Stage()
    tavern = stage.join("tavern", name="Study")
    stage.join("app", name="bot").say("subscribe", types=["stream.*"])
    write(tavern, "s1", 4)
    assert stage.hub.traffic.added == 0
    boss = admin(stage, "traffic.flowed")
    seconds(stage, 0.25)
    boss.drop()
    seconds(stage, 0.25)
    write(tavern, "s1", 4, first=4)
    assert not stage.hub.traffic.on
    assert stage.hub.traffic.added == 0


def test_who_reads_too_slowly_is_not_told_the_past() -> None:
    stage = Stage()
    boss = admin(stage, "stats.changed")
    boss.peer.session.blocked = True
    seconds(stage, 5)
    boss.peer.session.blocked = False
    seconds(stage, 1)
    assert len(boss.line.of("stats.changed")) == 1


def test_who_was_away_while_something_failed_hears_of_it_when_it_is_back() -> None:
    stage = Stage()
    boss, other = admin(stage, "stats.changed"), admin(stage, "stats.changed")
    seconds(stage, 1)
    boss.peer.session.blocked = True
    stage.hub.statistics.failures.add(time=5.0, code="too_large", message="No.", who="Bot", about="chat.send")
    seconds(stage, 1)
    boss.peer.session.blocked = False
    seconds(stage, 1)
    assert [each["code"] for each in boss.line.of("stats.changed")[-1]["stats"]["errors"]] == ["too_large"]
    assert other.line.of("stats.changed")[-1]["stats"]["errors"] is None


def test_a_thousand_keys_that_look_do_not_each_have_every_app_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    stage.join("tavern", name="One")
    viewers = [
        stage.join("app", key=stage.key("viewer", f"v{number}"), name=f"v{number}") for number in range(50)
    ]
    for viewer in viewers:
        viewer.say("subscribe", types=["stats.changed"])
    listed = 0
    once = stage.hub.directory.listed

    def count(key: Key | None = None) -> list[Tavern]:
        nonlocal listed
        listed += 1
        return once(key)

    monkeypatch.setattr(stage.hub.directory, "listed", count)
    seconds(stage, 1)
    assert [viewer.line.of("stats.changed")[-1]["stats"]["apps"] for viewer in viewers] == [1] * 50
    assert listed == 1


def test_a_key_counts_the_rooms_that_its_apps_are_in_or_may_join() -> None:
    stage = Stage()
    boss = admin(stage)
    boss.say("room.create", name="open", settings={"open": True})
    boss.say("room.create", name="closed", settings={"open": False})
    app = stage.join("app", name="bot")
    assert app.say("stats.get")["rooms"] == 1
    boss.say("room.add", room="closed", app=app.peer.id)
    assert app.say("stats.get")["rooms"] == len(app.say("room.list")) == 2
    assert boss.say("stats.get")["rooms"] == 2
