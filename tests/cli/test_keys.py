"""`tavernlink keys` on a data folder, with and without a hub that runs on it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
from pathlib import Path

import pytest

import tavernlink
from tavernlink.errors import AuthError
from tests.cli.conftest import Cli
from tests.sdk.house import House


def test_create_prints_the_key_alone_and_keeps_only_a_hash(cli: Cli, tmp_path: Path) -> None:
    made = cli("keys", "create", "--role", "app", "--name", "Bot", "--data-dir", tmp_path / "hub")
    assert (made.status, made.err) == (0, "")
    assert re.fullmatch(r"tl_app_[a-z0-9]+_[0-9a-f]{64}\n", made.out)
    secret = made.out.strip().rsplit("_", 1)[1]
    for file in (tmp_path / "hub").iterdir():
        assert secret.encode() not in file.read_bytes()


def test_list_and_revoke(cli: Cli, tmp_path: Path) -> None:
    here = ("--data-dir", tmp_path / "hub")
    assert "no keys yet" in cli("keys", "list", *here).err
    made = cli("keys", "create", "--role", "tavern", "--name", "My [b]Silly[/b]", *here, "--json").json
    cli("keys", "create", "--role", "viewer", "--name", "Guest", *here)
    shown = cli("keys", "list", *here)
    assert made["id"] in shown.out
    assert "My [b]Silly[/b]" in shown.out
    assert made["key"] not in shown.out
    assert made["id"] in cli("keys", "revoke", made["id"], *here).out
    left = cli("keys", "list", *here, "--json").json
    assert [each["name"] for each in left] == ["Guest"]
    every = cli("keys", "list", "--all", *here, "--json").json
    assert [each["revoked"] is not None for each in every] == [True, False]


def test_a_key_is_narrowed_limited_and_ends(cli: Cli, tmp_path: Path) -> None:
    here = ("--data-dir", tmp_path / "hub")
    made = cli(
        *(
            "keys",
            "create",
            "--role",
            "app",
            "--name",
            "Guest",
            "--scope",
            "chat:read",
            "--scope",
            "chat:write",
        ),
        *("--tavern", "Home", "--room", "lounge", "--expires", "30d", *here, "--json"),
    ).json
    assert (made["scopes"], made["taverns"], made["rooms"]) == (
        ["chat:read", "chat:write"],
        ["Home"],
        ["lounge"],
    )
    assert 29.9 < (made["expires"] - made["created"]) / 86_400 < 30.1
    cli("keys", "create", "--role", "app", "--name", "Old", "--expires", "2999-01-01", *here)
    shown = cli("keys", "list", *here).out
    assert "chat:read, chat:write  Home     lounge" in shown
    assert "2999-01-01" in shown


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--expires", "tomorrow", "2027-01-31"),
        ("--expires", "2001-01-01", "over already"),
        ("--scope", "keys:manage", "cannot hold keys:manage"),
        ("--scope", "chat", "it may hold"),
    ],
)
def test_a_key_that_cannot_be_is_a_wrong_command_line(
    cli: Cli, tmp_path: Path, option: str, value: str, said: str
) -> None:
    refused = cli("keys", "create", "--role", "app", "--name", "x", option, value, "--data-dir", tmp_path)
    assert refused.status == 2
    assert said in " ".join(refused.err.replace("│", " ").split())


def test_keys_of_files_are_listed_and_revoked_there(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "keys.d").mkdir()
    (tmp_path / "keys.d" / "bots.toml").write_text(
        '[[app]]\nname = "Filed"\nkey = "a long secret of my own, 1"\n'
    )
    (tmp_path / "keys.d" / "broken.toml").write_text("[[app]\n")
    shown = cli("keys", "list", "--data-dir", tmp_path)
    assert "with keys.d/bots.toml" in shown.out
    assert "keys.d/broken.toml is left out" in shown.err
    refused = cli("keys", "revoke", "Filed", "--data-dir", tmp_path)
    assert refused.status == 1
    assert "keys.d/bots.toml" in refused.err


def test_what_cannot_be_revoked_is_said(cli: Cli, tmp_path: Path) -> None:
    refused = cli("keys", "revoke", "nobody", "--data-dir", tmp_path / "hub")
    assert refused.status == 1
    assert "'nobody'" in refused.err


def test_a_role_that_does_not_exist_is_a_wrong_command_line(cli: Cli) -> None:
    assert cli("keys", "create", "--role", "king", "--name", "x").status == 2


def test_a_folder_that_cannot_be_used_is_said(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = cli("keys", "list", "--data-dir", tmp_path / "file")
    assert refused.status == 1
    assert str(tmp_path / "file") in refused.err


def test_a_running_hub_takes_a_new_key_and_drops_a_revoked_one(cli: Cli, house: House) -> None:
    here = ("--data-dir", house.hub.server.settings.data_dir)
    key = cli("keys", "create", "--role", "app", "--name", "Late", *here).out.strip()

    async def use() -> None:
        async with tavernlink.connect(house.hub.url, key) as hub, asyncio.timeout(20):
            assert await hub.taverns()
            hearing = asyncio.create_task(anext(hub.subscribe("request.update")))
            revoked = await asyncio.to_thread(cli, "keys", "revoke", "Late", *here)
            assert revoked.status == 0
            with pytest.raises(AuthError) as caught:
                await hearing
            assert caught.value.code == "key_revoked"

    asyncio.run(use())


def test_the_database_is_closed_again(cli: Cli, tmp_path: Path) -> None:
    cli("keys", "create", "--role", "app", "--name", "Bot", "--data-dir", tmp_path)
    with sqlite3.connect(tmp_path / "tavernlink.db") as database:
        database.execute("BEGIN EXCLUSIVE")
    database.close()


def test_a_key_goes_to_a_file_once_and_again_when_it_no_longer_lets_in(cli: Cli, tmp_path: Path) -> None:
    data, file = tmp_path / "hub", tmp_path / "secrets" / "tavern.key"
    make = ("keys", "create", "--role", "tavern", "--name", "tab", "--to-file", file, "--if-missing")
    first = cli(*make, "--data-dir", data)
    assert (first.status, first.out) == (0, ""), first.err
    key = file.read_text("ascii").strip()
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600
    assert cli(*make, "--data-dir", data).status == 0
    assert file.read_text("ascii").strip() == key, "it lets in, so it stays"
    assert [each["name"] for each in cli("keys", "list", "--data-dir", data, "--json").json] == ["tab"]
    cli("keys", "revoke", "tab", "--data-dir", data)
    assert cli(*make, "--data-dir", data).status == 0
    assert file.read_text("ascii").strip() not in ("", key)
    alone = cli("keys", "create", "--role", "tavern", "--name", "x", "--if-missing", "--data-dir", data)
    assert alone.status == 2
