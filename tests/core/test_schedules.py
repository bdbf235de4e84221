"""Schedules: when they run, what of a run is kept, and what they do about clocks, absence and restarts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tavernlink.core.schedules.timing import moment_of, next_moment
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.schedules import ScheduleAction, ScheduleCreate
from tavernlink.protocol.session import Versions
from tests.core.stage import Actor, Stage

BERLIN = ZoneInfo("Europe/Berlin")
SAY = {"type": "chat.send", "content": {"tavern": "Inn", "text": "Hello"}}


class Day(Stage):
    """A hub with an app, an admin and a tavern that does what it is told."""

    def __init__(self, **limits: Any) -> None:
        super().__init__(**limits)
        self.admin = self.join("app", key=self.key("admin", "root"))
        self.app = self.join("app", key=self.key("app", "ann"))
        self.inn = self.join("tavern", id="t-inn", name="Inn", commands=list(COMMANDS), versions=Versions())

    def schedule(self, **spec: Any) -> str:
        return str(self.app.say("schedule.create", **{"do": SAY, **spec})["id"])

    def info(self, schedule: str) -> Any:
        (found,) = [each for each in self.admin.say("schedule.list") if each["id"] == schedule]
        return found

    def runs(self, schedule: str) -> list[Any]:
        return list(self.admin.say("schedule.runs", schedule=schedule))

    def states(self, schedule: str) -> list[str]:
        return [run["state"] for run in self.runs(schedule)]

    def finish(self, **outcome: Any) -> None:
        """The tavern has done what it was last told."""
        command = self.inn.commands[-1]["request_id"]
        self.inn.say("command.done", **{"request_id": command, "ok": True, "result": None, **outcome})

    @property
    def said(self) -> list[str]:
        return [command["args"]["text"] for command in self.inn.commands if command["name"] == "send"]


@pytest.fixture
def day() -> Day:
    return Day()


def code_of(actor: Actor, type_: str, **content: Any) -> str:
    with pytest.raises(TavernlinkError) as caught:
        actor.say(type_, **content)
    return caught.value.code


def cron(expression: str, start: str, count: int, zone: str = "Europe/Berlin") -> list[str]:
    """The next moments of a cron expression, in its own time zone."""
    spec = ScheduleCreate(do=ScheduleAction(type="chat.send"), cron=expression)
    moment, found = moment_of(start, zone), []
    for _ in range(count):
        following = next_moment(spec, zone, moment, moment)
        assert following is not None
        moment = following
        found.append(datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat(timespec="minutes"))
    return found


# When


def test_cron_where_clocks_go_forward_runs_what_falls_into_the_gap_right_after_it() -> None:
    assert cron("30 2 * * *", "2027-03-27T12:00", 2) == ["2027-03-28T03:00+02:00", "2027-03-29T02:30+02:00"]


def test_cron_where_clocks_go_back_runs_a_fixed_hour_once_and_every_hour_twice() -> None:
    assert cron("30 2 * * *", "2027-10-30T12:00", 2) == ["2027-10-31T02:30+02:00", "2027-11-01T02:30+01:00"]
    assert cron("0 * * * *", "2027-10-31T01:30", 3) == [
        "2027-10-31T02:00+02:00",
        "2027-10-31T02:00+01:00",
        "2027-10-31T03:00+01:00",
    ]


def test_cron_knows_weekdays_the_last_of_a_month_and_names() -> None:
    assert cron("0 18 * * FRI", "2027-01-01T20:00", 1) == ["2027-01-08T18:00+01:00"]
    assert cron("0 0 L * *", "2027-02-01T00:00", 1) == ["2027-02-28T00:00+01:00"]
    assert cron("@weekly", "2027-01-01T00:00", 1, "UTC") == ["2027-01-03T00:00+00:00"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({}, "$.at"),
        ({"at": "2030-01-01", "every": 60}, "$.at"),
        ({"at": "2020-01-01"}, "$.at"),
        ({"at": "tomorrow"}, "$.at"),
        ({"at": 1e300}, "$.at"),
        ({"every": 1}, "$.every"),
        ({"cron": "* * * *"}, "$.cron"),
        ({"cron": "* * * * * *"}, "$.cron"),
        ({"cron": "61 * * * *"}, "$.cron"),
        ({"cron": "0 0 31 2 *"}, "$.cron"),
        ({"cron": "@daily", "timezone": "Mars/Olympus"}, "$.timezone"),
        ({"cron": "@daily", "timezone": "../../etc/passwd"}, "$.timezone"),
        ({"every": 60, "do": {"type": "key.create", "content": {}}}, "$.do.type"),
        ({"every": 60, "do": {"type": "chat.send", "content": {}}}, "$.do.content"),
        ({"every": 60, "do": {"type": "chat.send", "content": {"text": 3}}}, "$.do.content.text"),
        (
            {"every": 60, "do": {"type": "chat.send", "content": {"text": "x", "request_id": "r"}}},
            "$.do.content.request_id",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(day: Day, spec: dict[str, Any], path: str) -> None:
    with pytest.raises(TavernlinkError) as caught:
        day.schedule(**spec)
    assert caught.value.code == "invalid_message"
    assert caught.value.details["path"] == path


def test_a_moment_without_offset_is_meant_in_the_time_zone(day: Day) -> None:
    later = datetime.fromtimestamp(day.clock.wall() + 7_200, BERLIN).replace(microsecond=0)
    text = later.replace(tzinfo=None).isoformat()
    day.schedule(at=text, timezone="Europe/Berlin")
    (info,) = day.app.say("schedule.list")
    assert (info["at"], info["next"], info["timezone"]) == (text, later.timestamp(), "Europe/Berlin")
    assert Day(timezone="Asia/Tokyo").app.say("schedule.create", do=SAY, every=60)["timezone"] == "Asia/Tokyo"


def test_jitter_makes_a_run_later_by_chance_and_never_moves_those_after_it(day: Day) -> None:
    schedule = day.schedule(every=1_000, jitter=100)
    record = day.hub.automation.schedules.find(schedule)
    day.ids.secret = lambda: "8" * 64  # type: ignore[method-assign]
    day.app.say("schedule.set", schedule=schedule, jitter=200)
    assert record.standing.starts is not None
    assert record.standing.next is not None
    assert record.standing.starts - record.standing.next == pytest.approx(200 * 8 / 15, abs=0.1)
    first = record.standing.next
    day.wait(1_000)
    assert day.said == []
    day.wait(150)
    assert day.said == ["Hello"]
    assert record.standing.next == first + 1_000


# A run


def test_a_message_is_sent_at_its_time_once_and_its_end_is_kept(day: Day) -> None:
    schedule = day.schedule(at=day.clock.wall() + 100, name="Hello")
    day.wait(99)
    assert day.said == []
    day.wait(1)
    assert day.said == ["Hello"]
    assert (day.info(schedule)["state"], day.states(schedule)) == ("finished", ["running"])
    day.wait(5)
    day.finish()
    (run,) = day.runs(schedule)
    assert (run["state"], run["ended"] - run["started"], run["error"]) == ("done", 5, None)
    day.wait(10_000)
    assert day.said == ["Hello"]


def test_an_interval_stays_on_its_grid_and_does_not_overlap_itself(day: Day) -> None:
    schedule = day.schedule(every=60)
    due = day.info(schedule)["next"]
    day.wait(61)
    day.wait(30)  # still running
    day.wait(30)
    assert day.states(schedule) == ["running", "skipped"]
    assert day.runs(schedule)[1]["error"]["code"] == "busy"
    day.finish()
    day.wait(59)
    assert day.states(schedule) == ["running", "done", "skipped"]
    assert [run["due"] - due for run in day.runs(schedule)] == [120, 0, 60]


def test_what_fails_is_told_with_its_error(day: Day) -> None:
    schedule = day.schedule(every=60)
    day.wait(60)
    day.finish(ok=False, result=None, error={"code": "no_character", "message": "None is open."})
    (run,) = day.runs(schedule)
    assert (run["state"], run["error"]["code"]) == ("failed", "no_character")
    assert day.info(schedule)["state"] == "active"


def test_a_generation_and_a_message_of_a_programs_own_type_can_be_scheduled(day: Day) -> None:
    other = day.join("app", key=day.key("app", "bob"), name="Bob", id="bob")
    day.schedule(every=60, do={"type": "generate", "content": {"mode": "raw", "prompt": "Sum up."}})
    own = day.schedule(every=60, do={"type": "x.tea", "content": {"to": {"peer": "bob"}, "content": "Tea!"}})
    day.wait(60)
    assert [command["args"]["mode"] for command in day.inn.commands] == ["raw"]
    assert [message["content"] for message in other.line.of("x.tea")] == ["Tea!"]
    assert day.states(own) == ["done"]


def test_a_command_of_the_catalogue_can_be_scheduled(day: Day) -> None:
    wrong = {"type": "command.run", "content": {"args": {}}}
    assert code_of(day.app, "schedule.create", do=wrong, every=60) == "invalid_message"
    content = {"tavern": "Inn", "name": "message.delete", "args": {"index": 0}}
    schedule = day.schedule(every=60, do={"type": "command.run", "content": content})
    day.wait(60)
    assert [command["name"] for command in day.inn.commands] == ["message.delete"]
    day.finish(result={"total": 0})
    assert day.states(schedule) == ["done"]


def test_a_function_can_be_called_and_its_result_or_error_ends_the_run(day: Day) -> None:
    bot = day.join("app", key=day.key("app", "bot"), name="Bot")
    bot.say("function.register", functions=[{"name": "water", "parameters": {"type": "object"}}])
    call = {"type": "function.call", "content": {"name": "water", "args": {}}}
    schedule = day.schedule(every=60, do=call)
    for outcome, state in (({"ok": True, "result": 1}, "done"), ({"ok": False}, "failed")):
        day.wait(60)
        assert day.states(schedule)[0] == "running"
        invoked = bot.line.of("function.invoke")[-1]
        error = {} if outcome["ok"] else {"error": {"code": "function_failed", "message": "Dry."}}
        bot.say("function.done", call_id=invoked["call_id"], **outcome, **error)
        assert day.states(schedule)[0] == state
    bot.drop()
    day.wait(day.hub.limits.app_session + 60)
    assert day.runs(schedule)[0]["error"]["code"] == "unknown_function"


def test_it_can_be_run_at_once_beside_its_times(day: Day) -> None:
    schedule = day.schedule(cron="0 8 * * *")
    due = day.info(schedule)["next"]
    run = day.app.say("schedule.run", schedule=schedule)
    assert (run["state"], run["asked"], day.said) == ("running", True, ["Hello"])
    assert code_of(day.app, "schedule.run", schedule=schedule) == "busy"
    day.finish()
    assert day.info(schedule)["next"] == due
    assert day.info(schedule)["last"]["state"] == "done"


def test_a_paused_one_begins_nothing_and_goes_on_from_its_next_moment(day: Day) -> None:
    schedule = day.schedule(every=60)
    assert day.app.say("schedule.pause", schedule=schedule)["state"] == "paused"
    day.wait(600)
    assert day.said == []
    info = day.app.say("schedule.resume", schedule=schedule)
    assert info["next"] == day.clock.wall() + 60
    day.wait(60)
    assert day.said == ["Hello"]


def test_a_change_of_time_replaces_the_time_and_a_change_of_words_does_not(day: Day) -> None:
    schedule = day.schedule(every=60)
    before = day.info(schedule)["next"]
    changed = {"type": "chat.send", "content": {"text": "Bye"}}
    info = day.app.say("schedule.set", schedule=schedule, do=changed, name="N")
    assert (info["next"], info["every"], info["name"]) == (before, 60, "N")
    info = day.app.say("schedule.set", schedule=schedule, cron="@hourly")
    assert (info["every"], info["cron"]) == (None, "@hourly")
    assert code_of(day.app, "schedule.set", schedule=schedule, cron="@often") == "invalid_message"
    assert day.info(schedule)["cron"] == "@hourly"


# Under its key


def test_a_key_sees_its_own_and_an_admin_every_one(day: Day) -> None:
    schedule = day.schedule(every=60)
    other = day.join("app", key=day.key("app", "bob"))
    assert other.say("schedule.list") == []
    for type_ in ("remove", "pause", "resume", "run", "runs", "set"):
        assert code_of(other, f"schedule.{type_}", schedule=schedule) == "unknown_schedule"
    day.admin.say("schedule.remove", schedule=schedule)
    assert day.app.say("schedule.list") == []
    assert day.store.schedules.kept == {}


def test_it_can_do_no_more_than_its_key(day: Day) -> None:
    key, _ = day.hub.keyring.create("app", "reader", scopes=["chat:read", "automate"])
    assert code_of(day.join("app", key=key), "schedule.create", do=SAY, every=60) == "forbidden"
    key, _ = day.hub.keyring.create("app", "elsewhere", taverns=["Pub"])
    schedule = day.join("app", key=key).say("schedule.create", do=SAY, every=60, away="fail")["id"]
    day.wait(60)
    assert (day.said, day.states(schedule)) == ([], ["failed"])


def test_a_revoked_key_stops_it_with_a_reason(day: Day) -> None:
    schedule = day.schedule(every=60)
    day.hub.keyring.revoke(day.app.peer.key.id)
    day.wait(60)
    info = day.info(schedule)
    assert (info["state"], info["why"], info["next"]) == ("stopped", "Its key was revoked.", None)
    assert day.said == []
    assert code_of(day.admin, "schedule.resume", schedule=schedule) == "owner_gone"
    assert code_of(day.admin, "schedule.run", schedule=schedule) == "owner_gone"


def test_an_admin_who_changes_anothers_lends_it_no_rights(day: Day) -> None:
    key, _ = day.hub.keyring.create("app", "reader", scopes=["chat:read", "chat:write", "automate"])
    schedule = day.join("app", key=key).say("schedule.create", do=SAY, every=60)["id"]
    stop = {"type": "generation.stop", "content": {}}
    assert code_of(day.admin, "schedule.set", schedule=schedule, do=stop) == "forbidden"


def test_there_are_as_many_as_the_limit_says() -> None:
    day = Day(schedules_per_key=1)
    day.schedule(every=60)
    assert code_of(day.app, "schedule.create", do=SAY, every=60) == "quota"


# A tavern that is away


def test_a_run_waits_for_its_tavern_and_then_does_what_was_asked(day: Day) -> None:
    schedule = day.schedule(every=600)
    day.inn.drop()
    day.wait(600)
    assert day.states(schedule) == ["waiting"]
    day.wait(300)
    day.inn = day.join("tavern", key=day.inn.peer.key, id="t-inn", name="Inn")
    day.wait(1)
    assert (day.said, day.states(schedule)) == (["Hello"], ["running"])
    day.finish()
    assert day.states(schedule) == ["done"]


def test_it_waits_no_longer_than_its_patience_or_fails_at_once_where_it_is_to(day: Day) -> None:
    patient = day.schedule(every=6_000, patience=100)
    hasty = day.schedule(every=6_000, away="fail")
    day.inn.drop()
    day.wait(6_000)
    assert (day.states(patient), day.states(hasty)) == (["waiting"], ["failed"])
    assert day.runs(hasty)[0]["error"]["code"] == "tavern_gone"
    day.wait(101)
    (run,) = day.runs(patient)
    assert (run["state"], run["error"]["code"]) == ("failed", "tavern_gone")


# The hub was off


@pytest.mark.parametrize(("policy", "said", "first"), [("once", 1, "running"), ("skip", 0, "skipped")])
def test_runs_that_were_missed_are_made_up_for_once_or_not_at_all(policy: str, said: int, first: str) -> None:
    day = Day()
    schedule = day.schedule(every=600, missed=policy)
    due = day.info(schedule)["next"]
    day.kill(away=3_030)
    day.admin = day.join("app", key=day.admin.peer.key)
    day.inn = day.join("tavern", key=day.inn.peer.key, id="t-inn", name="Inn")
    day.wait(1)
    assert len(day.said) == said
    (run,) = day.runs(schedule)
    assert (run["state"], run["due"], run["missed"]) == (first, due, 4 if said else 5)
    assert day.info(schedule)["next"] == due + 3_000


def test_a_moment_that_was_missed_is_made_up_for_when_the_hub_and_the_tavern_are_back(day: Day) -> None:
    schedule = day.schedule(at=day.clock.wall() + 100)
    day.kill(away=86_400)
    day.admin = day.join("app", key=day.admin.peer.key)
    day.wait(1)
    assert day.states(schedule) == ["waiting"]
    day.inn = day.join("tavern", key=day.inn.peer.key, id="t-inn", name="Inn")
    day.wait(1)
    assert (day.said, day.states(schedule)) == (["Hello"], ["running"])


def test_a_run_that_was_under_way_when_the_hub_was_killed_is_followed_to_its_end_and_not_done_twice(
    day: Day,
) -> None:
    schedule = day.schedule(every=600)
    day.wait(600)
    command = day.inn.commands[-1]["request_id"]
    day.kill(away=5)
    day.admin = day.join("app", key=day.admin.peer.key)
    day.inn = day.join("tavern", key=day.inn.peer.key, id="t-inn", name="Inn", reports=True)
    day.inn.say("commands.known", running=[command], done=[], seconds=1_000)
    day.wait(1)
    assert day.states(schedule) == ["running"]
    assert day.said == []
    day.inn.say("command.done", request_id=command, ok=True, result=None)
    assert day.states(schedule) == ["done"]


def test_the_answer_of_a_slow_disk_may_come_after_the_end_of_the_request(day: Day) -> None:
    schedule = day.schedule(every=60)
    day.store.hold()
    day.clock.time += 60
    day.hub.tick()
    assert day.said == []  # not before it is on disk
    day.app.say("request.list")
    (request,) = day.hub.work.book.of_key(day.app.peer.key.id)
    day.hub.work.cancel(request)
    day.store.commit()
    assert day.states(schedule) == ["cancelled"]
