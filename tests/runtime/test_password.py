"""The taverns' password: hashed where it stood in the clear, and good in the place of a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tavernlink.config import Sources
from tavernlink.errors import BadMessage, TavernlinkError
from tavernlink.runtime.configuration import Configuration
from tavernlink.runtime.password import Password, is_hash, seal
from tests.core.stage import Stage

WORD = "correct horse battery"


def test_a_plain_password_in_the_file_is_hashed_and_nothing_else_is_touched(tmp_path: Path) -> None:
    file = tmp_path / "tavernlink.toml"
    file.write_text(f'# ours\nport = 0  # any\ntavern_password = "{WORD}"  # for friends\napp_rate = 10.0\n')
    configuration = Configuration(Sources({"data_dir": tmp_path}, {}))
    seal(configuration)
    text = file.read_text()
    assert WORD not in text
    hashed = configuration.settings.tavern_password
    assert hashed is not None
    assert is_hash(hashed)
    assert text == f'# ours\nport = 0  # any\ntavern_password = "{hashed}"  # for friends\napp_rate = 10.0\n'
    seal(configuration)
    assert file.read_text() == text
    assert [each.value for each in configuration.described() if each.name == "tavern_password"] == ["…"]


def test_one_of_the_environment_stays_where_it_is(tmp_path: Path) -> None:
    configuration = Configuration(Sources({"data_dir": tmp_path}, {"TAVERNLINK_TAVERN_PASSWORD": WORD}))
    seal(configuration)
    assert not (tmp_path / "tavernlink.toml").exists()


def test_the_right_password_is_a_taverns_key_until_it_changes() -> None:
    stage = Stage()
    password = Password(stage.hub.keyring, 0.0, 0.0)
    assert password.verify(WORD, 0.0) is None
    password.adopt(WORD)
    assert password.verify("wrong", 0.0) is None
    assert password.verify("", 0.0) is None
    key = password.verify(WORD, 0.0)
    assert key is not None
    assert key.role == "tavern"
    assert "admin" not in key.held
    tavern = stage.join("tavern", key=key)
    password.adopt(WORD)  # the same again: nothing ends
    stage.wait(1)
    assert tavern.line.closed is None
    password.adopt("another one")
    stage.wait(1)
    assert password.verify(WORD, 0.0) is None
    assert stage.hub.keyring.why_ended(key.id) == "key_revoked"


def test_wrong_passwords_are_rationed_but_one_that_was_right_before_is_known() -> None:
    password = Password(Stage().hub.keyring, 0.0, 0.0)
    password.adopt(WORD)
    assert password.verify(WORD, 0.0)
    with pytest.raises(BadMessage) as caught:
        for number in range(12):
            password.verify(f"guess {number}", 0.0)
    assert caught.value.code == "rate_limited"
    assert password.verify(WORD, 0.0)


def test_a_file_that_cannot_be_written_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tavernlink.toml").write_text(f'tavern_password = "{WORD}"\n')
    configuration = Configuration(Sources({"data_dir": tmp_path}, {}))

    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr("tavernlink.runtime.configuration.write_private", refuse)
    with pytest.raises(TavernlinkError, match="read-only"):
        seal(configuration)
