"""Profiles at the hub: versions, limits, secrets, what differs, who is told, and asking a tavern."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tavernlink.core.profiles.book import ProfileBook, ProfileLimits
from tavernlink.core.profiles.differences import MOST_FIELDS, differences
from tavernlink.core.profiles.secrets import is_secret, without_secrets
from tavernlink.errors import AuthError, BadMessage, Conflict, NotFound
from tavernlink.protocol.profiles import ItemRef, ProfileItem, ProfileSave
from tests.core.stage import HandClock, MemoryStore, Stage

EXAMPLES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "profiles" / "examples.json").read_text("utf-8")
)


def regex(name: str, **content: Any) -> dict[str, Any]:
    return {"kind": "regex", "name": name, "content": content}


def book(store: MemoryStore | None = None, **limits: int) -> ProfileBook:
    store = store or MemoryStore()
    return ProfileBook(store.profile_versions, store.profile_contents, HandClock(), ProfileLimits(**limits))


def save(profile: str, *items: dict[str, Any], **more: Any) -> ProfileSave:
    return ProfileSave(profile=profile, items=[ProfileItem(**item) for item in items], **more)


# What is compared and left out


@pytest.mark.parametrize("name", EXAMPLES["secret"])
def test_a_field_that_may_hold_a_secret_is_left_out(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", EXAMPLES["plain"])
def test_a_field_that_only_sounds_like_a_secret_stays(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize("example", EXAMPLES["differences"])
def test_differences_are_told_by_field(example: dict[str, Any]) -> None:
    fields, more = differences(example["before"], example["after"])
    told = [
        {name: value for name in ("path", "before", "after") if (value := getattr(field, name)) is not None}
        for field in fields
    ]
    assert told == example["fields"]
    assert more == 0


def test_differences_of_long_texts_begin_shortly_before_the_first_one_and_many_are_counted() -> None:
    ((field,), more) = differences({"a": "x" * 5_000 + "old"}, {"a": "x" * 5_000 + "new"})
    assert field.before is not None
    assert field.before.startswith('"…x')
    assert field.before.endswith('old"')
    assert len(field.before) < 100
    assert more == 0
    fields, more = differences({str(n): 0 for n in range(100)}, {str(n): 1 for n in range(100)})
    assert (len(fields), more) == (MOST_FIELDS, 100 - MOST_FIELDS)


def test_secrets_go_at_any_depth_but_the_words_of_a_lorebook_stay() -> None:
    content = {"temperature": 1, "proxy_password": "p", "list": [{"api_key": "k", "x": 1}]}
    assert without_secrets(content) == {"temperature": 1, "list": [{"x": 1}]}
    lore = {"entries": {"0": {"key": ["forest"]}}, "token": "t"}
    assert without_secrets(lore, lore=True) == {"entries": {"0": {"key": ["forest"]}}}


# Versions


def test_each_change_makes_a_version_and_the_same_again_makes_none() -> None:
    kept = book()
    assert kept.save(save("p", regex("a", findRegex="1")), "me")[0].version == 1
    info, new = kept.save(save("p", regex("a", findRegex="1")), "you")
    assert (info.version, info.author, new) == (1, "me", False)
    info, new = kept.save(save("p", regex("a", findRegex="2"), regex("b")), "you")
    assert (info.version, info.items, info.kinds, new) == (2, 2, {"regex": 2}, True)
    kept.save(save("p", regex("c"), merge=True, base=2, remove=[ItemRef(kind="regex", name="b")]), "you")
    assert [item.name for item in kept.get("p", None, None).items] == ["a", "c"]
    assert [one.version for one in kept.history("p")] == [3, 2, 1]
    with pytest.raises(Conflict) as caught:
        kept.save(save("p", regex("d"), base=2), "late")
    assert caught.value.code == "stale_profile"


def test_a_diff_goes_from_the_version_before_or_from_the_one_that_is_named() -> None:
    kept = book()
    kept.save(save("p", regex("a", x=1), regex("b")), "me")
    kept.save(save("p", regex("a", x=2), regex("c")), "me")
    kept.save(save("p", regex("a", x=2)), "me")
    assert [(one.name, one.change) for one in kept.diff("p", 1, None)] == [("a", "added"), ("b", "added")]
    second = kept.diff("p", 2, None)
    assert [(one.name, one.change) for one in second] == [("a", "changed"), ("c", "added"), ("b", "removed")]
    assert [(field.path, field.before, field.after) for field in second[0].fields] == [("x", "1", "2")]
    assert [(one.name, one.change) for one in kept.diff("p", None, 1)] == [("a", "changed"), ("b", "removed")]


def test_old_versions_go_and_contents_that_nobody_has_go_with_them() -> None:
    store = MemoryStore()
    kept = book(store, versions=2)
    for number in range(5):
        kept.save(save("p", regex("same"), regex("a", x=number)), "me")
    assert [one.version for one in kept.history("p")] == [5, 4]
    assert len(store.profile_contents.kept) == 3
    with pytest.raises(NotFound, match=r"no version 3; 4 to 5"):
        kept.get("p", 3, None)
    kept.delete("p")
    assert not store.profile_contents.kept
    assert not store.profile_versions.kept


def test_a_hub_that_starts_again_has_them_and_drops_what_a_kill_left_over() -> None:
    store = MemoryStore()
    book(store).save(save("p", regex("a", x=1, A=2)), "me")
    orphan = next(iter(store.profile_contents.kept.values()))
    store.profile_contents.put(type(orphan)(hash="0" * 64, content=b"{}"))
    again = book(store)
    assert len(store.profile_contents.kept) == 1
    (item,) = again.get("p", 1, None).items
    assert list(item.content) == ["x", "A"], "fields keep their order: it is that of the file"
    assert again.save(save("p", regex("a", A=2, x=1)), "me")[1] is False


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"item": 50}, "item"),
        ({"profile": 150}, "profile"),
        ({"total": 150}, "All"),
        ({"profiles": 0}, "keeps 0"),
    ],
)
def test_what_is_over_a_limit_is_refused_and_leaves_nothing(limits: dict[str, int], what: str) -> None:
    store = MemoryStore()
    kept = book(store, **limits)
    with pytest.raises(BadMessage, match=what) as caught:
        kept.save(save("p", *(regex(str(n), text=str(n) * 60) for n in range(3))), "me")
    assert caught.value.code == "too_large"
    assert not store.profile_contents.kept
    assert kept.listed() == []


# Messages


def test_a_tavern_publishes_and_others_are_told() -> None:
    stage = Stage()
    first, second = stage.join("tavern", name="first"), stage.join("tavern", name="second")
    app, quiet = stage.join("app"), stage.join("app")
    app.say("subscribe", types=["profile.*"])
    saved = first.say(
        "profile.save", profile="p", items=[regex("a", findRegex="x", api_key="secret")], note="new"
    )
    assert (saved["version"], saved["author"], saved["note"]) == (1, "first", "new")
    told = [{"profile": "p", "version": 1, "author": "first"}]
    assert second.line.of("profile.changed") == told
    assert app.line.of("profile.changed") == told
    assert first.line.of("profile.changed") == quiet.line.of("profile.changed") == []
    whole = second.say("profile.get", profile="p")
    assert whole["items"][0]["content"] == {"findRegex": "x"}
    assert app.say("profile.list") == [saved] == app.say("profile.history", profile="p")
    app.say("profile.delete", profile="p")
    assert first.line.of("profile.changed")[-1]["version"] == 0
    with pytest.raises(NotFound) as caught:
        second.say("profile.get", profile="p")
    assert caught.value.code == "unknown_profile"


def test_what_a_tavern_asks_is_not_counted_among_what_it_tells() -> None:
    stage = Stage()
    tavern = stage.join("tavern", id="t")
    tavern.say("tavern.state")
    tavern.say("profile.list")
    tavern.say("tavern.state", user="x")
    tavern.drop()
    assert tavern.back(0).line.of("welcome")[0]["count"] == 2


def test_a_viewer_may_look_and_not_change() -> None:
    stage = Stage()
    stage.join("tavern").say("profile.save", profile="p", items=[regex("a")])
    viewer = stage.join("app", key=stage.key("viewer"))
    assert viewer.say("profile.get", profile="p")["info"]["version"] == 1
    for type_ in ("profile.save", "profile.delete", "profile.apply", "profile.publish", "profile.undo"):
        with pytest.raises(AuthError):
            viewer.say(type_, profile="p")


def test_an_app_has_a_tavern_publish_apply_and_undo() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t"), stage.join("app")
    with pytest.raises(NotFound):
        app.say("profile.apply", profile="p", tavern="t")
    app.say("profile.publish", profile="p", tavern="t", kinds=["regex"], request_id="r-1")
    app.say("profile.save", profile="p", items=[regex("a")])
    app.say("profile.apply", profile="p", tavern="t", overwrite=True, request_id="r-2", timeout=5)
    app.say("profile.apply", profile="p", tavern="t", dry_run=True)
    app.say("profile.undo", tavern="t", request_id="r-3")
    sent = [(command["name"], command["args"]) for command in tavern.commands]
    assert sent == [
        ("profile.publish", {"profile": "p", "kinds": ["regex"]}),
        ("profile.apply", {"profile": "p", "overwrite": True}),
        ("profile.apply", {"profile": "p", "dry_run": True}),
    ], "an undo waits for the apply before it; a dry run does not"
    for command in tavern.commands:
        tavern.say("command.done", request_id=command["request_id"], ok=True, result={"profile": "p"})
    assert tavern.commands[-1]["name"] == "profile.undo"
    assert app.updates("r-2") == ["running", "done"]


def test_who_published_and_who_had_it_applied_is_in_the_audit_log() -> None:
    stage = Stage()
    stage.join("tavern", name="first").say("profile.save", profile="p", items=[regex("a")])
    app = stage.join("app")
    app.say("profile.apply", profile="p", tavern="first")
    app.say("profile.delete", profile="p")
    admin = stage.join("app", key=stage.key("admin"))
    entries = [(one["action"], one["target"]) for one in admin.say("audit.list", action="profile.*")]
    assert entries == [("profile.deleted", "p"), ("profile.applied", "first"), ("profile.published", "p")]
