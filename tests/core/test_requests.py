"""Requests from asking to their one final state."""

from __future__ import annotations

import pytest

from tavernlink.core.work.lanes import Lanes
from tavernlink.core.work.requests import FINAL, Request
from tavernlink.errors import Conflict, NotFound, TavernlinkError, Unavailable
from tavernlink.protocol.outcome import Failure, Success
from tests.core.stage import Actor, Stage


def finals(app: Actor, request_id: str) -> list[str]:
    return [state for state in app.updates(request_id) if state in FINAL]


def test_a_sent_message_becomes_a_command_and_its_outcome_the_final_state() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    accepted = app.say("chat.send", text="hello", request_id="r1")
    assert (accepted["request_id"], accepted["position"], accepted["state"]) == ("r1", 0, "queued")
    (command,) = tavern.commands
    by = app.peer.member_id
    assert (command["name"], command["args"]) == ("send", {"generate": True, "text": "hello", "by": by})
    tavern.say("command.done", request_id=command["request_id"], ok=True, result={"text": "hi"})
    assert app.updates("r1") == ["running", "done"]
    assert app.line.of("request.update")[-1]["result"] == {"text": "hi"}


def test_one_visible_request_runs_at_a_time_and_detached_ones_run_side_by_side() -> None:
    stage = Stage(detached=2)
    tavern, app = stage.join("tavern"), stage.join("app")
    for number in range(3):
        app.say("chat.send", text=str(number), request_id=f"v{number}")
    for number in range(3):
        app.say("generate", mode="detached", messages=[], request_id=f"d{number}")
    assert [command["args"].get("text") or command["args"]["mode"] for command in tavern.commands] == [
        "0",
        "detached",
        "detached",
    ]
    assert app.say("request.get", request_id="v2")["position"] == 2
    tavern.say("command.done", request_id=tavern.commands[0]["request_id"], ok=True)
    assert tavern.commands[-1]["args"]["text"] == "1"
    assert app.say("request.get", request_id="v2")["position"] == 1


def test_the_same_request_id_is_done_once_and_a_different_question_under_it_is_refused() -> None:
    stage = Stage()
    key = stage.key("app")
    tavern, app = stage.join("tavern"), stage.join("app", key=key)
    app.say("chat.send", text="hello", request_id="r1")
    second = stage.join("app", key=key)
    assert second.say("chat.send", text="hello", request_id="r1")["request_id"] == "r1"
    assert len(tavern.commands) == 1
    with pytest.raises(Conflict, match="different request"):
        app.say("chat.send", text="something else", request_id="r1")
    tavern.say("command.done", request_id=tavern.commands[0]["request_id"], ok=True)
    assert finals(app, "r1") == finals(second, "r1") == ["done"]
    third = stage.join("app", key=key)
    assert third.say("chat.send", text="hello", request_id="r1")["state"] == "done"
    assert finals(third, "r1") == ["done"]


def test_two_keys_may_use_the_same_request_id_without_meeting() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    one, two = stage.join("app", key=stage.key("app", "a")), stage.join("app", key=stage.key("app", "b"))
    one.say("generate", mode="raw", prompt="one", request_id="same")
    two.say("generate", mode="raw", prompt="two", request_id="same")
    assert [command["args"]["prompt"] for command in tavern.commands] == ["one", "two"]
    tavern.say("command.done", request_id=tavern.commands[1]["request_id"], ok=True, result={"text": "2"})
    assert (finals(one, "same"), finals(two, "same")) == ([], ["done"])


def test_a_waiting_request_is_cancelled_at_once_and_those_behind_it_move_up() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    for number in range(3):
        app.say("chat.send", text=str(number), request_id=f"r{number}")
    assert app.say("request.cancel", request_id="r1")["state"] == "cancelled"
    assert app.say("request.get", request_id="r2")["position"] == 1
    assert len(tavern.commands) == 1


def test_a_running_request_is_cancelled_through_its_tavern_and_keeps_its_place_until_then() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("chat.send", text="0", request_id="r0")
    app.say("chat.send", text="1", request_id="r1")
    app.say("request.cancel", request_id="r0")
    app.say("request.cancel", request_id="r0")
    wire = tavern.commands[0]["request_id"]
    assert tavern.line.of("command.cancel") == [{"request_id": wire}]
    assert (finals(app, "r0"), len(tavern.commands)) == ([], 1)
    tavern.say("command.done", request_id=wire, ok=False, error={"code": "stopped", "message": "stopped"})
    assert (finals(app, "r0"), len(tavern.commands)) == (["cancelled"], 2)


def test_a_tavern_that_ignores_a_cancel_loses_the_request_and_later_the_place() -> None:
    stage = Stage(cancel_grace=5.0)
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("chat.send", text="0", request_id="r0")
    app.say("chat.send", text="1", request_id="r1")
    app.say("request.cancel", request_id="r0")
    stage.wait(5)
    assert (finals(app, "r0"), len(tavern.commands)) == (["cancelled"], 1)
    stage.wait(5)
    assert len(tavern.commands) == 2


def test_time_limits_count_from_the_start_of_the_work() -> None:
    stage = Stage(queue_timeout=100.0)
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("chat.send", text="0", request_id="r0", timeout=10)
    app.say("chat.send", text="1", request_id="r1", timeout=10)
    stage.wait(9)
    assert finals(app, "r0") == []
    stage.wait(1)
    assert finals(app, "r0") == ["failed"]
    assert tavern.line.of("command.cancel")
    tavern.say(
        "command.done", request_id=tavern.commands[0]["request_id"], ok=True, result={"text": "too late"}
    )
    assert finals(app, "r0") == ["failed"]
    assert app.updates("r1") == ["running"]
    stage.wait(10)
    assert app.line.of("request.update")[-1]["error"]["code"] == "timeout"


def test_a_request_that_never_gets_its_turn_fails_when_its_waiting_time_is_over() -> None:
    stage = Stage(queue_timeout=60.0, request_timeout=300.0)
    stage.join("tavern")
    app = stage.join("app")
    app.say("chat.send", text="0", request_id="r0")
    app.say("chat.send", text="1", request_id="r1")
    stage.wait(61)
    assert (finals(app, "r0"), finals(app, "r1")) == ([], ["failed"])


def test_a_vanished_tavern_fails_its_running_request_after_its_grace_and_keeps_the_waiting_one() -> None:
    stage = Stage(tavern_grace=30.0, queue_timeout=600.0)
    tavern, app = stage.join("tavern", id="t"), stage.join("app")
    app.say("chat.send", tavern="t", text="0", request_id="r0")
    app.say("chat.send", tavern="t", text="1", request_id="r1")
    tavern.drop()
    stage.wait(29)
    assert finals(app, "r0") == []
    stage.wait(2)
    assert app.line.of("request.update")[-1]["error"]["code"] == "tavern_gone"
    assert finals(app, "r1") == []
    again = stage.join("tavern", id="t", key=tavern.peer.key)
    assert [command["args"]["text"] for command in again.commands] == ["1"]


def test_a_request_for_any_tavern_moves_on_when_its_tavern_vanishes() -> None:
    stage = Stage(tavern_grace=30.0)
    first, second = stage.join("tavern", id="t1"), stage.join("tavern", id="t2")
    app = stage.join("app")
    app.say("chat.send", text="0", request_id="r0")
    app.say("chat.send", text="1", request_id="r1")
    assert len(first.commands) == 1
    first.drop()
    stage.wait(31)
    assert [command["args"]["text"] for command in second.commands] == ["1"]


def test_a_reloaded_page_fails_what_ran_in_it_at_once() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t"), stage.join("app")
    app.say("subscribe", types=["stream.*"])
    app.say("chat.send", text="0", request_id="r0")
    wire = tavern.commands[0]["request_id"]
    tavern.say("stream.start", stream_id="s", kind="reply", request_id=wire)
    tavern.say("stream.delta", stream_id="s", seq=1, text="half")
    stage.join("tavern", id="t", key=tavern.peer.key)
    assert finals(app, "r0") == ["failed"]
    (end,) = app.line.of("stream.end")
    assert (end["text"], end["reason"], end["error"]["code"]) == ("half", "error", "tavern_gone")
    assert tavern.line.closed is not None
    assert tavern.line.closed[0] == "replaced"


def test_a_full_queue_refuses_with_the_time_to_wait() -> None:
    stage = Stage(queue_length=1)
    stage.join("tavern")
    app = stage.join("app")
    app.say("chat.send", text="0")
    app.say("chat.send", text="1")
    with pytest.raises(Unavailable) as caught:
        app.say("chat.send", text="2")
    assert (caught.value.code, caught.value.details) == ("queue_full", {"retry_after": 5})


def test_without_a_tavern_and_with_an_unknown_one_the_errors_differ() -> None:
    stage = Stage()
    app = stage.join("app")
    with pytest.raises(Unavailable, match="No SillyTavern is connected"):
        app.say("chat.send", text="hello")
    with pytest.raises(NotFound, match="nowhere"):
        app.say("chat.send", text="hello", tavern="nowhere")


def test_a_query_goes_past_the_queue_and_its_outcome_is_the_ack() -> None:
    stage = Stage(immediate_timeout=15.0)
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("chat.send", text="0")
    outcome = app.later("context.get", last=3)
    assert tavern.commands[-1]["args"] == {"last": 3}
    tavern.say("command.done", request_id=tavern.commands[-1]["request_id"], ok=True, result={"total": 7})
    assert outcome == [Success(result={"total": 7})]
    silent = app.later("generation.stop")
    stage.wait(16)
    assert isinstance(silent[0], Failure)
    assert silent[0].error.code == "timeout"


def test_a_session_keeps_its_own_chat_from_turn_to_turn() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t"), stage.join("app")
    app.say("chat.send", text="one", session="mine", character="Seraphina")
    app.say("chat.send", text="two", session="mine")
    (first,) = tavern.commands
    assert first["name"] == "session.turn"
    assert "chat_id" not in first["args"]
    result = {"text": "hi", "chat_id": "mine - 1", "character_id": "s.png"}
    tavern.say("command.done", request_id=first["request_id"], ok=True, result=result)
    assert tavern.commands[1]["args"]["chat_id"] == "mine - 1"
    assert tavern.commands[1]["args"]["character"] == "s.png"


def test_an_app_cannot_see_or_cancel_the_request_of_another_key_but_an_admin_can() -> None:
    stage = Stage()
    stage.join("tavern")
    owner = stage.join("app", key=stage.key("app", "a"))
    other = stage.join("app", key=stage.key("app", "b"))
    admin = stage.join("app", key=stage.key("admin", "c"))
    owner.say("chat.send", text="x", request_id="r")
    for type_ in ("request.get", "request.cancel"):
        with pytest.raises(NotFound):
            other.say(type_, request_id="r")
    admin.say("request.cancel", request_id="r")


def test_an_edit_is_refused_where_the_chat_is_not_as_the_caller_thought() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    message = {"name": "A", "role": "assistant", "text": "hi"}
    tavern.say(
        "chat.update", chat_id="c", ops=[{"op": "reset"}, {"op": "insert", "index": 0, "message": message}]
    )
    for content, code in (
        ({"index": 0, "revision": 99}, "stale_revision"),
        ({"index": 5}, "unknown_message"),
    ):
        with pytest.raises(TavernlinkError) as caught:
            app.say("chat.edit", text="new", **content)
        assert caught.value.code == code
    app.say("chat.edit", text="new", index=0, revision=1)
    assert tavern.commands[0]["args"] == {"index": 0, "text": "new"}


def test_who_watches_hears_where_each_request_stands_an_app_only_of_its_own_key() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    asker = stage.join("app", key=stage.key("app", "bot"))
    other, admin = stage.join("app", key=stage.key("app", "other")), stage.join("app", key=stage.key("admin"))
    for app in (asker, other, admin):
        app.say("subscribe", types=["request.*"])
    for number in range(3):
        asker.say("chat.send", text=str(number), request_id=f"r{number}")
    stage.clock.time += 2.0
    usage = {"completion_tokens": 37}
    tavern.say(
        "command.done",
        request_id=tavern.commands[0]["request_id"],
        ok=True,
        result={"text": "hi", "usage": usage},
    )
    heard = [content["request"] for content in admin.line.of("request.changed")]
    assert [content["request"] for content in asker.line.of("request.changed")] == heard
    assert other.line.of("request.changed") == []
    steps = [(each["request_id"], each["state"], each["position"]) for each in heard]
    assert steps == [
        ("r0", "queued", 0),
        ("r0", "running", None),
        ("r1", "queued", 1),
        ("r2", "queued", 2),
        ("r0", "done", None),
        ("r1", "running", None),
        ("r2", "queued", 1),
    ]
    done = heard[4]
    assert (done["tokens"], done["finished"] - done["started"]) == (37, 2.0)
    assert (done["asker"], done["type"], "result" in done) == (asker.peer.name, "send", False)


@pytest.mark.parametrize("usage", [None, {"completion_tokens": "many"}, {"completion_tokens": -3}])
def test_tokens_are_the_pieces_of_all_its_streams_where_the_model_counted_none(usage: object) -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("subscribe", types=["request.changed"])
    app.say("generate", mode="reply", request_id="r1")
    wire = tavern.commands[0]["request_id"]
    for stream in ("s1", "s2"):
        tavern.say("stream.start", stream_id=stream, request_id=wire, kind="reply")
        for seq in (0, 1, 2):
            tavern.say("stream.delta", stream_id=stream, seq=seq, text="a ")
        tavern.say("stream.end", stream_id=stream, seq=3, text="a a a", reason="stop")
    tavern.say("command.done", request_id=wire, ok=True, result={"text": "a a a", "usage": usage})
    assert app.line.of("request.changed")[-1]["request"]["tokens"] == 6


def test_a_long_queue_that_moves_up_is_counted_once_for_all_who_watch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    app, admin = stage.join("app"), stage.join("app", key=stage.key("admin"))
    admin.say("subscribe", types=["request.changed"])
    for number in range(20):
        app.say("chat.send", text=str(number), request_id=f"r{number}")
    counted: list[Request] = []

    def count(_lanes: Lanes, request: Request) -> int:
        counted.append(request)
        return 0

    monkeypatch.setattr(Lanes, "position", count)
    tavern.say("command.done", request_id=tavern.commands[0]["request_id"], ok=True, result={"text": "hi"})
    told = [each["request"] for each in admin.line.of("request.changed")][-18:]
    assert [each["position"] for each in told] == list(range(1, 19))
    assert counted == []
