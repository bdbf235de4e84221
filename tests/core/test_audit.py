"""The audit log: what is written down, what is not, and how it is found again."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.errors import AuthError
from tests.core.stage import Actor, Stage


def admin_of(stage: Stage) -> Actor:
    return stage.join("app", key=stage.key("admin", "boss"), name="console")


def read(admin: Actor, **query: Any) -> list[str]:
    return [each["action"] for each in admin.say("audit.list", **query)]


def test_it_says_who_did_what_to_whom_when_and_from_where_without_secrets() -> None:
    stage = Stage()
    admin = admin_of(stage)
    made = admin.say("key.create", name="bot")
    stage.wait(5)
    admin.say("key.revoke", key="bot")
    revoked, created, login = admin.say("audit.list")
    assert [each["action"] for each in (revoked, created, login)] == ["key.revoked", "key.created", "login"]
    assert created["key"] == admin.peer.key.id
    assert (created["role"], created["name"], created["address"]) == ("admin", "console", "127.0.0.1")
    assert created["target"] == made["info"]["id"]
    assert revoked["time"] - created["time"] == 5
    assert made["key"].rsplit("_", 1)[1] not in str([created, revoked])
    stage.hub.audit.record("x.y", "hub", target=made["key"], words=["Bearer " + made["key"]], none=None)
    (entry,) = admin.say("audit.list", action="x.*")
    assert (entry["target"], entry["facts"]) == ("tl_app_…", {"words": ["Bearer tl_app_…"]})


def test_what_was_refused_is_written_down_but_not_again_and_again() -> None:
    stage = Stage()
    viewer = stage.join("app", key=stage.key("viewer", "guest"))
    for _ in range(5):
        with pytest.raises(AuthError):
            viewer.say("chat.send", text="x")
    admin = admin_of(stage)
    (entry,) = admin.say("audit.list", action="permission.refused")
    assert (entry["key"], entry["target"]) == (viewer.peer.key.id, "chat.send")
    stage.wait(61)
    with pytest.raises(AuthError):
        viewer.say("chat.send", text="x")
    assert len(read(admin, action="permission.refused")) == 2


def test_it_is_found_by_action_who_target_address_and_time() -> None:
    stage = Stage()
    admin = admin_of(stage)
    start = stage.clock.wall()
    for number in range(4):
        stage.wait(10)
        stage.hub.audit.record("room.created", admin.peer, target=f"r{number}", address=f"10.0.0.{number}")
    assert read(admin, action="room.*", limit=3) == ["room.created"] * 3
    assert [each["target"] for each in admin.say("audit.list", since=start + 20, until=start + 40)] == [
        "r2",
        "r1",
    ]
    assert [each["target"] for each in admin.say("audit.list", address="10.0.0.3")] == ["r3"]
    assert [each["address"] for each in admin.say("audit.list", target="r0")] == ["10.0.0.0"]
    assert len(read(admin, who=admin.peer.key.id)) == 5
    assert read(admin, who="nobody") == []


def test_it_is_bounded_by_count_and_age_on_disk_too_and_outlives_the_hub() -> None:
    stage = Stage(audit_entries=3, audit_days=1.0)
    for number in range(5):
        stage.hub.audit.record("room.created", "hub", target=f"r{number}")
    assert [each.target for each in stage.store.audit.load()] == ["r2", "r3", "r4"]
    stage.kill()
    admin = admin_of(stage)
    assert [each["target"] for each in admin.say("audit.list", action="room.*")] == [
        "r4",
        "r3",
    ]  # and one login
    stage.wait(86_500)
    assert read(admin) == []
    assert stage.store.audit.load() == []


def test_only_an_admin_reads_it() -> None:
    with pytest.raises(AuthError):
        Stage().join("app").say("audit.list")
