"""Keys that stand in files of the data folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tavernlink.core.access.keys import Keyring
from tavernlink.errors import AuthError
from tavernlink.runtime.declared import DeclaredKeys
from tests.core.stage import Stage

SECRET = "a long secret of my very own"


class Folder:
    """The folder, with a look that tells what happened."""

    def __init__(self, path: Path, ring: Keyring) -> None:
        self.path = path / "keys.d"
        self.told: list[tuple[str, str, str]] = []
        self.keys = DeclaredKeys(path, ring, lambda *told: self.told.append(told))
        self._moment = 1_000_000_000

    def write(self, name: str, text: str) -> None:
        self.path.mkdir(exist_ok=True)
        (self.path / name).write_text(text)
        self._moment += 1  # a second write within the clock's grain is a change too
        os.utime(self.path / name, (self._moment, self._moment))

    def look(self) -> list[tuple[str, str, str]]:
        self.told.clear()
        self.keys.look()
        return list(self.told)


@pytest.fixture
def ring() -> Keyring:
    return Stage().hub.keyring


@pytest.fixture
def folder(tmp_path: Path, ring: Keyring) -> Folder:
    return Folder(tmp_path, ring)


def test_taverns_and_apps_of_a_file_are_let_in_with_their_limits(folder: Folder, ring: Keyring) -> None:
    assert folder.look() == []  # there need be no folder
    digest = hashlib.sha256(b"the tavern's long secret").hexdigest()
    folder.write(
        "friends.toml",
        f"""
        # who comes on Fridays
        [[app]]
        name = "Bot"
        key = "{SECRET}"
        scopes = ["chat:read"]
        taverns = ["Home"]
        rooms = ["lounge"]
        expires = 2999-01-31
        [[tavern]]
        name = "Home"
        sha256 = "{digest}"
        """,
    )
    assert folder.look() == [("keys.loaded", "keys.d/friends.toml", "Home, Bot")]
    assert folder.look() == []
    bot, home = ring.verify(SECRET), ring.verify("the tavern's long secret")
    assert (bot.role, sorted(bot.held), bot.taverns, bot.rooms) == (
        "app",
        ["chat:read"],
        ("Home",),
        ("lounge",),
    )
    assert bot.expires is not None
    assert (home.role, home.taverns) == ("tavern", None)


@pytest.mark.parametrize(
    "broken",
    [
        "[[app]]\nname = ",
        "[[app]]\nname = 'x'",
        "[[king]]\nname = 'x'",
        "[[app]]\nname = 'x'\nkey = 'short'",
        f"[[app]]\nname = 'x'\nkey = '{SECRET}'\nscopes = ['admin']",
        f"[[app]]\nname = 'x'\nkey = '{SECRET}'\nrights = ['all']",
        f"[[app]]\nname = 'x'\nkey = '{SECRET}'\n[[app]]\nname = 'x'\nkey = '{SECRET}2'",
    ],
)
def test_a_broken_file_is_told_and_what_it_declared_before_stays(
    folder: Folder, ring: Keyring, broken: str
) -> None:
    good = f"[[app]]\nname = 'Bot'\nkey = '{SECRET}'\n"
    folder.write("a.toml", good)
    folder.look()
    folder.write("a.toml", broken)
    ((happening, file, why),) = folder.look()
    assert (happening, file) == ("keys.broken", "keys.d/a.toml")
    assert why
    assert SECRET not in why
    assert ring.verify(SECRET).name == "Bot"
    folder.write("a.toml", good.replace("Bot", "Robot"))
    folder.look()
    assert ring.verify(SECRET).name == "Robot"


def test_a_file_that_goes_takes_its_keys_along(folder: Folder, ring: Keyring) -> None:
    folder.write("a.toml", f"[[app]]\nname = 'Bot'\nkey = '{SECRET}'\n")
    folder.look()
    (folder.path / "a.toml").unlink()
    assert folder.look() == [("keys.loaded", "keys.d/a.toml", "none")]
    with pytest.raises(AuthError):
        ring.verify(SECRET)


def test_a_name_that_another_file_has_is_told_and_taken_over_once_that_one_lets_go(
    folder: Folder, ring: Keyring
) -> None:
    folder.write("a.toml", f"[[app]]\nname = 'Bot'\nkey = '{SECRET}'\n")
    folder.write("b.toml", f"[[viewer]]\nname = 'Bot'\nkey = '{SECRET} again'\n")
    assert [told[:2] for told in folder.look()] == [
        ("keys.loaded", "keys.d/a.toml"),
        ("keys.broken", "keys.d/b.toml"),
    ]
    (folder.path / "a.toml").unlink()
    assert [told[:2] for told in folder.look()] == [
        ("keys.loaded", "keys.d/a.toml"),
        ("keys.loaded", "keys.d/b.toml"),
    ]
    assert ring.verify(f"{SECRET} again").role == "viewer"
