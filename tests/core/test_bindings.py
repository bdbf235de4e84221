"""Sessions of keys: each has its own chat, its turns go there one after the other, wherever that is."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.errors import AuthError, Conflict, NotFound, Unavailable
from tests.core.stage import Actor, Stage
from tests.core.test_pool import tavern
from tests.core.test_queue import texts


def turn(app: Actor, text: str = "hello", session: str = "mine", **content: Any) -> Any:
    return app.say("chat.send", text=text, session=session, **content)


def done(actor: Actor, chat: str, character: str = "ann-one.png") -> None:
    """The tavern reports its last turn as done, in this chat."""
    actor.say(
        "command.done",
        request_id=actor.commands[-1]["request_id"],
        ok=True,
        result={"text": "hi", "chat_id": chat, "character_id": character},
    )


def bound(stage: Stage) -> list[tuple[Any, ...]]:
    return [
        (each.session, each.tavern_id, each.character, each.chat_id) for each in stage.store.bindings.load()
    ]


def test_the_first_turn_chooses_and_the_others_follow_even_before_it_is_over() -> None:
    stage = Stage()
    one, two = tavern(stage, "one", "Ann"), tavern(stage, "two", "Ann")
    app = stage.join("app")
    turn(app, "first", character="Ann")
    turn(app, "second", character="Ann")
    turn(app, "of another", session="other", character="Ann")
    assert (texts(one), texts(two)) == (["first"], ["of another"])
    assert "chat_id" not in one.commands[0]["args"]
    done(one, "chat 1")
    assert texts(one) == ["first", "second"]
    assert one.commands[1]["args"]["chat_id"] == "chat 1"
    assert bound(stage) == [("mine", "one", "ann-one.png", "chat 1")]
    assert stage.store.bindings.load()[0].used == stage.clock.wall()


def test_a_binding_outlives_the_hub_and_belongs_to_its_key_alone() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann")
    key = stage.key("app", "a")
    turn(stage.join("app", key=key), character="Ann")
    done(one, "chat 1")
    again = Stage()
    again.store.bindings = stage.store.bindings
    again.store.keys = stage.store.keys
    later = Stage.__new__(Stage)
    later.__dict__.update(again.__dict__)
    later.hub = type(again.hub)(
        clock=again.clock, ids=again.ids, store=again.store, journal=again.record, version="0"
    )
    back = tavern(later, "one", "Ann")
    turn(later.join("app", key=key))
    assert back.commands[0]["args"]["chat_id"] == "chat 1"
    turn(later.join("app", key=later.key("app", "b")), session="mine", character="Ann")
    done(back, "chat 1")
    assert "chat_id" not in back.commands[1]["args"]


def test_a_session_is_not_taken_to_another_character_or_tavern() -> None:
    stage = Stage()
    one, two = tavern(stage, "one", "Ann", "Bob"), tavern(stage, "two", "Ann")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    for content in ({"character": "Bob"}, {"tavern": "two"}):
        with pytest.raises(Conflict) as caught:
            turn(app, **content)
        assert caught.value.code == "session_bound"
    turn(app, character="ann-one.png", tavern="one")
    assert (len(one.commands), len(two.commands)) == (2, 0)


def test_a_renamed_character_is_the_same_one_under_its_new_id() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    one.say("characters.changed", characters=[{"id": "anna.png", "name": "Anna"}])
    turn(app, character="Anna")
    assert one.commands[-1]["args"]["character"] == "ann-one.png", "the tavern finds it by its chat"
    done(one, "chat 1", character="anna.png")
    assert bound(stage) == [("mine", "one", "anna.png", "chat 1")]


def test_while_its_tavern_is_away_for_a_moment_a_turn_waits_and_after_that_the_session_says_so() -> None:
    stage = Stage()
    one, two = tavern(stage, "one", "Ann"), tavern(stage, "two", "Ann")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    one.drop()
    assert turn(app, request_id="r")["position"] == 0
    stage.wait(31)
    with pytest.raises(Unavailable) as caught:
        turn(app)
    assert (caught.value.code, caught.value.details["retry_after"]) == ("tavern_gone", 5)
    assert (app.updates("r"), two.commands) == ([], [])
    back = tavern(stage, "one", "Ann")
    assert back.commands[0]["args"]["chat_id"] == "chat 1"


def test_another_tab_of_the_same_sillytavern_takes_a_session_over() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann", server="home")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    two, far = tavern(stage, "two", "Ann", server="home"), tavern(stage, "far", "Ann", server="away")
    turn(app, "running", request_id="running")
    turn(app, "waiting")
    one.drop()
    assert (two.commands, far.commands) == ([], []), "the page may still be working on it"
    stage.wait(31)
    assert app.updates("running")[-1] == "failed"
    assert (texts(two), far.commands) == (["waiting"], [])
    done(two, "chat 1")
    assert bound(stage)[0][1] == "two"


def test_a_key_with_limits_takes_its_sessions_nowhere_else() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann", server="home")
    tavern(stage, "two", "Ann", server="home")
    key, _ = stage.hub.keyring.create("app", "limited", taverns=["one"])
    app = stage.join("app", key=key)
    turn(app, character="Ann")
    done(one, "chat 1")
    one.drop()
    turn(app, request_id="r")
    stage.wait(31)
    assert (app.updates("r"), app.say("session.list")[0]["tavern"]) == ([], None)
    with pytest.raises(Unavailable):
        turn(app)


def test_a_session_moves_at_once_where_nothing_of_it_runs() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann", server="home")
    two = tavern(stage, "two", "Ann", server="home")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    app.say("chat.send", tavern="one", text="of the open chat")
    turn(app, "waiting")
    one.drop()
    assert two.commands[0]["args"]["chat_id"] == "chat 1"


def test_a_tab_at_the_same_address_that_is_another_sillytavern_now_is_not_its_home() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann", server="home")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    one.say("tavern.state", server="somebody else's")
    with pytest.raises(Unavailable, match="No connected tavern has the chat"):
        turn(app)


def test_turns_of_one_session_never_run_at_once_in_two_tabs() -> None:
    stage = Stage(cancel_grace=5.0)
    one = tavern(stage, "one", "Ann", server="home")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    two = tavern(stage, "two", "Ann", server="home")
    turn(app, "stuck", timeout=10)
    turn(app, "next")
    stage.wait(10)
    one.drop()
    assert two.commands == [], "the first tab was told to stop, but has not said that it did"
    stage.wait(5)
    assert texts(two) == ["next"]


def test_a_turn_waits_while_the_person_at_another_tab_generates_in_its_chat() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann", server="home")
    two = tavern(stage, "two", "Ann", server="home")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    open_there = {"server": "home", "character_id": "ann-one.png", "chat_id": "chat 1", "backend": "m"}
    two.say("tavern.state", **open_there, generating=True)
    turn(app, "later")
    assert len(one.commands) == 1
    two.say("tavern.state", **open_there)
    assert texts(one)[-1] == "later"


def test_other_tabs_that_show_the_chat_are_told_to_load_it_again() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann", server="home")
    app = stage.join("app")
    turn(app, character="Ann")
    done(one, "chat 1")
    shows = {"server": "home", "character_id": "ann-one.png", "chat_id": "chat 1"}
    two = tavern(stage, "two", "Ann", **shows)
    tavern(stage, "far", "Ann", **{**shows, "server": "away"})
    args = {"character": "ann-one.png", "chat_id": "chat 1"}
    assert [(each["name"], each["args"]) for each in two.commands] == [("refresh", args)], (
        "it may have come late"
    )
    turn(app)
    assert len(two.commands) == 1
    done(one, "chat 1")
    assert [each["name"] for each in two.commands] == ["refresh", "refresh"]


def test_sessions_are_listed_and_given_up_by_their_key_or_an_admin() -> None:
    stage = Stage()
    one = tavern(stage, "one", "Ann")
    app, other = stage.join("app", key=stage.key("app", "a")), stage.join("app", key=stage.key("app", "b"))
    admin = stage.join("app", key=stage.key("admin", "c"))
    turn(app, character="Ann")
    with pytest.raises(Conflict) as caught:
        app.say("session.forget", session="mine")
    assert caught.value.code == "session_busy"
    done(one, "chat 1")
    (info,) = app.say("session.list")
    assert (info["session"], info["tavern"], info["chat_id"], info["open"]) == ("mine", "one", "chat 1", 0)
    assert other.say("session.list") == []
    assert len(admin.say("session.list")) == 1
    with pytest.raises(AuthError):
        other.say("session.forget", session="mine", key=app.peer.key.id)
    assert other.say("session.forget", session="mine") == {"forgotten": False}
    assert admin.say("session.forget", session="mine", key=app.peer.key.id) == {"forgotten": True}
    assert bound(stage) == []
    turn(app, character="Ann")
    assert "chat_id" not in one.commands[-1]["args"]


def test_a_failed_first_turn_leaves_nothing_behind() -> None:
    stage = Stage()
    one, two = tavern(stage, "one", "Ann"), tavern(stage, "two", "Ann")
    app = stage.join("app")
    turn(app, character="Ann", request_id="r")
    wire = one.commands[0]["request_id"]
    one.say("command.done", request_id=wire, ok=False, error={"code": "no_backend", "message": "none"})
    assert (app.updates("r")[-1], bound(stage)) == ("failed", [])
    turn(app, tavern="two", character="Ann")
    assert len(two.commands) == 1
    with pytest.raises(NotFound):
        turn(app, session="unheard", character="Nobody")
