"""The permission table holds a row for each type, and the hub goes by it."""

from __future__ import annotations

from typing import get_args

import pytest

from tavernlink.core.access.keys import Role
from tavernlink.core.access.permissions import CONNECT, SEND
from tavernlink.errors import AuthError, BadMessage, TavernlinkError
from tavernlink.protocol.catalogue import CATALOGUE
from tests.core.stage import Stage

SENT_TO_HUB = sorted(name for name, row in CATALOGUE.items() if row.senders)


def test_every_type_that_is_sent_to_the_hub_has_a_row_and_no_other_has() -> None:
    assert sorted(SEND) == SENT_TO_HUB


@pytest.mark.parametrize("as_", ["app", "tavern"])
@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_connects_as_the_table_says(role: Role, as_: str) -> None:
    stage = Stage()
    if role in CONNECT[as_]:
        assert stage.join(as_, key=stage.key(role)).line.types == ["welcome"]
    else:
        with pytest.raises(AuthError, match=role):
            stage.join(as_, key=stage.key(role))


@pytest.mark.parametrize("role", ["admin", "app", "viewer"])
@pytest.mark.parametrize("type_", [name for name in SENT_TO_HUB if CATALOGUE[name].direction == "app → hub"])
def test_an_app_sends_what_the_table_allows_its_role(role: Role, type_: str) -> None:
    stage = Stage()
    app = stage.join("app", key=stage.key(role))
    try:
        app.say(type_)
        code = None
    except TavernlinkError as error:
        code = error.code
    if type_ == "hello":
        assert code == "not_for_this_role"  # it comes before a connection, never in one
    else:
        assert (code == "forbidden") == (role not in SEND[type_])


def test_a_tavern_may_not_ask_like_an_app_and_an_unknown_type_is_named() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    with pytest.raises(BadMessage) as caught:
        tavern.say("chat.send", text="x")
    assert caught.value.code == "not_for_this_role"
    with pytest.raises(BadMessage, match=r"no\.such"):
        tavern.say("no.such")


def test_an_old_or_new_protocol_is_refused_with_both_versions_named() -> None:
    with pytest.raises(AuthError, match=r"protocol 2.*speaks 1"):
        Stage().join("app", protocol=2)


def test_an_app_that_asks_too_often_is_told_so_and_served_again_later() -> None:
    stage = Stage(app_rate=10.0, app_burst=5)
    app = stage.join("app")
    for _ in range(5):
        app.say("tavern.list")
    with pytest.raises(BadMessage) as caught:
        app.say("tavern.list")
    assert caught.value.code == "rate_limited"
    stage.wait(1)
    app.say("tavern.list")
