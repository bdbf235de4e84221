"""`tavernlink profiles` against a hub with a scripted tavern; by it, the SDK's blocking side too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.sdk.house import House

INFO: dict[str, Any] = {
    "profile": "house",
    "version": 7,
    "time": 1_800_000_000.0,
    "author": "x",
    "note": "",
    "items": 1,
    "size": 2,
    "kinds": {"regex": 1},
}


@pytest.fixture
def there(house: House) -> tuple[str, ...]:
    return ("--url", house.hub.url, "--key", house.hub.app_key)


def profile_file(folder: Path, **contents: dict[str, Any]) -> Path:
    path = folder / "house.json"
    items = [{"kind": "regex", "name": name, "content": content} for name, content in contents.items()]
    path.write_text(json.dumps({"info": INFO, "items": items}), "utf-8")
    return path


def test_a_profile_is_imported_shown_compared_exported_and_deleted(
    cli: Cli, there: tuple[str, ...], tmp_path: Path
) -> None:
    assert "no profiles yet" in cli("profiles", "list", *there).err
    first = profile_file(tmp_path, stars={"findRegex": "*", "api_key": "hidden"})
    assert cli("profiles", "import", first, *there).out == "house is at version 1 with 1 items.\n"
    second = profile_file(tmp_path, stars={"findRegex": "**"}, 波={"x": 1})
    assert cli("profiles", "import", second, "--note", "more", *there).out.startswith("house is at version 2")
    (listed,) = cli("profiles", "list", "--json", *there).json
    assert (listed["version"], listed["items"], listed["note"]) == (2, 2, "more")
    assert [one["version"] for one in cli("profiles", "history", "house", "--json", *there).json] == [2, 1]
    assert "stars" in cli("profiles", "show", "house", *there).out
    assert cli("profiles", "diff", "house", *there).out == (
        'changed  regex/stars\n    findRegex\n      - "*"\n      + "**"\nadded    regex/波\n'
    )
    out = tmp_path / "out.json"
    cli("profiles", "export", "house", out, "--version", "1", *there)
    assert json.loads(out.read_text("utf-8"))["items"][0]["content"] == {"findRegex": "*"}
    assert cli("profiles", "import", out, "--name", "copy", *there).out.startswith("copy is at version 1")
    assert cli("profiles", "delete", "copy", *there).out == "Deleted copy.\n"
    missing = cli("profiles", "show", "copy", *there)
    assert (missing.status, "[unknown_profile]" in missing.err) == (1, True)
    out.write_text("{}", "utf-8")
    assert "not a file that" in cli("profiles", "import", out, *there).err


def test_a_tavern_publishes_applies_and_undoes(
    cli: Cli, there: tuple[str, ...], house: House, tmp_path: Path
) -> None:
    cli("profiles", "import", profile_file(tmp_path, stars={"findRegex": "*"}), *there)
    stars = {"kind": "regex", "name": "stars"}
    changes = [
        {**stars, "change": "added"},
        {"kind": "lorebook", "name": "Eldoria", "change": "changed", "held": "conflict"},
    ]
    house.tavern.results = {
        "profile.publish": INFO,
        "profile.apply": {
            "profile": "house",
            "version": 1,
            "changes": changes,
            "applied": [stars],
            "backup": "b",
        },
        "profile.undo": {"profile": "house", "version": 1, "restored": [stars], "backup": "c"},
    }
    published = cli("profiles", "publish", "house", "--kind", "regex", "--item", "lorebook/A/B", *there)
    assert published.out == "house is at version 7 with 1 items.\n"
    sent = house.tavern.commands[-1]["args"]
    assert sent == {"profile": "house", "kinds": ["regex"], "items": [{"kind": "lorebook", "name": "A/B"}]}
    applied = cli("profiles", "apply", "house", *there)
    assert applied.out == "regex/stars\n"
    assert "not taken over: lorebook/Eldoria: it was changed there" in applied.err
    assert "added    regex/stars" in cli("profiles", "diff", "house", "--tavern", "default", *there).out
    assert house.tavern.commands[-1]["args"] == {"profile": "house", "dry_run": True}
    assert cli("profiles", "undo", *there).out == "regex/stars\n"
    assert cli("profiles", "publish", "house", *there).status == 2
    assert "no kind 'themes'" in cli("profiles", "publish", "house", "--kind", "themes", *there).err
