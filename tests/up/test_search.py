"""Finding a SillyTavern on this machine."""

from __future__ import annotations

import json
from pathlib import Path

from tavernlink.up.search import find_folders, find_servers
from tests.up.servers import answering


def sillytavern(place: Path, version: str = "1.19.0") -> Path:
    place.mkdir(parents=True)
    (place / "package.json").write_text(json.dumps({"name": "sillytavern", "version": version}))
    (place / "server.js").write_text("")
    return place


def test_the_folder_one_stands_in_comes_first_and_each_is_named_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    here = sillytavern(home / "SillyTavern", "1.18.0")
    launcher = sillytavern(home / "Documents" / "SillyTavern-Launcher" / "SillyTavern")
    (home / "Desktop" / "SillyTavern").mkdir(parents=True)  # something else of that name
    found = find_folders(home, here)
    assert [(each.path, each.version) for each in found] == [(here, "1.18.0"), (launcher, "1.19.0")]
    assert [each.path for each in find_folders(home, home)] == [here, launcher]


def test_there_may_be_none(tmp_path: Path) -> None:
    assert find_folders(tmp_path, tmp_path) == []


async def test_a_server_is_known_by_its_page_or_by_its_question_for_a_password() -> None:
    page = b"<html><head><title>SillyTavern</title></head>"
    async with (
        answering(200, page) as open_one,
        answering(401, b"", ("WWW-Authenticate", 'Basic realm="SillyTavern", charset="UTF-8"')) as locked,
        answering(200, b"<title>Something else</title>") as other,
    ):
        found = await find_servers([open_one, locked, other, 9])
    assert found == [f"http://127.0.0.1:{port}" for port in (open_one, locked)]
