"""Profiles on a real database: a hub that starts again has what it had."""

from __future__ import annotations

from tavernlink.core.profiles.book import ProfileBook, ProfileLimits
from tavernlink.protocol.profiles import ProfileItem, ProfileSave
from tavernlink.store.database import open_store
from tests.core.stage import HandClock


def test_profiles_outlive_the_process(url: str) -> None:
    content = {"z": 1, "a": "森林", "list": [{"id": 1, "x": None}]}

    def save(note: str, **more: int) -> None:
        store = open_store(url)
        book = ProfileBook(
            store.profile_versions, store.profile_contents, HandClock(), ProfileLimits(versions=2)
        )
        item = ProfileItem(kind="lorebook", name="A/ö", content={**content, **more})
        book.save(ProfileSave(profile="p", items=[item], note=note), "me")
        store.close()

    for number in range(3):
        save(f"n{number}", number=number)
    store = open_store(url)
    book = ProfileBook(store.profile_versions, store.profile_contents, HandClock())
    assert [(info.version, info.note) for info in book.history("p")] == [(3, "n2"), (2, "n1")]
    (item,) = book.get("p", None, None).items
    assert list(item.content.items()) == [*content.items(), ("number", 2)]
    assert len(store.profile_contents.load()) == 2
    book.delete("p")
    assert store.profile_versions.load() == []
    assert store.profile_contents.load() == []
    store.close()
