"""A hub that is killed and started again: what it had acknowledged is kept, and nothing is done twice."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.core.work.requests import FINAL
from tavernlink.errors import Conflict, NotFound, Unavailable
from tavernlink.protocol.outcome import Failure, Success
from tests.core.stage import Actor, Stage


class House:
    """A stage with one tavern that reports, and one app."""

    def __init__(self, **limits: Any) -> None:
        self.stage = Stage(**limits)
        self.tavern_key = self.stage.key("tavern", "t")
        self.app_key = self.stage.key("app", "a")
        self.tavern = self.come()
        self.tavern.say("commands.known", seconds=0)
        self.app = self.enter()

    def come(self, **auth: Any) -> Actor:
        return self.stage.join("tavern", key=self.tavern_key, id="t1", **{"reports": True, **auth})

    def enter(self) -> Actor:
        return self.stage.join("app", key=self.app_key, id="a1")

    def kill(self) -> None:
        self.stage.kill()
        self.app = self.enter()

    def state(self, request_id: str) -> Any:
        return self.app.say("request.get", request_id=request_id)


def finals(app: Actor, request_id: str) -> list[str]:
    return [state for state in app.updates(request_id) if state in FINAL]


def test_what_waited_waits_again_and_runs_when_its_tavern_is_back() -> None:
    house = House()
    for name in ("r1", "r2", "r3"):
        house.app.say("chat.send", text=name, request_id=name)
    (first,) = house.tavern.commands
    house.kill()
    assert [house.state(name)["state"] for name in ("r1", "r2", "r3")] == ["running", "queued", "queued"]
    assert house.state("r3")["position"] == 2
    again = house.app.say("chat.send", text="r3", request_id="r3")
    assert again["request_id"] == "r3"
    tavern = house.come()
    tavern.say("commands.known", running=[first["request_id"]], seconds=60)
    assert tavern.commands == []
    tavern.say("command.done", request_id=first["request_id"], ok=True, result={"text": "one"})
    assert [command["args"]["text"] for command in tavern.commands] == ["r2"]
    assert house.state("r1")["result"] == {"text": "one"}


def test_a_finished_reply_is_answered_again_and_not_generated_again() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    (command,) = house.tavern.commands
    house.tavern.say("command.done", request_id=command["request_id"], ok=True, result={"text": "hi"})
    house.kill()
    tavern = house.come()
    tavern.say("commands.known", done=[command["request_id"]], seconds=60)
    assert house.app.say("chat.send", text="hello", request_id="r1")["state"] == "done"
    assert finals(house.app, "r1") == ["done"]
    assert house.state("r1")["result"] == {"text": "hi"}
    assert tavern.commands == []
    with pytest.raises(Conflict, match="different request"):
        house.app.say("chat.send", text="something else", request_id="r1")


def test_an_outcome_that_the_hub_did_not_keep_is_asked_for_again() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    (command,) = house.tavern.commands
    house.kill()
    tavern = house.come()
    tavern.say("commands.known", done=[command["request_id"]], seconds=60)
    assert tavern.commands == [command]  # the page answers it from memory
    tavern.say("command.done", request_id=command["request_id"], ok=True, result={"text": "hi"})
    assert house.state("r1")["state"] == "done"


def test_a_command_that_never_arrived_is_sent_again() -> None:
    house = House()
    house.stage.wait(60)
    house.app.say("chat.send", text="hello", request_id="r1")
    (command,) = house.tavern.commands
    house.kill()
    tavern = house.come()
    tavern.say("commands.known", seconds=50)
    assert tavern.commands == [command]


def test_what_is_older_than_the_page_ends_with_a_stated_outcome() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    house.app.say("chat.send", text="next", request_id="r2")
    house.kill()
    house.app.say("request.get", request_id="r1", watch=True)
    tavern = house.come()
    tavern.say("commands.known", seconds=0.5)
    assert house.state("r1")["error"]["code"] == "interrupted"
    assert finals(house.app, "r1") == ["failed"]
    assert [command["args"]["text"] for command in tavern.commands] == ["next"]


def test_a_tavern_that_does_not_come_back_in_its_grace_is_given_up() -> None:
    house = House(tavern_grace=30, queue_timeout=100)
    house.app.say("chat.send", text="hello", request_id="r1")
    house.app.say("chat.send", text="next", request_id="r2")
    house.kill()
    house.stage.wait(29)
    assert house.state("r1")["state"] == "running"
    house.stage.wait(2)
    assert house.state("r1")["error"]["code"] == "interrupted"
    assert house.state("r2")["state"] == "queued"
    house.stage.wait(100)
    assert house.state("r2")["error"]["code"] == "timeout"
    assert house.app.say("tavern.list") == []


def test_a_tavern_that_cannot_report_is_taken_to_know_nothing() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    house.kill()
    house.come(reports=False)
    assert house.state("r1")["error"]["code"] == "interrupted"


def test_a_tavern_that_promised_a_report_and_sends_none_is_not_waited_for() -> None:
    house = House(report_time=15)
    house.app.say("chat.send", text="hello", request_id="r1")
    house.kill()
    house.come()
    house.stage.wait(16)
    assert house.state("r1")["error"]["code"] == "interrupted"


def test_nothing_is_acknowledged_or_begun_before_it_is_on_disk() -> None:
    house = House()
    house.stage.store.hold()
    outcomes = house.app.later("chat.send", text="hello", request_id="r1")
    assert outcomes == []
    assert house.tavern.commands == []
    house.stage.store.commit()
    assert [type(outcome) for outcome in outcomes] == [Success]
    assert len(house.tavern.commands) == 1


def test_what_was_not_acknowledged_is_not_there_and_was_not_begun() -> None:
    house = House()
    house.stage.store.hold()
    house.app.later("chat.send", text="hello", request_id="r1")
    house.kill()
    assert house.tavern.commands == []
    with pytest.raises(NotFound):
        house.state("r1")


def test_a_cancel_while_a_request_is_being_written_keeps_it_from_its_tavern() -> None:
    house = House()
    house.stage.store.hold()
    house.app.later("chat.send", text="hello", request_id="r1")
    house.app.later("request.cancel", request_id="r1")
    house.stage.store.commit()
    assert house.tavern.commands == []
    assert finals(house.app, "r1") == ["cancelled"]


def test_an_outcome_is_told_and_confirmed_when_it_is_on_disk() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    (command,) = house.tavern.commands
    house.stage.store.hold()
    house.tavern.say("command.done", request_id=command["request_id"], ok=True, result={"text": "hi"})
    told = len(house.tavern.line.of("confirm"))
    house.stage.wait(1)
    assert finals(house.app, "r1") == []
    assert len(house.tavern.line.of("confirm")) == told
    house.stage.store.commit()
    assert finals(house.app, "r1") == ["done"]
    assert house.tavern.line.of("confirm")[-1] == {"count": house.tavern.peer.session.received}


def test_a_disk_that_fails_is_told_to_the_asker_and_nothing_is_begun() -> None:
    house = House()
    house.stage.store.trouble = Unavailable("storage_failed")
    (outcome,) = house.app.later("chat.send", text="hello", request_id="r1")
    assert isinstance(outcome, Failure)
    assert outcome.error.code == "storage_failed"
    assert house.tavern.commands == []
    assert house.state("r1")["error"]["code"] == "storage_failed"
    house.stage.store.trouble = None
    house.app.say("chat.send", text="again", request_id="r2")
    assert [command["args"]["text"] for command in house.tavern.commands] == ["again"]


def test_reading_needs_no_disk() -> None:
    house = House()
    house.stage.store.trouble = Unavailable("storage_failed")
    assert len(house.app.say("tavern.list")) == 1


def test_the_same_page_in_a_new_session_goes_on_with_what_runs_and_with_its_stream() -> None:
    house = House()
    house.app.say("generate", mode="detached", messages=[], request_id="r1")
    (command,) = house.tavern.commands
    wire = command["request_id"]
    start = {"stream_id": "s1", "kind": "detached", "request_id": wire}
    house.tavern.say("stream.start", **start)
    house.tavern.say("stream.delta", stream_id="s1", seq=1, text="Hel")
    tavern = house.come()
    tavern.say("commands.known", running=[wire], seconds=60)
    tavern.say("stream.start", **start)
    tavern.say("stream.delta", stream_id="s1", seq=2, text="Hel", replace=True)
    tavern.say("stream.delta", stream_id="s1", seq=3, text="lo")
    tavern.say("stream.end", stream_id="s1", seq=3, text="Hello", reason="stop")
    tavern.say("command.done", request_id=wire, ok=True, result={"text": "Hello"})
    assert tavern.commands == []
    assert finals(house.app, "r1") == ["done"]
    ends = house.app.line.of("stream.end")
    assert [end["reason"] for end in ends] == ["error", "stop"]
    assert ends[0]["error"]["code"] == "interrupted"


def test_a_page_that_was_loaded_again_has_lost_what_ran_in_it() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    house.stage.wait(5)
    house.come().say("commands.known", seconds=1)
    assert house.state("r1")["error"]["code"] == "interrupted"


def test_what_is_sent_in_the_new_session_before_its_report_is_not_in_question() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    (first,) = house.tavern.commands
    house.tavern.drop()
    house.app.say("generate", mode="detached", messages=[], request_id="r2")
    tavern = house.come()
    (second,) = tavern.commands  # its lane was free
    tavern.say("commands.known", running=[first["request_id"]], seconds=0.2)
    assert tavern.commands == [second]
    assert house.state("r2")["state"] == "running"


def test_what_a_page_works_on_for_nobody_is_cancelled_and_its_stream_heard_by_nobody() -> None:
    house = House()
    listener = house.stage.join("app")
    listener.say("subscribe", types=["stream.*"], tavern="*")
    tavern = house.come()
    tavern.say("commands.known", running=["w-unknown"], seconds=60)
    assert tavern.line.of("command.cancel") == [{"request_id": "w-unknown"}]
    tavern.say("stream.start", stream_id="s1", kind="detached", request_id="w-unknown")
    tavern.say("stream.delta", stream_id="s1", seq=1, text="secret")
    tavern.say("stream.end", stream_id="s1", seq=1, text="secret", reason="cancelled")
    assert listener.line.of("stream.start") == listener.line.of("stream.delta") == []
    assert listener.line.of("stream.end") == []


def test_a_cancel_outlives_the_hub() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    (command,) = house.tavern.commands
    house.app.say("request.cancel", request_id="r1")
    house.kill()
    tavern = house.come()
    tavern.say("commands.known", running=[command["request_id"]], seconds=60)
    assert tavern.line.of("command.cancel") == [{"request_id": command["request_id"]}]
    tavern.say(
        "command.done",
        request_id=command["request_id"],
        ok=False,
        error={"code": "cancelled", "message": "c"},
    )
    assert house.state("r1")["state"] == "cancelled"


def test_finished_requests_are_forgotten_by_count_and_by_age_on_disk_too() -> None:
    house = House(kept_requests=2, kept_seconds=1_000)
    for number in range(4):
        house.app.say("chat.send", text="x", request_id=f"r{number}")
        wire = house.tavern.commands[-1]["request_id"]
        house.tavern.say("command.done", request_id=wire, ok=True)
    assert sorted(kept.request_id for kept in house.stage.store.requests.load()) == ["r2", "r3"]
    house.kill()
    house.stage.wait(1_001)
    assert house.stage.store.requests.load() == []
