"""Keys: made once, kept as a hash, refused when wrong or revoked."""

from __future__ import annotations

import pytest

from tavernlink.errors import AuthError, NotFound
from tests.core.stage import Stage


def test_a_key_is_known_by_its_text_and_the_store_never_sees_the_secret() -> None:
    stage = Stage()
    key = stage.key("app", "bot")
    text = stage.texts["bot"]
    assert stage.hub.keyring.verify(text).id == key.id
    secret = text.rsplit("_", 1)[1]
    assert secret.encode() not in stage.store.keys.kept[key.id,].digest
    assert secret not in repr(stage.store.keys.kept[key.id,])


@pytest.mark.parametrize("change", ["", "tl_app", "nonsense", None])
def test_what_is_no_key_is_refused(change: str | None) -> None:
    with pytest.raises(AuthError):
        Stage().hub.keyring.verify(change)


def test_a_key_with_another_role_or_secret_in_its_text_is_refused() -> None:
    stage = Stage()
    stage.key("viewer", "v")
    text = stage.texts["v"]
    for wrong in (text.replace("viewer", "admin"), text[:-1] + ("0" if text[-1] != "0" else "1"), text + "0"):
        with pytest.raises(AuthError):
            stage.hub.keyring.verify(wrong)


def test_a_key_that_another_process_made_is_known_and_one_that_it_revoked_is_not() -> None:
    stage = Stage()
    ours = stage.hub.keyring
    theirs = Stage()
    theirs.hub.keyring._store = stage.store
    theirs.clock.time += 5
    key, text = theirs.hub.keyring.create("app", "other")
    stage.store.changes += 1
    assert ours.verify(text).name == "other"
    theirs.hub.keyring.revoke(key.id)
    stage.store.changes += 1
    with pytest.raises(AuthError) as caught:
        ours.verify(text)
    assert caught.value.code == "key_revoked"


def test_revoking_by_name_takes_every_key_of_that_name_and_an_unknown_one_is_an_error() -> None:
    stage = Stage()
    stage.key("app", "bot")
    stage.key("app", "bot")
    assert len(stage.hub.keyring.revoke("bot")) == 2
    with pytest.raises(NotFound):
        stage.hub.keyring.revoke("bot")
