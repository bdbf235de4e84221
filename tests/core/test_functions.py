"""Functions: offering them, calling them, and every way in which a call can end."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.core.functions.call import Call
from tavernlink.errors import (
    AuthError,
    BadMessage,
    Conflict,
    GenerationError,
    NotFound,
    TavernlinkError,
    Unavailable,
)
from tavernlink.protocol.functions import FunctionSpec, ProviderInfo
from tavernlink.protocol.outcome import Failure, Success
from tests.core.stage import Actor, Stage

DICE = {
    "type": "object",
    "properties": {
        "sides": {"type": "integer", "minimum": 2},
        "rolls": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["sides"],
    "additionalProperties": False,
}


def offer(actor: Actor, name: str = "roll", **spec: Any) -> Any:
    return actor.say("function.register", functions=[{"name": name, **spec}])


def invokes(actor: Actor) -> list[Any]:
    return actor.line.of("function.invoke")


def answer(actor: Actor, result: Any = None, *, number: int = -1, **done: Any) -> None:
    said = {"ok": True, "result": result} | done
    actor.say("function.done", call_id=invokes(actor)[number]["call_id"], **said)


def results(actor: Actor) -> list[Any]:
    return actor.line.of("function.result")


def error_of(outcomes: list[Success | Failure]) -> TavernlinkError:
    (outcome,) = outcomes
    assert isinstance(outcome, Failure)
    return outcome.error.to_error()


class Inside:
    """A provider inside the process that answers when the test says so."""

    def __init__(self, kind: Any = "hub", name: str = "hub") -> None:
        self.info = ProviderInfo(kind=kind, id=name, name=name)
        self.calls: list[Call] = []
        self.cancelled: list[Call] = []

    def invoke(self, call: Call) -> None:
        self.calls.append(call)

    def cancel(self, call: Call) -> None:
        self.cancelled.append(call)


# Right results


def test_an_apps_function_is_called_by_another_app() -> None:
    stage = Stage()
    bot, game = stage.join("app", name="Dice bot", id="bot"), stage.join("app", name="Game", id="game")
    assert offer(bot, parameters=DICE) == ["app:bot/roll"]
    accepted = game.say("function.call", name="roll", args={"sides": 6}, call_id="c-1")
    assert accepted == {"call_id": "c-1", "state": "running", "function": "app:bot/roll"}
    (invoke,) = invokes(bot)
    assert invoke["name"] == "roll"
    assert invoke["args"] == {"sides": 6}
    assert invoke["caller"] == {"kind": "app", "id": "game", "name": "Game", "role": "app", "taverns": None}
    assert invoke["timeout"] == 60.0
    assert results(game) == []
    answer(bot, [4])
    answer(bot, [5])  # a second outcome is ignored
    assert results(game) == [{"call_id": "c-1", "ok": True, "result": [4]}]


def test_a_taverns_function_is_called_by_an_app() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t-1", name="Living room"), stage.join("app")
    assert offer(tavern, "lamp.on") == ["tavern:t-1/lamp.on"]
    for words in (
        {"name": "lamp.on"},
        {"name": "Living room/lamp.on"},
        {"name": "lamp.on", "provider": "t-1"},
    ):
        app.say("function.call", **words)
        answer(tavern, True)
    assert [each["result"] for each in results(app)] == [True, True, True]


def test_a_hubs_function_is_called_by_a_tavern_that_waits_for_it() -> None:
    stage = Stage()
    hub = Inside()
    assert stage.hub.functions.provide(hub, [FunctionSpec(name="time")]) == ["hub/time"]
    tavern = stage.join("tavern", id="t-1")
    outcomes = tavern.later("function.call", name="time", wait=True)
    assert outcomes == []
    (call,) = hub.calls
    assert (call.caller.kind, call.caller.id) == ("tavern", "t-1")
    call.done({"hour": 12})
    (outcome,) = outcomes
    assert isinstance(outcome, Success)
    assert outcome.result.result == {"hour": 12}
    assert results(tavern) == []  # the ack was the result


def test_progress_reaches_whoever_waits_under_the_callers_own_id() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot)
    game.say("function.call", name="roll", call_id="c-1")
    game.later("function.call", name="roll", call_id="c-2", wait=True)
    for number, share in ((0, 0.5), (1, 0.25)):
        bot.say("function.progress", call_id=invokes(bot)[number]["call_id"], progress=share, message="…")
    assert game.line.of("function.progress") == [
        {"call_id": "c-1", "progress": 0.5, "message": "…"},
        {"call_id": "c-2", "progress": 0.25, "message": "…"},
    ]
    answer(bot, number=0)
    bot.say("function.progress", call_id=invokes(bot)[0]["call_id"], progress=0.9)
    assert len(game.line.of("function.progress")) == 2  # over is over


# What can go wrong before it begins


def test_an_unknown_function_is_said_to_be_unknown() -> None:
    app = Stage().join("app")
    with pytest.raises(NotFound, match="No function 'roll'") as caught:
        app.say("function.call", name="roll")
    assert caught.value.code == "unknown_function"
    with pytest.raises(NotFound, match="by 'Dice bot'"):
        app.say("function.call", name="Dice bot/roll")


@pytest.mark.parametrize(
    ("args", "path", "keyword"),
    [
        ({}, "$.args.sides", "required"),
        ({"sides": "six"}, "$.args.sides", "type"),
        ({"sides": 1}, "$.args.sides", "minimum"),
        ({"sides": 6, "rolls": [1, 2, "x"]}, "$.args.rolls[2]", "type"),
        ({"sides": 6, "colour": "red"}, "$.args.colour", "additionalProperties"),
    ],
)
def test_wrong_arguments_are_refused_with_the_path_to_them(
    args: dict[str, Any], path: str, keyword: str
) -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, parameters=DICE)
    with pytest.raises(BadMessage) as caught:
        game.say("function.call", name="roll", args=args)
    assert caught.value.code == "invalid_arguments"
    assert caught.value.details["path"] == path
    assert caught.value.details["keyword"] == keyword
    assert f"(at {path})" in caught.value.message
    assert invokes(bot) == []


def test_a_key_without_the_functions_scope_is_refused() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, "erase", scopes=["control"])
    narrow, _ = stage.hub.keyring.create("app", "narrow", scopes=("functions:call",))
    caller = stage.join("app", key=narrow)
    with pytest.raises(AuthError, match="lacks the scope control") as caught:
        caller.say("function.call", name="erase")
    assert caught.value.code == "forbidden"
    assert caller.say("function.list") == []
    assert [each["address"] for each in game.say("function.list")] == [f"app:{bot.peer.id}/erase"]
    reader = stage.join("app", key=stage.hub.keyring.create("viewer", "reader")[0])
    with pytest.raises(AuthError, match=r"may not send 'function\.call'"):
        reader.say("function.call", name="erase")
    with pytest.raises(AuthError, match=r"may not send 'function\.register'"):
        offer(reader)


def test_what_is_too_large_is_refused_on_the_way_in_and_on_the_way_back() -> None:
    stage = Stage(function_bytes=200)
    bot, game = stage.join("app"), stage.join("app")
    offer(bot)
    with pytest.raises(BadMessage, match="200 are the limit") as caught:
        game.say("function.call", name="roll", args={"text": "x" * 300})
    assert caught.value.code == "too_large"
    game.say("function.call", name="roll")
    answer(bot, "x" * 300)
    assert results(game)[0]["error"]["code"] == "too_large"


def test_an_id_that_was_used_before_finds_the_same_call() -> None:
    stage = Stage()
    bot, game, twin = stage.join("app"), stage.join("app"), stage.join("app")
    twin.peer.key = game.peer.key
    offer(bot)
    assert game.say("function.call", name="roll", args={"a": 1}, call_id="c-1")["state"] == "running"
    assert game.say("function.call", name="roll", args={"a": 1}, call_id="c-1")["state"] == "running"
    twin.say("function.call", name="roll", args={"a": 1}, call_id="c-1")
    with pytest.raises(Conflict) as caught:
        game.say("function.call", name="roll", args={"a": 2}, call_id="c-1")
    assert caught.value.code == "call_id_in_use"
    answer(bot, 3)
    assert len(invokes(bot)) == 1
    late = stage.join("app", key=game.peer.key)
    assert late.say("function.call", name="roll", args={"a": 1}, call_id="c-1")["state"] == "done"
    waited = late.say("function.call", name="roll", args={"a": 1}, call_id="c-1", wait=True)
    assert waited == {"call_id": "c-1", "state": "done", "function": f"app:{bot.peer.id}/roll", "result": 3}
    for each in (game, twin, late):
        assert results(each) == [{"call_id": "c-1", "ok": True, "result": 3}]  # once, however often it asked
    other = stage.join("app")  # under another key it is another call
    assert other.say("function.call", name="roll", args={"a": 2}, call_id="c-1")["state"] == "running"
    stage.wait(700)
    assert late.say("function.call", name="roll", args={"a": 1}, call_id="c-1")["state"] == "running"


def test_a_busy_function_lets_some_calls_wait_and_refuses_the_others() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, concurrency=1, queue=1)
    assert game.say("function.call", name="roll", call_id="c-1")["state"] == "running"
    assert game.say("function.call", name="roll", call_id="c-2")["state"] == "queued"
    with pytest.raises(Unavailable) as caught:
        game.say("function.call", name="roll", call_id="c-3")
    assert caught.value.code == "busy"
    assert len(invokes(bot)) == 1
    answer(bot, 1)
    assert len(invokes(bot)) == 2
    answer(bot, 2)
    assert [(each["call_id"], each["result"]) for each in results(game)] == [("c-1", 1), ("c-2", 2)]


def test_a_key_may_have_so_many_calls_open_and_no_more() -> None:
    stage = Stage(key_calls=2)
    bot, game = stage.join("app"), stage.join("app")
    offer(bot)
    for _ in range(2):
        game.say("function.call", name="roll")
    with pytest.raises(Unavailable) as caught:
        game.say("function.call", name="roll")
    assert caught.value.code == "quota"
    answer(bot)
    game.say("function.call", name="roll")


def test_functions_that_call_each_other_in_a_circle_are_stopped() -> None:
    stage = Stage(call_depth=4)
    bot = stage.join("app")
    offer(bot)
    bot.say("function.call", name="roll")
    for _ in range(3):
        bot.say("function.call", name="roll", parent=invokes(bot)[-1]["call_id"])
    with pytest.raises(Conflict, match="in a circle") as caught:
        bot.say("function.call", name="roll", parent=invokes(bot)[-1]["call_id"])
    assert caught.value.code == "call_loop"
    inner = invokes(bot)[-1]["call_id"]
    answer(bot)
    with pytest.raises(Conflict):  # ended or not, it was that deep
        bot.say("function.call", name="roll", parent=inner)


# What can go wrong while it runs


def test_a_call_that_takes_too_long_fails_and_its_provider_is_told() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, concurrency=1)
    game.say("function.call", name="roll", call_id="c-1", timeout=5)
    game.say("function.call", name="roll", call_id="c-2")
    stage.wait(4.9)
    assert results(game) == []
    stage.wait(0.2)
    (result,) = results(game)
    assert (result["call_id"], result["ok"]) == ("c-1", False)
    assert result["error"]["code"] == "timeout"
    assert "within 5 seconds" in result["error"]["message"]
    assert bot.line.of("function.cancel") == [{"call_id": invokes(bot)[0]["call_id"]}]
    assert len(invokes(bot)) == 1  # its place is still taken: who knows what the provider does
    stage.wait(5.1)
    assert len(invokes(bot)) == 2  # it said nothing for too long
    answer(bot, 9, number=0)
    assert len(results(game)) == 1


def test_a_call_that_waits_too_long_never_begins() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, concurrency=1, timeout=10)
    game.say("function.call", name="roll", call_id="c-1")
    game.say("function.call", name="roll", call_id="c-2", timeout=2)
    stage.wait(3)
    assert [each["call_id"] for each in results(game)] == ["c-2"]
    answer(bot)
    assert len(invokes(bot)) == 1
    assert len(bot.line.of("function.cancel")) == 0


def test_a_caller_cannot_wait_longer_than_the_function_allows() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, "short", timeout=3)
    offer(bot, "open")
    game.say("function.call", name="short", timeout=500)
    game.say("function.call", name="open", timeout=500)
    assert [each["timeout"] for each in invokes(bot)] == [3.0, 500.0]


def test_a_cancelled_call_is_over_at_once() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, concurrency=1)
    game.say("function.call", name="roll", call_id="c-1")
    game.say("function.call", name="roll", call_id="c-2")
    assert game.say("function.cancel", call_id="c-2") == {"state": "done"}
    assert game.say("function.cancel", call_id="c-1") == {"state": "done"}
    assert game.say("function.cancel", call_id="c-1") == {"state": "done"}
    assert [(each["call_id"], each["error"]["code"]) for each in results(game)] == [
        ("c-2", "cancelled"),
        ("c-1", "cancelled"),
    ]
    assert len(bot.line.of("function.cancel")) == 1
    stranger = stage.join("app")
    with pytest.raises(NotFound) as caught:
        stranger.say("function.cancel", call_id="c-1")
    assert caught.value.code == "unknown_call"


def test_a_provider_that_goes_away_takes_its_calls_with_it_after_its_grace() -> None:
    stage = Stage(app_session=30)
    bot, game = stage.join("app", id="bot"), stage.join("app", id="game")
    offer(bot, concurrency=1)
    game.say("function.call", name="roll", call_id="c-1")
    game.say("function.call", name="roll", call_id="c-2")
    bot.drop()
    assert game.say("function.list")[0]["provider"]["online"] is False
    stage.wait(29)
    assert results(game) == []
    stage.wait(2)
    assert [each["error"]["code"] for each in results(game)] == ["provider_gone", "provider_gone"]
    with pytest.raises(NotFound):
        game.say("function.call", name="roll")


def test_a_provider_that_comes_back_in_time_gets_what_was_called_meanwhile() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot)
    heard = len(bot.line.events)
    bot.drop()
    game.say("function.call", name="roll", args={"n": 1})
    back = bot.back(bot.peer.session.sent)
    assert heard
    assert [each["args"] for each in invokes(back)] == [{"n": 1}]
    answer(back, 1)
    assert results(game)[0]["result"] == 1


def test_a_function_that_is_taken_back_fails_its_calls() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot)
    offer(bot, "other")
    game.say("function.call", name="roll")
    game.say("function.call", name="other")
    assert bot.say("function.unregister", names=["roll", "nothing"]) == {"removed": 1}
    assert [each["error"]["code"] for each in results(game)] == ["provider_gone"]
    answer(bot, "still here")
    assert results(game)[1]["result"] == "still here"


def test_an_exception_comes_back_with_its_own_code_and_words() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot)
    game.say("function.call", name="roll")
    answer(bot, ok=False, error={"code": "function_failed", "message": "ValueError: no such die"})
    outcomes = game.later("function.call", name="roll", wait=True)
    answer(bot, ok=False, error={"code": "dice_lost", "message": "Under the sofa."})
    game.say("function.call", name="roll")
    answer(bot, ok=False)
    first, third = results(game)
    assert first["error"] == {"code": "function_failed", "message": "ValueError: no such die"}
    assert error_of(outcomes).code == "dice_lost"
    assert third["error"]["code"] == "function_failed"


def test_a_result_that_does_not_fit_the_functions_own_schema_is_an_error() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, returns={"type": "object", "properties": {"eyes": {"type": "integer"}}, "required": ["eyes"]})
    game.say("function.call", name="roll")
    answer(bot, {"eyes": "three"})
    (result,) = results(game)
    assert result["error"]["code"] == "invalid_result"
    assert result["error"]["details"]["path"] == "$.eyes"


def test_only_the_provider_can_say_how_a_call_ended() -> None:
    stage = Stage()
    bot, game, stranger = stage.join("app"), stage.join("app"), stage.join("app")
    offer(bot)
    game.say("function.call", name="roll")
    stranger.say("function.done", call_id=invokes(bot)[0]["call_id"], ok=True, result="mine")
    stranger.say("function.progress", call_id=invokes(bot)[0]["call_id"], progress=1)
    assert results(game) == []
    assert game.line.of("function.progress") == []


def test_a_provider_inside_that_breaks_costs_its_call_and_no_more() -> None:
    class Broken(Inside):
        def invoke(self, call: Call) -> None:
            raise RuntimeError("on fire")

        def cancel(self, call: Call) -> None:
            raise RuntimeError("on fire")

    stage = Stage()
    stage.hub.functions.provide(Broken(), [FunctionSpec(name="burn")])
    game = stage.join("app")
    outcomes = game.later("function.call", name="burn", wait=True)
    assert error_of(outcomes).code == "internal"
    assert any(name == "call.not_started" for name, _ in stage.happenings)


# The caller goes away


def test_a_result_waits_for_a_caller_whose_line_dropped() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot)
    game.say("function.call", name="roll", call_id="c-1")
    game.drop()
    answer(bot, 6)
    back = game.back(game.peer.session.sent)
    assert results(back) == [{"call_id": "c-1", "ok": True, "result": 6}]


def test_a_result_waits_in_the_inbox_of_an_app_that_comes_back_in_a_new_session() -> None:
    stage = Stage(app_session=10)
    bot, game = stage.join("app"), stage.join("app", id="game")
    offer(bot, timeout=1_000)
    game.say("function.call", name="roll", call_id="c-1")
    game.drop()
    stage.wait(20)
    answer(bot, 6)
    again = stage.join("app", id="game", key=game.peer.key)
    (letter,) = again.line.of("inbox.message")
    assert letter["type"] == "function.result"
    assert letter["content"] == {"call_id": "c-1", "ok": True, "result": 6}


# Order, and calls within calls


def test_calls_of_a_tavern_run_one_after_another_in_the_order_in_which_they_came() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t-1"), stage.join("app")
    tavern.say(
        "function.register",
        functions=[{"name": "one"}, {"name": "two"}, {"name": "beside", "concurrency": 4}],
    )
    for name in ("one", "two", "beside", "one"):
        app.say("function.call", name=name)
    assert [each["name"] for each in invokes(tavern)] == ["one", "beside"]
    answer(tavern, number=0)
    assert [each["name"] for each in invokes(tavern)] == ["one", "beside", "two"]
    answer(tavern, number=2)
    assert [each["name"] for each in invokes(tavern)] == ["one", "beside", "two", "one"]


def test_a_taverns_function_may_call_another_one_of_the_same_tavern() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t-1"), stage.join("app")
    tavern.say("function.register", functions=[{"name": "outer"}, {"name": "inner"}])
    app.say("function.call", name="outer")
    tavern.say("function.call", name="inner", parent=invokes(tavern)[0]["call_id"])
    assert [each["name"] for each in invokes(tavern)] == [
        "outer",
        "inner",
    ]  # it would wait for itself for ever
    answer(tavern, 1)
    assert results(tavern)[0]["result"] == 1
    app.say("function.call", name="inner")
    assert len(invokes(tavern)) == 2
    answer(tavern, 2, number=0)
    assert len(invokes(tavern)) == 3


# Names


def test_the_hubs_own_function_goes_before_others_of_the_same_name() -> None:
    stage = Stage()
    hub, mcp = Inside(), Inside("mcp", "files")
    bot, game = stage.join("app", id="bot"), stage.join("app")
    offer(bot, "read")
    stage.hub.functions.provide(mcp, [FunctionSpec(name="read")])
    assert game.say("function.call", name="read")["function"] == "mcp:files/read"
    stage.hub.functions.provide(hub, [FunctionSpec(name="read")])
    assert game.say("function.call", name="read")["function"] == "hub/read"
    for words, address in (
        ("hub/read", "hub/read"),
        ("files/read", "mcp:files/read"),
        ("mcp:files/read", "mcp:files/read"),
        ("bot/read", "app:bot/read"),
        ("app:bot/read", "app:bot/read"),
        (f"{bot.peer.member_id}/read", "app:bot/read"),
    ):
        assert game.say("function.call", name=words)["function"] == address


def test_a_name_that_several_programs_offer_is_ambiguous_and_an_address_is_not() -> None:
    stage = Stage()
    ann, bob, game = (stage.join("app", id=name, name=name) for name in ("ann", "bob", "game"))
    offer(ann)
    offer(bob)
    with pytest.raises(Conflict) as caught:
        game.say("function.call", name="roll")
    assert caught.value.code == "ambiguous_function"
    first, second = caught.value.details["addresses"]
    for address in (first, second, "bob/roll"):
        game.say("function.call", name=address)
    ann.drop()  # who is there goes before who is away
    assert game.say("function.call", name="roll")["function"] == "app:bob/roll"


def test_instances_of_one_program_share_its_calls() -> None:
    stage = Stage()
    key = stage.key("app", "workers")
    one, two = (stage.join("app", key=key, name="worker") for _ in range(2))
    game = stage.join("app")
    for each in (one, two):
        offer(each)
    for _ in range(4):
        game.say("function.call", name="roll")
    assert (len(invokes(one)), len(invokes(two))) == (2, 2)


def test_of_several_taverns_the_caller_itself_goes_first_then_the_default_one() -> None:
    stage = Stage()
    first, second = stage.join("tavern", id="t-1"), stage.join("tavern", id="t-2")
    second.peer.key = first.peer.key
    app = stage.join("app")
    for each in (first, second):
        offer(each, "lamp")
    assert app.say("function.call", name="lamp")["function"] == "tavern:t-1/lamp"
    assert second.say("function.call", name="lamp")["function"] == "tavern:t-2/lamp"


def test_taverns_outside_a_keys_limits_are_not_there_for_it() -> None:
    stage = Stage()
    tavern = stage.join("tavern", id="t-1", name="Attic")
    offer(tavern, "lamp")
    key, _ = stage.hub.keyring.create("app", "narrow", taverns=("Cellar",))
    app = stage.join("app", key=key)
    assert app.say("function.list") == []
    with pytest.raises(NotFound):
        app.say("function.call", name="tavern:t-1/lamp")


# Offering


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        ({"parameters": {"type": "objekt"}}, "invalid_schema", "$.functions[0].parameters.type"),
        ({"parameters": {"type": "array"}}, "invalid_schema", "$.functions[0].parameters.type"),
        ({"parameters": {"$ref": "http://example.org/x"}}, "invalid_schema", "$.functions[0].parameters"),
        ({"returns": {"type": 7}}, "invalid_schema", "$.functions[0].returns.type"),
        ({"scopes": ["everything"]}, "invalid_message", "$.functions[0].scopes"),
        ({"timeout": 0}, "invalid_message", "$.functions[0].timeout"),
    ],
)
def test_a_function_that_cannot_be_is_refused_with_the_place(
    spec: dict[str, Any], code: str, path: str
) -> None:
    app = Stage().join("app")
    with pytest.raises(BadMessage) as caught:
        app.say("function.register", functions=[{"name": "roll", **spec}])
    assert caught.value.code == code
    assert caught.value.details["path"] == path


def test_names_and_numbers_of_functions_have_limits() -> None:
    stage = Stage(functions=3)
    app = stage.join("app")
    for name in ("a b", "a/b", "", "x" * 129):
        with pytest.raises(BadMessage):
            offer(app, name)
    for name in ("one", "two", "three", "one"):
        offer(app, name)
    with pytest.raises(BadMessage, match="may offer 3 functions"):
        offer(app, "four")
    with pytest.raises(BadMessage, match="same name"):
        app.say("function.register", functions=[{"name": "one"}, {"name": "one"}])
    with pytest.raises(Conflict, match="command of SillyTavern"):
        offer(app, "swipe.next")


def test_a_function_offered_again_is_replaced_and_its_calls_go_on() -> None:
    stage = Stage()
    bot, game = stage.join("app"), stage.join("app")
    offer(bot, concurrency=1)
    game.say("function.call", name="roll")
    offer(bot, concurrency=2, parameters=DICE)
    with pytest.raises(BadMessage):
        game.say("function.call", name="roll")
    assert game.say("function.call", name="roll", args={"sides": 6})["state"] == "running"
    assert game.say("function.call", name="roll", args={"sides": 6})["state"] == "queued"
    answer(bot, "old", number=0)
    assert results(game)[0]["result"] == "old"
    assert len(invokes(bot)) == 3


def test_taverns_and_subscribers_hear_which_functions_come_change_and_go() -> None:
    stage = Stage()
    tavern, watcher, deaf = stage.join("tavern", id="t-1"), stage.join("app"), stage.join("app")
    watcher.say("subscribe", tavern="*", types=["functions.changed"])
    bot = stage.join("app", id="bot")
    offer(bot, tool=True)
    offer(bot, tool=True)  # nothing new
    offer(bot, tool=True, description="Rolls.")
    bot.say("function.unregister")
    for each in (tavern, watcher):
        first, second, third = each.line.of("functions.changed")
        assert [one["address"] for one in first["functions"]] == ["app:bot/roll"]
        assert first["functions"][0]["tool"] is True
        assert second["functions"][0]["description"] == "Rolls."
        assert third == {"removed": ["app:bot/roll"]}
    assert deaf.line.of("functions.changed") == []


def test_a_list_can_be_narrowed_to_tools_and_to_a_provider() -> None:
    stage = Stage()
    bot, app = stage.join("app", id="bot", name="Dice bot"), stage.join("app")
    stage.hub.functions.provide(Inside(), [FunctionSpec(name="time", tool=True)])
    offer(bot)

    def names(**query: Any) -> list[str]:
        return [each["address"] for each in app.say("function.list", **query)]

    assert names() == ["app:bot/roll", "hub/time"]
    assert names(tool=True) == ["hub/time"]
    assert names(tool=False) == ["app:bot/roll"]
    assert names(provider="Dice bot") == ["app:bot/roll"]
    assert names(provider="hub") == ["hub/time"]


def test_what_a_provider_inside_offers_is_set_as_a_whole_and_withdrawn_as_a_whole() -> None:
    stage = Stage()
    hub, app = Inside(), stage.join("app")
    functions = stage.hub.functions
    functions.provide(hub, [FunctionSpec(name="one"), FunctionSpec(name="two")])
    with pytest.raises(BadMessage):
        functions.provide(hub, [FunctionSpec(name="three"), FunctionSpec(name="bad", parameters={"type": 1})])
    assert [each["name"] for each in app.say("function.list")] == ["one", "two"]
    functions.provide(hub, [FunctionSpec(name="two"), FunctionSpec(name="three")])
    assert [each["name"] for each in app.say("function.list")] == ["three", "two"]
    app.say("function.call", name="two")
    functions.withdraw(hub)
    assert results(app)[0]["error"]["code"] == "provider_gone"
    assert app.say("function.list") == []


# The audit log


def test_every_call_stands_in_the_audit_log_and_many_are_counted() -> None:
    stage = Stage()
    bot, game = stage.join("app", id="bot"), stage.join("app", name="Game")
    offer(bot)
    for number in range(25):
        game.say("function.call", name="roll", call_id=f"c-{number}")
        answer(bot, ok=number % 2 == 0)
    stage.wait(61)
    entries = [each for each in stage.store.audit.load() if each.action == "function.called"]
    assert [each.facts.get("call") for each in entries] == [*(f"c-{number}" for number in range(10)), None]
    assert entries[1].facts["error"] == "function_failed"
    assert entries[1].facts["caller"] == "Game"
    assert entries[1].target == "app:bot/roll"
    assert (entries[-1].facts["calls"], entries[-1].facts["failed"]) == (15, 7)


def test_answers_do_not_count_against_a_providers_rate() -> None:
    stage = Stage(app_rate=1.0, app_burst=5)
    bot = stage.join("app")
    hub_side = stage.join("tavern")
    offer(bot)
    for number in range(50):
        hub_side.say("function.call", name="roll")
        answer(bot, number)
    assert len(results(hub_side)) == 50
    with pytest.raises(BadMessage, match="Too many"):
        for _ in range(10):
            bot.say("function.done", call_id="f-nobody-asked", ok=True)


# Commands


def test_a_taverns_commands_can_be_called_as_functions() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t-1", name="Attic"), stage.join("app", name="Game")
    tavern.peer.commands = frozenset({"swipe.next"})  # type: ignore[attr-defined]
    names = [each["address"] for each in app.say("function.list", provider="Attic")]
    assert names == ["tavern:t-1/swipe.next"]
    assert app.say("function.list") == []
    app.say("function.call", name="swipe.next", call_id="c-1")
    (command,) = tavern.commands
    assert command["name"] == "swipe.next"
    tavern.say("command.done", request_id=command["request_id"], ok=True, result={"index": 1})
    assert results(app) == [{"call_id": "c-1", "ok": True, "result": {"index": 1}}]
    assert app.line.of("request.update") == []


def test_a_command_that_fails_is_cancelled_or_unknown_says_so() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t-1"), stage.join("app")
    tavern.peer.commands = frozenset({"swipe.next"})  # type: ignore[attr-defined]
    app.say("function.call", name="tavern:t-1/swipe.next", call_id="c-1")
    wrong = {"code": "no_message", "message": "There is none."}
    tavern.say("command.done", request_id=tavern.commands[0]["request_id"], ok=False, error=wrong)
    app.say("function.call", name="swipe.next", call_id="c-2")
    app.say("function.cancel", call_id="c-2")
    assert tavern.line.of("command.cancel") == [{"request_id": tavern.commands[1]["request_id"]}]
    app.say("function.call", name="message.list", call_id="c-3")
    codes = [each["error"]["code"] for each in results(app)]
    assert codes == ["no_message", "cancelled", "unknown_command"]
    with pytest.raises(BadMessage) as caught:
        app.say("function.call", name="swipe.next", args={"message": "x"})
    assert caught.value.code == "invalid_arguments"
    with pytest.raises(NotFound):
        app.say("function.call", name="nowhere/swipe.next")


# Rules


def test_a_rule_calls_a_function_with_parts_of_the_message() -> None:
    stage = Stage()
    hub, admin = Inside(), stage.join("app", key=stage.key("admin", "boss"))
    stage.hub.functions.provide(
        hub, [FunctionSpec(name="notify", parameters={"type": "object", "required": ["text"]})]
    )
    ann, bob = stage.join("app", id="ann", name="Ann"), stage.join("app", id="bob")
    route = {
        "id": "tell",
        "types": ["x.say"],
        "when": 'content.text.contains("!")',
        "action": "call",
        "function": "hub/notify",
        "args": {
            "text": "$content.text",
            "from": {"name": "$source.name"},
            "price": "$$5",
            "no": ["$content.x.0"],
        },
    }
    admin.say("route.put", **route)
    ann.say("x.say", to={"peer": "bob"}, content={"text": "calm"})
    ann.say("x.say", to={"peer": "bob"}, content={"text": "hey!"})
    (call,) = hub.calls
    assert call.args == {"text": "hey!", "from": {"name": "Ann"}, "price": "$5", "no": [None]}
    assert (call.caller.kind, call.caller.id) == ("rule", "tell")
    assert [each["content"]["text"] for each in bob.line.of("x.say")] == ["calm", "hey!"]  # they went on

    def problem() -> Any:
        (info,) = admin.say("route.list")
        return info["matched"], info["problem"]

    assert problem() == (1, None)
    call.fail(GenerationError("function_failed", "No lamp."))
    assert problem() == (1, "No lamp.")
    admin.say("route.put", **{**route, "args": {}})
    ann.say("x.say", to={"peer": "bob"}, content={"text": "hey!"})
    assert "required property" in problem()[1]
    admin.say("route.put", **{**route, "function": "gone"})
    ann.say("x.say", to={"peer": "bob"}, content={"text": "hey!"})
    assert "No function 'gone'" in problem()[1]
    assert len(bob.line.of("x.say")) == 4
    for wrong in ({"function": None}, {"action": "drop"}):
        with pytest.raises(BadMessage):
            admin.say("route.put", **{**route, **wrong})


def test_a_rule_calls_a_function_for_what_taverns_publish_and_apps_send() -> None:
    stage = Stage()
    hub, admin = Inside(), stage.join("app", key=stage.key("admin", "boss"))
    stage.hub.functions.provide(hub, [FunctionSpec(name="note")])
    tavern, app = stage.join("tavern", id="t-1"), stage.join("app")
    admin.say(
        "route.put", types=["event.*", "chat.send"], action="call", function="note", args={"type": "$type"}
    )
    tavern.say("event", name="message_sent", args=[1])
    app.say("chat.send", text="hello", tavern="t-1")
    assert [call.args["type"] for call in hub.calls] == ["event.message_sent", "chat.send"]
    assert len(tavern.commands) == 1
