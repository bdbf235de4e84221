"""Messages of programs' own types: who gets them, who is said to have sent them, what the ack tells."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.errors import TavernlinkError
from tavernlink.protocol.routing import is_custom
from tavernlink.protocol.session import Auth
from tests.core.stage import Actor, Line, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage(message_bytes=1_000)


def app(stage: Stage, name: str, **key: Any) -> Actor:
    made, _ = stage.hub.keyring.create("app", name, **key)
    return stage.join("app", key=made, name=name)


def tavern(stage: Stage, name: str) -> Actor:
    return stage.join("tavern", name=name, id=f"t-{name}")


def contents(actor: Actor, type_: str) -> list[Any]:
    return [each["content"] for each in actor.line.of(type_)]


def test_a_message_reaches_one_peer_by_name_or_id(stage: Stage) -> None:
    ann, bob, zoe = app(stage, "Ann"), app(stage, "Bob"), app(stage, "Zoe")
    sent = ann.say("x.dice.roll", to={"peer": "Bob"}, content={"sides": 20}, message_id="m")
    assert sent == {"message_id": "m", "reached": 1, "kept": 0, "unknown": []}
    ann.say("x.dice.roll", to={"peer": bob.peer.id}, content=6)
    assert contents(bob, "x.dice.roll") == [{"sides": 20}, 6]
    assert zoe.line.of("x.dice.roll") == ann.line.of("x.dice.roll") == []


def test_the_hub_says_who_sent_it_whatever_the_sender_claims(stage: Stage) -> None:
    ann, bob = app(stage, "Ann"), app(stage, "Bob")
    forged = {"id": "t-1", "name": "The hub", "kind": "tavern", "role": "admin"}
    ann.say("x.a", to={"peer": "Bob"}, content=1, **{"from": forged}, type="x.b", sent=1.0, route="r")
    (got,) = bob.line.of("x.a")
    assert got["from"] == {"id": ann.peer.id, "name": "Ann", "kind": "app", "role": "app"}
    assert (got["type"], got["sent"], got.get("route")) == ("x.a", stage.clock.wall(), None)


def test_taverns_send_and_receive_them_as_well(stage: Stage) -> None:
    ann, inn = app(stage, "Ann"), tavern(stage, "Inn")
    before = inn.peer.session.received
    assert inn.say("x.mood", to={"peer": "Ann"}, content="merry")["reached"] == 1
    assert inn.peer.session.received == before  # what has an ack is not counted
    ann.say("x.mood", to={"peer": "Inn"}, content="sad")
    assert contents(inn, "x.mood") == ["sad"]
    assert ann.line.of("x.mood")[0]["from"] == {
        "id": "t-Inn", "name": "Inn", "kind": "tavern", "role": "tavern",
    }  # fmt: skip


def test_a_set_of_peers_gets_it_once_each_and_the_ack_names_the_unknown(stage: Stage) -> None:
    ann, bob, inn = app(stage, "Ann"), app(stage, "Bob"), tavern(stage, "Inn")
    sent = ann.say("x.a", to={"peers": ["Bob", bob.peer.id, "Inn", "Nobody", "Ann"]}, content=1)
    assert (sent["reached"], sent["unknown"]) == (2, ["Nobody"])
    assert len(bob.line.of("x.a")) == len(inn.line.of("x.a")) == 1
    assert ann.line.of("x.a") == []


def test_everybody_is_everybody_else_of_that_kind(stage: Stage) -> None:
    ann, bob, inn = app(stage, "Ann"), app(stage, "Bob"), tavern(stage, "Inn")
    assert ann.say("x.a", to={"all": True}, content=1)["reached"] == 2
    assert ann.say("x.b", to={"all": True, "kind": "tavern"}, content=1)["reached"] == 1
    assert ann.say("x.c", to={"all": True, "kind": "app"}, content=1)["reached"] == 1
    assert inn.line.of("x.b")
    assert not inn.line.of("x.c")
    assert bob.line.of("x.c")
    assert not bob.line.of("x.b")
    assert ann.line.of("x.a") == []


def test_a_name_that_two_bear_reaches_both(stage: Stage) -> None:
    ann, one, two = app(stage, "Ann"), app(stage, "Bot"), app(stage, "Bot")
    assert ann.say("x.a", to={"peer": "Bot"}, content=1)["reached"] == 2
    assert len(one.line.of("x.a")) == len(two.line.of("x.a")) == 1


def test_a_peer_that_is_away_gets_it_when_it_comes_back_in_time(stage: Stage) -> None:
    ann, bob = app(stage, "Ann"), app(stage, "Bob")
    bob.drop()
    sent = ann.say("x.a", to={"peer": "Bob"}, content=1)
    assert (sent["reached"], sent["kept"]) == (0, 1)
    again = bob.back(0)
    assert contents(again, "x.a") == [1]
    again.drop()
    stage.wait(10_000)
    with pytest.raises(TavernlinkError) as caught:
        ann.say("x.a", to={"peer": "Bob"}, content=2)
    assert caught.value.code == "unknown_peer"
    assert caught.value.details == {"peers": ["Bob"]}


def test_what_is_sent_again_is_not_delivered_again(stage: Stage) -> None:
    ann, bob = app(stage, "Ann"), app(stage, "Bob")
    first = ann.say("x.a", to={"peer": "Bob"}, content=1, message_id="m")
    assert ann.say("x.a", to={"peer": "Bob"}, content=1, message_id="m") == first
    assert len(bob.line.of("x.a")) == 1
    bob.say("x.a", to={"peer": "Ann"}, content=1, message_id="m")  # another key's ids are its own
    assert len(ann.line.of("x.a")) == 1


def test_somebody_may_keep_what_is_for_a_name_without_a_session(stage: Stage) -> None:
    ann = app(stage, "Ann")
    kept: list[tuple[str, str]] = []

    def keep(name: str, event: Any, key_id: str) -> bool:
        kept.append((name, event.type))
        return name == "Bob"

    stage.hub.switchboard.post.absent = keep
    assert ann.say("x.a", to={"peer": "Bob"}, content=1) | {"message_id": ""} == {
        "message_id": "", "reached": 0, "kept": 1, "unknown": [],
    }  # fmt: skip
    with pytest.raises(TavernlinkError, match="Zoe"):
        ann.say("x.a", to={"peer": "Zoe"}, content=1)
    assert kept == [("Bob", "x.a"), ("Zoe", "x.a")]


@pytest.mark.parametrize(
    "to", [{}, {"peer": "Bob", "all": True}, {"kind": "app"}, {"peers": ["Bob"], "room": "r"}]
)
def test_a_target_is_exactly_one_thing(stage: Stage, to: dict[str, Any]) -> None:
    ann, bob = app(stage, "Ann"), app(stage, "Bob")
    with pytest.raises(TavernlinkError) as caught:
        ann.say("x.a", to=to, content=1)
    assert caught.value.code == "invalid_message"
    assert bob.line.of("x.a") == []


def test_a_content_over_the_limit_is_refused(stage: Stage) -> None:
    ann, bob = app(stage, "Ann"), app(stage, "Bob")
    with pytest.raises(TavernlinkError) as caught:
        ann.say("x.a", to={"peer": "Bob"}, content="é" * 500)
    assert caught.value.code == "too_large"
    assert caught.value.details == {"bytes": 1_002, "limit": 1_000}
    ann.say("x.a", to={"peer": "Bob"}, content="é" * 499)
    assert len(bob.line.of("x.a")) == 1


@pytest.mark.parametrize(
    "type_", ["x", "x.", "x.a..b", "x.a b", "X.a", "y.a", "x." + "a" * 41, "x.a.b.c.d.e.f.g"]
)
def test_other_types_are_unknown_as_before(stage: Stage, type_: str) -> None:
    assert not is_custom(type_)
    with pytest.raises(TavernlinkError) as caught:
        app(stage, "Ann").say(type_, to={"all": True}, content=1)
    assert caught.value.code == "unknown_type"


def test_who_only_looks_sends_nothing_but_hears(stage: Stage) -> None:
    ann = app(stage, "Ann")
    viewer = stage.join("app", key=stage.key("viewer", "eyes"), name="Eyes")
    with pytest.raises(TavernlinkError) as caught:
        viewer.say("x.a", to={"peer": "Ann"}, content=1)
    assert caught.value.code == "forbidden"
    assert ann.say("x.a", to={"peer": "Eyes"}, content=1)["reached"] == 1


def test_the_limits_of_keys_hold_in_both_directions(stage: Stage) -> None:
    inn, pub = tavern(stage, "Inn"), tavern(stage, "Pub")
    ann = app(stage, "Ann", taverns=["Inn"])
    deaf = app(stage, "Deaf", scopes=["chat:write"])
    assert ann.say("x.a", to={"all": True}, content=1)["reached"] == 1
    assert ann.say("x.a", to={"peer": "Pub"}, content=1)["reached"] == 0
    assert inn.line.of("x.a")
    assert not pub.line.of("x.a")
    assert not deaf.line.of("x.a")
    assert pub.say("x.a", to={"peer": "Ann"}, content=1)["reached"] == 0
    assert inn.say("x.a", to={"peer": "Ann"}, content=1)["reached"] == 1


def test_a_room_is_its_members_and_only_they_may_send_there(stage: Stage) -> None:
    inn, ann, bob, zoe = tavern(stage, "Inn"), app(stage, "Ann"), app(stage, "Bob"), app(stage, "Zoe")
    inn.say("room.create", name="table")
    for member in (ann, bob):
        code = inn.say("room.invite", room="table")["code"]
        member.say("room.join", code=code)
    assert ann.say("x.a", to={"room": "table"}, content=1)["reached"] == 2
    assert contents(inn, "x.a") == contents(bob, "x.a") == [1]
    assert zoe.line.of("x.a") == []
    with pytest.raises(TavernlinkError) as caught:
        zoe.say("x.a", to={"room": "table"}, content=1)
    assert caught.value.code == "not_a_member"
    with pytest.raises(TavernlinkError) as caught:
        ann.say("x.a", to={"room": "hall"}, content=1)
    assert caught.value.code == "unknown_room"


def test_a_peer_inside_the_process_has_no_address_but_may_listen_to_what_is_for_all(stage: Stage) -> None:
    ann = app(stage, "Ann")
    line = Line()
    key = stage.key("viewer", "rest")
    local = Actor(stage, stage.hub.connect(Auth(name="http"), key, line, "", keep=False), line)
    assert ann.say("x.a", to={"all": True}, content=1)["reached"] == 0
    local.say("subscribe", types=["x.*"])
    assert ann.say("x.a", to={"all": True}, content=2)["reached"] == 0
    assert contents(local, "x.a") == [2]
    with pytest.raises(TavernlinkError):
        ann.say("x.a", to={"peer": local.peer.id}, content=3)


def test_ended_sessions_leave_nothing_behind(stage: Stage) -> None:
    addresses = stage.hub.switchboard.addresses
    for _turn in range(3):
        ann, inn = app(stage, "Ann"), tavern(stage, "Inn")
        assert addresses.find_named("Ann")
        assert addresses.find_named("Inn")
        ann.drop()
        inn.drop()
        stage.wait(10_000)
        assert addresses.size == 0
