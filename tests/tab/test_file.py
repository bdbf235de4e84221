"""The file of tabs: what it may say, what it leaves to others, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tavernlink.tab import BrowserTabError, TabOptions
from tavernlink.tab.file import folder_of, parse_basic_auth, parse_size, read_tabs
from tavernlink.tab.rules import answer_to

GIVEN = TabOptions(url="http://127.0.0.1:8000", hub="http://127.0.0.1:8001", key="from the command line")


def written(folder: Path, text: str) -> Path:
    file = folder / "tabs.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_tab_says_what_is_its_own_and_the_file_what_all_have(tmp_path: Path) -> None:
    (tmp_path / "alice.txt").write_text("wonder:land\n", "utf-8")
    file = written(
        tmp_path,
        """
        hub = "https://hub.example"
        key_file = "hub.key"
        memory_limit = "1.5 GB"
        recycle_hours = 12
        password = "${ST_PASSWORD}"

        [[tabs]]
        name = "Home"
        account = "alice"
        password_file = "alice.txt"
        basic_auth_file = "alice.txt"
        character = "Seraphina"

        [[tabs]]
        name = "two / 二"
        url = "http://127.0.0.1:9000"
        account = "bob"
        key = "${KEY}"
        profile = "elsewhere"
        memory_limit = 800000000

        [[dialogs]]
        pattern = "install .* extension"
        answer = "No, cancel"
        """,
    )
    home, two = read_tabs(file, GIVEN, {"ST_PASSWORD": "builder", "KEY": "k"})
    assert (home.name, home.url, home.hub) == ("Home", GIVEN.url, "https://hub.example")
    assert (home.key, home.key_file) == (None, tmp_path / "hub.key")
    assert (home.account, home.password, home.basic_auth) == ("alice", "wonder:land", ("wonder", "land"))
    assert (home.memory_limit, home.recycle_seconds) == (1_500_000_000, 43_200)
    assert home.profile == tmp_path / "tabs" / "Home"
    assert (two.url, two.password, two.key, two.key_file) == ("http://127.0.0.1:9000", "builder", "k", None)
    assert (two.profile, two.memory_limit) == (tmp_path / "elsewhere", 800_000_000)
    assert answer_to(two.dialogs, "Do you want to INSTALL this extension?") == "No, cancel"
    assert answer_to(two.dialogs, "This character has an embedded World/Lorebook.") == "cancel"
    assert answer_to(two.dialogs, "ERROR: Chat integrity check failed while saving the file.") is None
    assert "wonder" not in repr(home), "no secret is shown by accident"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tabs = []", "length >= 1"),
        ('[[tabs]]\nurl = "http://x"', "name"),
        ('[[tabs]]\nname = "a"\nnmae = "b"', "nmae"),
        ('[[tabs]]\nname = "a"\npassword = "${NOBODY_SAYS}"', "NOBODY_SAYS"),
        ('[[tabs]]\nname = "a"\npassword_file = "absent"', "absent"),
        ('[[tabs]]\nname = "a"\nmemory_limit = "big"', "1.5GB"),
        ('[[tabs]]\nname = "a"\nmemory_limit = 5', "100 MB"),
        ('[[tabs]]\nname = "a"\nbasic_auth = "alice"', "NAME:PASSWORD"),
        ('[[tabs]]\nname = "a"\n[[dialogs]]\npattern = "("\nanswer = "ok"', "regular expression"),
        ("[[tabs", "Expected"),
    ],
)
def test_what_does_not_fit_is_named_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BrowserTabError, match=r"tabs\.toml does not fit") as caught:
        read_tabs(written(tmp_path, text), GIVEN, {})
    assert caught.value.code == "invalid_settings"
    assert told in caught.value.message
    with pytest.raises(BrowserTabError):
        read_tabs(tmp_path / "absent.toml", GIVEN, {})


def test_sizes_and_folders() -> None:
    assert [parse_size(text) for text in ("1.5GB", " 800 mib ", 200_000_000)] == [
        1_500_000_000,
        838_860_800,
        200_000_000,
    ]
    assert parse_basic_auth("alice:a:b") == ("alice", "a:b")
    root = Path("profiles")
    assert folder_of(root, "Home") == root / "Home"
    names = ["a/b", "a\\b", "../..", "二", "COM: 1"]
    folders = [folder_of(root, name) for name in names]
    assert len(set(folders)) == len(names)
    assert all(folder.parent == root and folder.name not in {"", ".", ".."} for folder in folders)
