"""Pairing: a code that somebody approves, and one key for the one who showed it."""

from __future__ import annotations

import re

import pytest

from tavernlink.core.access.pairing import SECONDS, Pairings
from tavernlink.errors import AuthError, BadMessage, Conflict, NotFound
from tests.core.stage import Actor, Stage

HERE = "192.168.1.20"


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def admin(stage: Stage) -> Actor:
    return stage.join("app", key=stage.key("admin", "boss"))


@pytest.fixture
def pairings(stage: Stage) -> Pairings:
    return stage.hub.pairings


def test_an_approved_code_gives_one_tavern_key_once(stage: Stage, admin: Actor, pairings: Pairings) -> None:
    asked = pairings.ask("Alex", HERE, "http://192.168.1.20:8000")
    assert re.fullmatch(r"[A-HJKMNP-Z2-9]{8}", asked.code)
    assert pairings.claim(asked.ticket, HERE).state == "waiting"
    (shown,) = admin.say("pairing.list")
    assert (shown["name"], shown["address"], shown["code"]) == ("Alex", HERE, asked.code)
    before = len(stage.hub.keyring.listed())
    admin.say("pairing.approve", code=f"{asked.code[:4].lower()}-{asked.code[4:]} ")
    assert len(stage.hub.keyring.listed()) == before  # a key that nobody fetches never exists
    claimed = pairings.claim(asked.ticket, HERE)
    assert (claimed.state, len(admin.say("pairing.list"))) == ("approved", 0)
    key = stage.hub.keyring.verify(claimed.key)
    assert (key.role, key.name) == ("tavern", "Alex")
    assert stage.join("tavern", key=key).line.types == ["welcome"]
    again = pairings.claim(asked.ticket, HERE)
    assert (again.state, again.key) == ("over", None)


def test_a_code_is_answered_once_and_over_after_five_minutes(
    stage: Stage, admin: Actor, pairings: Pairings
) -> None:
    refused, late = pairings.ask("A", HERE), pairings.ask("B", HERE)
    admin.say("pairing.refuse", code=refused.code)
    with pytest.raises(Conflict):
        admin.say("pairing.approve", code=refused.code)
    assert pairings.claim(refused.ticket, HERE).state == "refused"
    stage.wait(SECONDS)
    with pytest.raises(NotFound) as caught:
        admin.say("pairing.approve", code=late.code)
    assert caught.value.code == "unknown_pairing"
    assert pairings.claim(late.ticket, HERE).state == "over"
    assert pairings.claim("f" * 64, HERE).state == "over"


def test_only_an_admin_approves(stage: Stage, pairings: Pairings) -> None:
    code = pairings.ask("A", HERE).code
    with pytest.raises(AuthError):
        stage.join("app").say("pairing.approve", code=code)
    with pytest.raises(BadMessage):
        stage.join("tavern").say("pairing.approve", code=code)


def test_one_address_cannot_ask_for_many_codes_nor_ask_all_the_time(stage: Stage, pairings: Pairings) -> None:
    ticket = pairings.ask("A", HERE).ticket
    for _ in range(4):
        pairings.ask("A", HERE)
    with pytest.raises(BadMessage) as caught:
        pairings.ask("A", HERE)
    assert caught.value.code == "rate_limited"
    pairings.ask("B", "10.0.0.7")
    with pytest.raises(BadMessage):
        for _ in range(30):
            pairings.claim(ticket, HERE)
    stage.wait(SECONDS)
    pairings.ask("A", HERE)


def test_an_admin_who_subscribed_sees_who_waits_and_nobody_else_does(
    stage: Stage, admin: Actor, pairings: Pairings
) -> None:
    app = stage.join("app", key=stage.key("app", "bot"))
    for each in (admin, app):
        each.say("subscribe", types=["pairing.*"], tavern="*")
    asked = pairings.ask("Alex", HERE)
    (told,) = admin.line.of("pairing.changed")
    assert [each["code"] for each in told["waiting"]] == [asked.code]
    admin.say("pairing.refuse", code=asked.code)
    assert admin.line.of("pairing.changed")[-1]["waiting"] == []
    assert app.line.of("pairing.changed") == []
