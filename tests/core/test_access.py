"""Keys by message: who may make, see and revoke which; and keys that stand in files."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.core.access.keys import Key, digest_of
from tavernlink.errors import AuthError, BadMessage, Conflict, NotFound
from tests.core.stage import Actor, Stage


def admin_of(stage: Stage, **limits: Any) -> Actor:
    return stage.join("app", key=stage.hub.keyring.create("admin", "boss", **limits)[0])


def test_an_admin_makes_a_key_that_works_as_it_was_limited() -> None:
    stage = Stage()
    made = admin_of(stage).say(
        "key.create", name="bot", scopes=["chat:read"], taverns=["Home"], rooms=["lounge"], expires_in=60
    )
    key = stage.hub.keyring.verify(made["key"])
    assert key.held == {"chat:read"}
    assert (key.taverns, key.rooms, key.expires) == (("Home",), ("lounge",), stage.clock.wall() + 60)
    assert made["info"]["scopes"] == ["chat:read"]
    assert made["key"] not in str(made["info"])
    assert not key.reaches_tavern("t-1", "Away")
    assert not key.reaches_room("r-1", "attic")


def test_nobody_makes_a_key_that_may_do_more_than_their_own() -> None:
    stage = Stage()
    ends = stage.clock.wall() + 100
    boss = admin_of(stage, scopes=["admin", "keys:manage", "chat:read"], taverns=["Home"], expires=ends)
    with pytest.raises(BadMessage, match="chat:write"):
        boss.say("key.create", name="bot", scopes=["chat:write"])
    with pytest.raises(BadMessage, match="Away"):
        boss.say("key.create", name="bot", taverns=["Home", "Away"])
    made = boss.say("key.create", name="bot", expires_in=1_000)["info"]
    assert (made["scopes"], made["taverns"], made["expires"]) == (["chat:read"], ["Home"], ends)
    with pytest.raises(BadMessage, match="keys:manage"):
        admin_of(stage).say("key.create", name="bot", scopes=["keys:manage"])  # no app can hold it


def test_an_app_makes_no_key() -> None:
    with pytest.raises(AuthError) as caught:
        Stage().join("app").say("key.create", name="mine")
    assert caught.value.code == "forbidden"


def test_a_tavern_makes_keys_for_itself_and_sees_and_revokes_no_others() -> None:
    stage = Stage()
    tavern = stage.join("tavern", id="t-home", name="Home", key=stage.key("tavern", "home"))
    boss = admin_of(stage)
    theirs = boss.say("key.create", name="theirs")["info"]
    made = tavern.say("key.create", name="friend")["info"]
    assert made["taverns"] == ["t-home"]
    assert [each["name"] for each in tavern.say("key.list")] == ["friend"]
    assert {"friend", "theirs", "boss"} <= {each["name"] for each in boss.say("key.list")}
    for name in ("theirs", theirs["id"], "nobody"):
        with pytest.raises(NotFound):
            tavern.say("key.revoke", key=name)
    with pytest.raises(AuthError):
        tavern.say("key.create", name="x", role="tavern")
    with pytest.raises(BadMessage):
        tavern.say("key.create", name="x", taverns=["t-away"])
    assert [each["id"] for each in tavern.say("key.revoke", key="friend")] == [made["id"]]
    assert tavern.say("key.list") == []
    assert [each["revoked"] is not None for each in tavern.say("key.list", all=True)] == [True]


def declared(name: str, text: str, **options: Any) -> Key:
    return Key(id=f"f-{name}", role="app", name=name, digest=digest_of(text), created=0.0, **options)


def test_a_declared_key_is_known_until_its_file_no_longer_has_it() -> None:
    stage = Stage()
    ring = stage.hub.keyring
    ring.declare("keys.d/a.toml", [declared("bot", "a long secret of my own", scopes=("chat:read",))])
    app = stage.join("app", key=ring.verify("a long secret of my own"))
    assert app.say("tavern.list") == []
    with pytest.raises(AuthError):
        app.say("chat.send", text="x")
    info = next(each for each in admin_of(stage).say("key.list") if each["name"] == "bot")
    assert (info["source"], info["last_used"]) == ("keys.d/a.toml", stage.clock.wall())
    with pytest.raises(Conflict, match=r"keys\.d/a\.toml"):
        ring.revoke("bot")
    ring.declare("keys.d/a.toml", [declared("bot", "a long secret of my own")])
    stage.wait(1)
    assert "chat:write" in app.peer.key.held  # a connection has what its key now allows
    ring.declare("keys.d/a.toml", [])
    stage.wait(1)
    assert app.line.closed is not None
    with pytest.raises(AuthError):
        ring.verify("a long secret of my own")


def test_two_files_cannot_declare_the_same_and_the_one_that_was_there_stays() -> None:
    ring = Stage().hub.keyring
    ring.declare("a", [declared("bot", "one long secret of mine")])
    for clash in (declared("bot", "another long secret"), declared("other", "one long secret of mine")):
        with pytest.raises(ValueError, match="already"):
            ring.declare("b", [declared("fine", "some third secret"), clash])
    assert ring.verify("one long secret of mine").name == "bot"
    with pytest.raises(AuthError):
        ring.verify("some third secret")
