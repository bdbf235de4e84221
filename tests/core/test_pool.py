"""Where requests go that name no tavern."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.errors import AuthError, NotFound, Unavailable
from tests.core.stage import Actor, Stage
from tests.core.test_queue import finish, texts


def tavern(stage: Stage, id_: str, *characters: str, **state: Any) -> Actor:
    actor = stage.join("tavern", id=id_, name=id_, key=stage.key("tavern", id_))
    actor.say(
        "characters.changed",
        characters=[{"id": f"{name.lower()}-{id_}.png", "name": name} for name in characters],
    )
    actor.say("tavern.state", **{"backend": "openai/m", **state})
    return actor


def ask(app: Actor, **content: Any) -> Any:
    return app.say(
        "generate", **{"mode": "detached", "messages": [{"role": "user", "content": "hi"}], **content}
    )


def test_the_least_loaded_tavern_that_has_the_character_gets_it_under_its_own_id() -> None:
    stage = Stage(detached=4)
    one, two, three = tavern(stage, "one", "Ann"), tavern(stage, "two", "Ann"), tavern(stage, "three", "Bob")
    app = stage.join("app")
    for _ in range(4):
        ask(app, character="Ann")
    assert (len(one.commands), len(two.commands), len(three.commands)) == (2, 2, 0)
    assert {command["args"]["character"] for command in two.commands} == {"ann-two.png"}
    ask(app, tavern="*")
    assert len(three.commands) == 1
    with pytest.raises(NotFound) as caught:
        ask(app, character="Nobody")
    assert caught.value.code == "unknown_character"


def test_without_any_word_it_is_the_default_tavern_as_ever() -> None:
    stage = Stage()
    one, two = tavern(stage, "one", "Ann"), tavern(stage, "two", "Ann")
    app = stage.join("app")
    for _ in range(3):
        ask(app)
    assert (len(one.commands), len(two.commands)) == (3, 0)


def test_a_tavern_that_cannot_generate_or_where_the_person_does_stands_behind_the_others() -> None:
    stage = Stage(detached=1)
    tavern(stage, "none", "Ann", backend=None)
    typing = tavern(stage, "typing", "Ann", generating=True)
    free = tavern(stage, "free", "Ann")
    app = stage.join("app")
    ask(app, character="Ann")
    assert (len(typing.commands), len(free.commands)) == (0, 1)


def test_a_key_with_limits_has_a_pool_of_its_own() -> None:
    stage = Stage()
    one, two = tavern(stage, "one", "Ann"), tavern(stage, "two", "Ann")
    key, _ = stage.hub.keyring.create("app", "limited", taverns=["two"])
    app = stage.join("app", key=key)
    for _ in range(3):
        ask(app, tavern="any", character="Ann")
    assert (len(one.commands), len(two.commands)) == (0, 3)
    two.drop()
    assert len(one.commands) == 0


def test_what_waits_goes_to_the_tavern_that_is_free_first() -> None:
    stage = Stage()
    one, two = tavern(stage, "one"), tavern(stage, "two")
    app = stage.join("app")
    for number in range(4):
        app.say("chat.send", tavern="any", text=str(number), request_id=f"r{number}")
    assert (texts(one), texts(two)) == (["0"], ["1"])
    finish(two)
    finish(two)
    assert (texts(one), texts(two)) == (["0"], ["1", "3", "2"])
    assert app.say("request.get", request_id="r2")["tavern"] == "two"


def test_what_waits_moves_at_once_when_its_tavern_drops_and_what_was_named_waits() -> None:
    stage = Stage()
    one, two = tavern(stage, "one"), tavern(stage, "two")
    app = stage.join("app")
    app.say("chat.send", tavern="one", text="running")
    app.say("chat.send", tavern="two", text="running")
    app.say("chat.send", tavern="any", text="wherever")
    app.say("chat.send", tavern="one", text="there only")
    one.drop()
    finish(two)
    assert texts(two) == ["running", "wherever"]
    assert texts(one) == ["running"]


def lost(streamed: bool, **content: Any) -> tuple[Stage, Actor, Actor, Actor]:
    """A detached generation whose tavern reloads its page half-way."""
    stage = Stage()
    one, app = tavern(stage, "one", "Ann"), stage.join("app")
    ask(app, request_id="r", **content)
    two = tavern(stage, "two", "Ann")
    wire = one.commands[0]["request_id"]
    one.say("stream.start", stream_id="s", kind="detached", request_id=wire)
    if streamed:
        one.say("stream.delta", stream_id="s", seq=1, text="half")
    one.drop()
    stage.wait(31)
    return stage, one, two, app


def test_a_tavern_lost_before_the_first_word_is_replaced_by_another_once() -> None:
    stage, _, two, app = lost(streamed=False, character="Ann")
    assert app.updates("r") == ["running", "queued", "running"]
    (command,) = two.commands
    assert command["args"]["character"] == "ann-two.png"
    tavern(stage, "three", "Ann")
    two.drop()
    stage.wait(31)
    assert app.updates("r")[-1] == "failed"
    assert app.line.of("request.update")[-1]["error"]["code"] == "tavern_gone"


def test_after_the_first_word_or_where_a_tavern_was_named_it_fails() -> None:
    for streamed, content in ((True, {"character": "Ann"}), (False, {"tavern": "one"})):
        _, _, two, app = lost(streamed=streamed, **content)
        assert (two.commands, app.updates("r")) == ([], ["running", "failed"])


def test_a_lost_generation_that_was_cancelled_or_shows_in_a_chat_is_not_done_again() -> None:
    stage = Stage()
    one, app = tavern(stage, "one", "Ann"), stage.join("app")
    app.say("chat.send", tavern="any", text="hello", request_id="visible")
    ask(app, character="Ann", request_id="cancelled")
    two = tavern(stage, "two", "Ann")
    app.say("request.cancel", request_id="cancelled")
    one.drop()
    stage.wait(31)
    assert two.commands == []
    assert (app.updates("visible")[-1], app.updates("cancelled")[-1]) == ("failed", "cancelled")


def test_a_pin_goes_before_the_policy_while_its_tavern_is_there() -> None:
    stage = Stage()
    one, two = tavern(stage, "one", "Ann", "Bob"), tavern(stage, "two", "Ann", "Bob")
    app, admin = stage.join("app"), stage.join("app", key=stage.key("admin", "admin"))
    with pytest.raises(AuthError):
        app.say("pool.pin", character="Ann", tavern="two")
    with pytest.raises(NotFound):
        admin.say("pool.pin", character="Ann", tavern="nowhere")
    info = admin.say("pool.pin", character="Ann", tavern="two")
    assert (info["policy"], info["pins"]) == ("least_loaded", [{"character": "Ann", "tavern": "two"}])
    noted = admin.say("audit.list", action="pool.*")
    assert [(each["action"], each["target"], each["facts"]) for each in noted] == [
        ("pool.pinned", "Ann", {"tavern": "two"})
    ]
    for _ in range(2):
        ask(app, character="Ann")
    ask(app, character="Bob")
    assert (len(one.commands), len(two.commands)) == (1, 2)
    two.drop()
    stage.wait(31)
    ask(app, character="Ann")
    assert one.commands[-1]["args"]["character"] == "ann-one.png"
    assert app.say("pool.get")["taverns"][0]["tavern"] == "one"
    assert admin.say("pool.pin", character="Ann")["pins"] == []


def test_pins_outlive_the_hub() -> None:
    stage = Stage()
    tavern(stage, "one")
    stage.join("app", key=stage.key("admin", "admin")).say("pool.pin", tavern="one")
    assert [(pin.character, pin.tavern) for pin in stage.store.pins.load()] == [("*", "one")]


def test_the_policy_pinned_spreads_nothing() -> None:
    stage = Stage(pool_policy="pinned")
    one, two = tavern(stage, "one", "Ann", "Bob"), tavern(stage, "two", "Ann", "Bob")
    app, admin = stage.join("app"), stage.join("app", key=stage.key("admin", "admin"))
    admin.say("pool.pin", character="Bob", tavern="two")
    for _ in range(3):
        ask(app, character="Ann")
    ask(app, character="Bob")
    assert (len(one.commands), len(two.commands)) == (3, 1)


def test_the_policy_random_uses_every_tavern() -> None:
    stage = Stage(pool_policy="random", detached=32)
    taverns = [tavern(stage, name, "Ann") for name in ("one", "two", "three")]
    app = stage.join("app")
    for number in range(30):
        ask(app, character="Ann", request_id=f"r{number}")
    assert all(each.commands for each in taverns)


def test_the_policy_broadcast_gives_every_tavern_a_request_of_its_own() -> None:
    stage = Stage(pool_policy="broadcast")
    taverns = [tavern(stage, name) for name in ("one", "two", "three")]
    app = stage.join("app")
    accepted = app.say("chat.send", tavern="any", text="to all", request_id="r")
    assert accepted["also"] == ["r~2", "r~3"]
    assert [texts(each) for each in taverns] == [["to all"]] * 3
    finish(taverns[1], text="two")
    assert (app.updates("r~2"), app.updates("r")) == (["running", "done"], ["running"])
    assert app.say("chat.send", tavern="any", text="to all", request_id="r")["request_id"] == "r"
    assert len(taverns[0].commands) == 1
    app.say("request.cancel", request_id="r")
    assert [bool(each.line.of("command.cancel")) for each in taverns] == [True, False, True]
    app.say("chat.send", tavern="one", text="to one")
    finish(taverns[0])
    assert [texts(each)[1:] for each in taverns] == [["to one"], [], []]


def test_without_any_tavern_the_pool_says_so() -> None:
    stage = Stage()
    app = stage.join("app")
    with pytest.raises(Unavailable, match="No SillyTavern is connected"):
        ask(app, tavern="any")
