"""Backup and restore: whole, consistent while the hub runs, and nothing overwritten by accident."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tavernlink.app import Server
from tavernlink.backup import BackupError, restore_backup, write_backup
from tavernlink.config import FILE_NAME, Settings
from tests.operations.conftest import OpenHub

pytestmark = pytest.mark.timeout(180)


async def test_a_hub_that_runs_is_backed_up_and_comes_back_elsewhere(
    open_hub: OpenHub, tmp_path: Path
) -> None:
    house = await open_hub(tls=True)
    house.server.configuration.edit({"app_rate": 7})
    folder = house.server.settings.data_dir
    (folder / "keys.d").mkdir(exist_ok=True)
    (folder / "keys.d" / "bot.toml").write_text("# nobody\n")
    file = tmp_path / "hub.tar.gz"
    keyring = house.runtime.core.keyring
    kept = [keyring.create("app", f"key {number}")[0].id for number in range(50)]
    await house.server.stop()  # what was acknowledged is on disk; the next hub is running while it is copied
    async with Server(Settings(port=0, data_dir=folder)) as running:
        names = write_backup(running.settings, file, certificates=True)
        running.runtime.core.keyring.create("app", "later")
    assert set(names) == {
        "tavernlink.db",
        FILE_NAME,
        "keys.d/bot.toml",
        *(f"tls/{each}" for each in ("ca.pem", "ca.key", "hub.pem", "hub.key")),
    }
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
    elsewhere = tmp_path / "elsewhere"
    assert set(restore_backup(file, elsewhere)) == set(names)
    if os.name == "posix":
        assert {path.stat().st_mode & 0o777 for path in elsewhere.rglob("*") if path.is_file()} == {0o600}
    async with Server(Settings(port=0, data_dir=elsewhere)) as restored:
        assert restored.settings.app_rate == 7
        found = restored.runtime.core.keyring.listed()
        assert set(kept) <= {key.id for key in found}
        assert "later" not in {key.name for key in found}
        assert restored.runtime.core.keyring.verify(house.keys["app"]).role == "app"


async def test_certificates_are_left_out_unless_wanted(open_hub: OpenHub, tmp_path: Path) -> None:
    house = await open_hub(tls=True)
    assert write_backup(house.server.settings, tmp_path / "b.tar.gz") == ["tavernlink.db"]


def made(folder: Path) -> Path:
    """A backup of a small database, and settings."""
    data = folder / "data"
    data.mkdir()
    (data / FILE_NAME).write_text("app_rate = 7\n")
    with closing(sqlite3.connect(data / "tavernlink.db")) as connection:
        connection.execute("CREATE TABLE things (name TEXT)")
        connection.execute("INSERT INTO things VALUES ('old')")
        connection.commit()
    file = folder / "backup.tar.gz"
    write_backup(Settings(data_dir=data), file)
    return file


def things(folder: Path) -> list[Any]:
    with closing(sqlite3.connect(folder / "tavernlink.db")) as connection:
        return connection.execute("SELECT name FROM things").fetchall()


def test_nothing_is_overwritten_by_accident(tmp_path: Path) -> None:
    file = made(tmp_path)
    with pytest.raises(BackupError, match="--force"):
        write_backup(Settings(data_dir=tmp_path / "data"), file)
    write_backup(Settings(data_dir=tmp_path / "data"), file, force=True)
    target = tmp_path / "target"
    target.mkdir()
    (target / FILE_NAME).write_text("app_rate = 1\n")
    (target / "tavernlink.db-wal").write_text("of another database")
    with pytest.raises(BackupError, match=FILE_NAME):
        restore_backup(file, target)
    assert (target / FILE_NAME).read_text() == "app_rate = 1\n"
    restore_backup(file, target, force=True)
    assert (target / FILE_NAME).read_text() == "app_rate = 7\n"
    assert things(target) == [("old",)]
    (aside,) = target.glob("before-restore-*")
    assert (aside / FILE_NAME).read_text() == "app_rate = 1\n"
    assert (aside / "tavernlink.db-wal").exists()


async def test_a_folder_with_a_running_hub_is_left_alone(open_hub: OpenHub, tmp_path: Path) -> None:
    house = await open_hub()
    (tmp_path / "made").mkdir()
    with pytest.raises(BackupError, match="Stop it first"):
        restore_backup(made(tmp_path / "made"), house.server.settings.data_dir, force=True)


def repacked(file: Path, change: Any) -> Path:
    """The same backup with entries as `change(name, data)` returns them."""
    entries: list[tuple[str, bytes]] = []
    with tarfile.open(file) as tar:
        for entry in tar:
            data = tar.extractfile(entry)
            assert data is not None
            entries += change(entry.name, data.read())
    target = file.with_name("changed.tar.gz")
    with tarfile.open(target, "w:gz") as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return target


def newer(name: str, data: bytes) -> list[tuple[str, bytes]]:
    if name == "manifest.json":
        data = json.dumps({**json.loads(data), "database": "9999", "tavernlink": "99.0"}).encode()
    return [(name, data)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (newer, "newer"),
        (lambda name, data: [(name, data + (b" " if name == FILE_NAME else b""))], "damaged"),
        (lambda name, data: [] if name == FILE_NAME else [(name, data)], "not whole"),
        (lambda name, data: [] if name == "manifest.json" else [(name, data)], "no backup"),
        (lambda name, data: [(name, data), ("../evil.toml", b"")], "no backup of Tavernlink does"),
        (lambda name, data: [(name, data), ("/etc/evil.toml", b"")], "no backup of Tavernlink does"),
        (lambda name, data: [(name, data), ("keys.d/../../evil.toml", b"")], "no backup of Tavernlink does"),
    ],
)
def test_a_backup_that_is_not_what_it_should_be_changes_nothing(
    tmp_path: Path, change: Any, told: str
) -> None:
    file = repacked(made(tmp_path), change)
    target = tmp_path / "target"
    with pytest.raises(BackupError, match=told):
        restore_backup(file, target)
    assert {path.name for path in target.iterdir()} <= {"hub.lock"}
    assert not (tmp_path / "evil.toml").exists()


@pytest.mark.parametrize("data", [b"", b"nonsense", gzip.compress(b"nonsense", mtime=0)])
def test_what_is_no_backup_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.tar.gz"
    file.write_bytes(data)
    with pytest.raises(BackupError, match=r"Cannot restore|no backup"):
        restore_backup(file, tmp_path / "target")


def test_other_databases_are_for_their_own_tools(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://db.example/tavernlink")
    with pytest.raises(BackupError, match="pg_dump"):
        write_backup(settings, tmp_path / "b.tar.gz")
    (tmp_path / FILE_NAME).write_text("app_rate = 7\n")
    assert write_backup(settings, tmp_path / "b.tar.gz", database=False) == [FILE_NAME]
