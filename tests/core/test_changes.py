"""Webhooks, schedules and the audit log tell those who watch them; nobody is told of what is not theirs to see."""

from __future__ import annotations

from typing import Any

from tests.core.stage import Actor, Stage


def watching(stage: Stage, role: Any, name: str) -> Actor:
    actor = stage.join("app", key=stage.key(role, name), name=name)
    actor.say("subscribe", types=["webhook.changed", "schedule.changed", "audit.written"])
    return actor


def test_a_webhook_is_told_to_its_maker_and_to_admins_once_for_each_tick() -> None:
    stage = Stage()
    maker, other, admin = (
        watching(stage, role, name) for role, name in (("app", "maker"), ("app", "other"), ("admin", "boss"))
    )
    made = maker.say("webhook.create", url="https://there.example/x", types=["stream.end"])["info"]
    maker.say("webhook.pause", webhook=made["id"])
    stage.wait(0.25)
    for actor in (maker, admin):
        (told,) = actor.line.of("webhook.changed")
        assert (told["id"], told["webhook"]["state"]) == (made["id"], "paused")
    assert other.line.of("webhook.changed") == []
    stage.wait(0.25)
    assert len(admin.line.of("webhook.changed")) == 1
    maker.say("webhook.remove", webhook=made["id"])
    stage.wait(0.25)
    assert admin.line.of("webhook.changed")[-1] == {"id": made["id"], "webhook": None}


def test_what_waits_for_a_webhook_is_told_however_many_events_there_were() -> None:
    stage = Stage()
    admin = watching(stage, "admin", "boss")
    tavern = stage.join("tavern")
    made = admin.say("webhook.create", url="https://there.example/x", types=["stream.end"])["info"]
    stage.wait(0.25)
    for number in range(3):
        tavern.say("stream.start", stream_id=f"s{number}", kind="reply")
        tavern.say("stream.end", stream_id=f"s{number}", seq=0, text="x", reason="stop")
    stage.wait(0.25)
    told = admin.line.of("webhook.changed")
    assert [each["webhook"]["waiting"] for each in told] == [0, 3]
    assert made["id"] == told[-1]["id"]


def test_a_schedule_is_told_when_it_is_made_runs_and_goes() -> None:
    stage = Stage()
    admin, maker = watching(stage, "admin", "boss"), watching(stage, "app", "maker")
    do = {"type": "x.note", "content": {"to": {"all": True}, "content": 1}}
    made = maker.say("schedule.create", every=3_600, do=do)
    stage.wait(0.25)
    maker.say("schedule.run", schedule=made["id"])
    stage.wait(0.25)
    assert [each["schedule"]["last"] is None for each in admin.line.of("schedule.changed")] == [True, False]
    maker.say("schedule.remove", schedule=made["id"])
    stage.wait(0.25)
    assert maker.line.of("schedule.changed")[-1] == {"id": made["id"], "schedule": None}


def test_the_audit_log_is_told_to_admins_alone() -> None:
    stage = Stage()
    admin, app = watching(stage, "admin", "boss"), watching(stage, "app", "bot")
    made = admin.say("key.create", name="x")
    told = admin.line.of("audit.written")
    assert [each["entry"]["action"] for each in told][-1] == "key.created"
    assert told[-1]["entry"]["target"] == made["info"]["id"]
    assert app.line.of("audit.written") == []


def test_a_rule_is_checked_without_being_made() -> None:
    stage = Stage()
    admin = stage.join("app", key=stage.key("admin", "boss"))
    rule = {"types": ["x.*"], "action": "drop"}
    assert admin.say("route.check", **rule, when="content.n > 3") == {"problem": None}
    problem = admin.say("route.check", **rule, when="true &&\n  contend.n > 3")["problem"]
    assert problem["code"] == "invalid_expression"
    assert problem["details"]["path"] == "$.when"
    assert (problem["details"]["line"], problem["details"]["column"]) == (2, 3)
    problem = admin.say("route.check", types=["x.*"], action="copy")["problem"]
    assert problem["details"]["path"] == "$.to"
    assert admin.say("route.list") == []
