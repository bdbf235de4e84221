"""The permission table holds a row for each type and each route, and the hub goes by it."""

from __future__ import annotations

from typing import Any, cast, get_args

import pytest
from litestar import Litestar

from tavernlink.config import Settings
from tavernlink.core.access.keys import Key
from tavernlink.core.access.permissions import COMMANDS, CONNECT, ROLES, ROUTES, SEND, Role, Scope
from tavernlink.core.access.rights import may_send, may_use_route
from tavernlink.errors import AuthError, BadMessage, NotFound, TavernlinkError
from tavernlink.http.application import create_app
from tavernlink.protocol.catalogue import CATALOGUE
from tavernlink.protocol.commands.catalogue import COMMANDS as SPECS
from tests.core.stage import Stage

SENT_TO_HUB = sorted(name for name, row in CATALOGUE.items() if row.senders)
ASKED_BY_APPS = [name for name in SENT_TO_HUB if CATALOGUE[name].direction in ("app → hub", "peer → hub")]


def routes() -> set[tuple[str, str]]:
    """Every route that the HTTP application serves, as (method, path template)."""
    gate = create_app(cast("Any", None), Settings())
    app = cast("Litestar", gate._app)
    return {
        ("GET" if method == "HEAD" else method, route.path_format)
        for route in app.routes
        for method in cast("Any", route).methods
        if method != "OPTIONS"
    }


def test_every_type_that_is_sent_to_the_hub_has_a_row_and_no_other_has() -> None:
    assert sorted(SEND) == SENT_TO_HUB


def test_every_route_has_a_row_and_no_row_is_without_a_route() -> None:
    assert set(ROUTES) == routes()


def test_rows_name_scopes_and_types_that_there_are() -> None:
    scopes = set(get_args(Scope))
    assert set(ROLES) == set(get_args(Role))
    assert all(held <= scopes for held in ROLES.values())
    assert all(need <= scopes for need in SEND.values())
    for need in ROUTES.values():
        assert need is None or (need in SEND or need in COMMANDS if isinstance(need, str) else need <= scopes)


def test_a_command_needs_the_scope_of_its_row_and_no_other_command_has_one() -> None:
    assert {name: set(need) for name, need in COMMANDS.items()} == {
        name: {spec.scope} for name, spec in SPECS.items()
    }
    assert {scope for need in COMMANDS.values() for scope in need} <= SEND["command.run"]


def test_apps_neither_make_rooms_nor_keys_while_taverns_and_admins_do() -> None:
    for scope in ("rooms:manage", "keys:manage"):
        assert {role for role, held in ROLES.items() if scope in held} == {"admin", "tavern"}


@pytest.mark.parametrize("as_", ["app", "tavern"])
@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_connects_as_the_table_says(role: Role, as_: str) -> None:
    stage = Stage()
    if role in CONNECT[as_]:
        assert stage.join(as_, key=stage.key(role)).line.types == ["welcome"]
    else:
        with pytest.raises(AuthError, match=role):
            stage.join(as_, key=stage.key(role))


def code_of(stage: Stage, kind: str, key: Key, type_: str) -> str | None:
    try:
        stage.join(kind, key=key).say(type_)
    except TavernlinkError as error:
        return error.code
    return None


@pytest.mark.parametrize("role", ["admin", "app", "viewer"])
@pytest.mark.parametrize("type_", ASKED_BY_APPS)
def test_an_app_sends_what_the_table_allows_its_role(role: Role, type_: str) -> None:
    stage = Stage()
    key = stage.key(role)
    code = code_of(stage, "app", key, type_)
    if type_ == "hello":
        assert code == "not_for_this_role"  # it comes before a connection, never in one
    else:
        assert (code == "forbidden") == (not may_send(key, type_))


@pytest.mark.parametrize("scope", get_args(Scope))
def test_a_narrowed_key_does_what_its_scopes_allow_and_is_told_which_it_lacks(scope: Scope) -> None:
    stage = Stage()
    key = stage.hub.keyring.create("admin", "narrow", scopes=[scope])[0]
    for type_ in set(ASKED_BY_APPS) - {"hello"}:
        allowed = not SEND[type_] or scope in SEND[type_]
        assert may_send(key, type_) == allowed
        assert (code_of(stage, "app", key, type_) == "forbidden") == (not allowed)
    with pytest.raises(AuthError, match="made without the scope chat:") as caught:
        stage.join("app", key=stage.hub.keyring.create("app", "n", scopes=["functions:call"])[0]).say(
            "tavern.list"
        )
    assert caught.value.details["scopes"] == ["chat:read"]


def test_a_key_cannot_be_made_with_a_scope_that_its_role_lacks() -> None:
    with pytest.raises(ValueError, match="keys:manage"):
        Stage().hub.keyring.create("app", "greedy", scopes=["chat:read", "keys:manage"])


def test_a_route_needs_what_its_message_needs_and_nothing_where_it_is_open() -> None:
    stage = Stage()
    viewer = stage.key("viewer")
    assert may_use_route(None, "GET", "/healthz")
    assert not may_use_route(None, "GET", "/api/schema")
    assert may_use_route(viewer, "GET", "/api/schema")
    assert may_use_route(viewer, "HEAD", "/api/taverns")
    assert not may_use_route(viewer, "POST", "/api/taverns/{tavern}/chat")
    assert not may_use_route(stage.key("tavern"), "GET", "/api/taverns")


def test_a_tavern_may_not_ask_like_an_app_and_an_unknown_type_is_named() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    with pytest.raises(BadMessage) as caught:
        tavern.say("chat.send", text="x")
    assert caught.value.code == "not_for_this_role"
    with pytest.raises(BadMessage, match=r"no\.such"):
        tavern.say("no.such")


def test_a_key_limited_to_taverns_sees_uses_and_hears_no_other() -> None:
    stage = Stage()
    home = stage.join("tavern", id="t-home", name="Home")
    away = stage.join("tavern", id="t-away", name="Away")
    app = stage.join("app", key=stage.hub.keyring.create("app", "k", taverns=["Away"])[0])
    assert [each["name"] for each in app.say("tavern.list")] == ["Away"]
    assert app.say("chat.get")["tavern"] == "t-away"  # the default one is the first within its limits
    for wanted in ("Home", "t-home"):
        with pytest.raises(NotFound) as caught:
            app.say("chat.send", tavern=wanted, text="x")
        assert caught.value.code == "unknown_tavern"
    app.say("subscribe", types=["stream.*", "event.*"])
    for tavern in (home, away):
        tavern.say("stream.delta", stream_id="s", seq=0, text=tavern.peer.name)
        tavern.say("event", name="x", args=[tavern.peer.name])
    assert [each["text"] for each in app.line.of("stream.delta")] == ["Away"]
    assert [each["args"] for each in app.line.of("event")] == [["Away"]]
    assert home.line.of("events.wanted") == []
    assert away.line.of("events.wanted") == [{"names": ["*"]}]


def test_what_waits_under_a_limited_key_goes_to_no_tavern_outside_its_limits() -> None:
    stage = Stage()
    home = stage.join("tavern", id="t-home", name="Home")
    app = stage.join("app", key=stage.hub.keyring.create("app", "k", taverns=["Home"])[0])
    for name in ("one", "two"):
        app.say("chat.send", text=name, request_id=name)
    assert len(home.commands) == 1
    away = stage.join("tavern", id="t-away", name="Away")
    home.drop()
    stage.wait(stage.hub.limits.tavern_grace + 1)
    stage.wait(1)
    assert away.commands == []
    free = stage.join("app", key=stage.key("app", "free"))
    free.say("chat.send", text="x", request_id="three")
    assert [each["args"]["text"] for each in away.commands] == ["x"]


def test_a_taverns_key_limited_to_taverns_lets_no_other_in() -> None:
    stage = Stage()
    key = stage.hub.keyring.create("tavern", "k", taverns=["Home"])[0]
    stage.join("tavern", key=key, name="Home")
    with pytest.raises(AuthError) as caught:
        stage.join("tavern", key=key, name="Elsewhere")
    assert caught.value.code == "forbidden"


def test_a_wide_subscription_brings_only_what_the_scopes_allow() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    reader, listener = (
        stage.join("app", key=stage.hub.keyring.create("app", scope, scopes=[scope])[0])
        for scope in ("chat:read", "events:read")
    )
    for app in (reader, listener):
        app.say("subscribe", types=["*"])
    tavern.say("stream.delta", stream_id="s", seq=0, text="x")
    tavern.say("event", name="x", args=[])
    assert reader.line.types[1:] == ["stream.delta"]
    assert listener.line.types[1:] == ["event"]
    with pytest.raises(AuthError, match="events:read"):
        reader.say("subscribe", types=["event.message_sent"])
    with pytest.raises(AuthError, match="chat:read"):
        listener.say("subscribe", types=["stream.*"])


def test_a_key_that_expires_ends_its_connections_and_lets_nobody_in_again() -> None:
    stage = Stage()
    ends = stage.clock.wall() + 60
    key, text = stage.hub.keyring.create("app", "guest", expires=ends)
    app = stage.join("app", key=key)
    other = stage.join("app")
    closed = []
    for seconds in (59, 2):
        stage.wait(seconds)
        closed.append(app.line.closed)
    assert closed == [None, ("key_expired", "The key of this connection has expired.")]
    assert other.line.closed is None
    with pytest.raises(AuthError) as caught:
        stage.hub.keyring.verify(text)
    assert caught.value.code == "key_expired"


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
