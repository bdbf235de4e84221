"""A hub's data in one file, and back: database, settings, declared keys and, where wanted, certificates.

A backup is a gzipped tar with `manifest.json` first: its format, who wrote it, and a SHA-256 for each file. It is made
by SQLite's own backup, so it is consistent while the hub runs. A restore looks at everything before it touches anything
and moves aside what it replaces.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import make_url

from tavernlink.config import FILE_NAME
from tavernlink.config.editing import read_text
from tavernlink.private_file import write_private
from tavernlink.runtime.folder_lock import FolderLock
from tavernlink.store.database import HEAD
from tavernlink.version import __version__

if TYPE_CHECKING:
    from tavernlink.config import Settings

__all__ = ["BackupError", "restore_backup", "write_backup"]

_FORMAT = 1
_MANIFEST = "manifest.json"
_DATABASE = "tavernlink.db"
_LEFTOVERS = (f"{_DATABASE}-wal", f"{_DATABASE}-shm")
_CERTIFICATES = ("ca.pem", "ca.key", "hub.pem", "hub.key")
_NAMES = re.compile(
    rf"{re.escape(_DATABASE)}|{re.escape(FILE_NAME)}|keys\.d/[\w .-]+\.toml|tls/({'|'.join(_CERTIFICATES)})"
)
_LARGEST = 64 << 30


class BackupError(Exception):
    """It cannot be backed up or restored; the message says why and what to do."""


class _Manifest(msgspec.Struct, kw_only=True, frozen=True):
    format: int
    tavernlink: str
    database: str | None
    """Revision of the database's tables."""
    created: str
    files: dict[str, str]
    """Name → SHA-256."""


def write_backup(
    settings: Settings,
    target: Path,
    *,
    certificates: bool = False,
    database: bool = True,
    force: bool = False,
) -> list[str]:
    """Write everything into `target`, for its owner only, and return the names. Raises `BackupError`."""
    if target.exists() and not force:
        raise BackupError(f"{target} is there already. Name another file, or say --force.")
    if not settings.data_dir.is_dir():
        raise BackupError(f"There is no data folder {settings.data_dir}. Name it with --data-dir.")
    try:
        with tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".tavernlink-backup-") as folder:
            files = _small_files(settings, certificates=certificates)
            revision = None
            if database:
                copy = Path(folder, _DATABASE)
                revision = _copy_database(_sqlite_file(settings), copy)
                files = {_DATABASE: copy, **files}
            packed = Path(folder, "packed")
            _pack(packed, files, revision)
            packed.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"Cannot back up {settings.data_dir} to {target}: {error}.") from None
    return list(files)


def restore_backup(source: Path, data_dir: Path, *, force: bool = False) -> list[str]:
    """Bring a backup into a data folder and return the names. Raises `BackupError`; then nothing was changed."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(data_dir), tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as folder:
            names = _unpack(source, Path(folder))
            there = [name for name in (*names, *_LEFTOVERS) if (data_dir / name).exists()]
            if there and not force:
                raise BackupError(
                    f"{data_dir} has {', '.join(there)} already. Choose another folder with --data-dir, or say "
                    "--force: what is there is then moved aside."
                )
            _move_aside(data_dir, there)
            for name in names:
                (data_dir / name).parent.mkdir(mode=0o700, exist_ok=True)
                Path(folder, name).replace(data_dir / name)
    except (OSError, tarfile.TarError, gzip.BadGzipFile, EOFError, sqlite3.Error) as error:
        raise BackupError(f"Cannot restore {source} to {data_dir}: {error}.") from None
    return names


def _sqlite_file(settings: Settings) -> Path:
    url = make_url(settings.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BackupError(
            f"The hub's data is in {url.get_backend_name()}: back it up with that database's own tool (pg_dump), and "
            "say --without-database for the rest."
        )
    file = Path(url.database)
    if not file.is_file():
        raise BackupError(f"There is no database {file}. Name the hub's data folder with --data-dir.")
    return file


def _copy_database(file: Path, copy: Path) -> str | None:
    """Copy a database that may be in use; return the revision of its tables."""
    with closing(sqlite3.connect(file, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        # One file that needs nothing beside it.
        target.execute("PRAGMA journal_mode=DELETE")
    return _check_database(copy)


def _check_database(file: Path) -> str | None:
    with closing(sqlite3.connect(file)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise BackupError(f"The database is damaged: {verdict}.")
        found = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if found else None
    return str(row[0]) if row else None


def _small_files(settings: Settings, *, certificates: bool) -> dict[str, Path]:
    folder = settings.data_dir
    wanted = [folder / FILE_NAME, *sorted((folder / "keys.d").glob("*.toml"))]
    if certificates:
        wanted += [folder / "tls" / name for name in _CERTIFICATES]
    return {path.relative_to(folder).as_posix(): path for path in wanted if path.is_file()}


def _pack(target: Path, files: dict[str, Path], revision: str | None) -> None:
    manifest = _Manifest(
        format=_FORMAT,
        tavernlink=__version__,
        database=revision,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        files={name: _digest(path) for name, path in files.items()},
    )
    write_private(target, b"")
    with tarfile.open(target, "w:gz") as tar:
        written = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        tar.addfile(_entry(_MANIFEST, len(written)), io.BytesIO(written))
        for name, path in files.items():
            with path.open("rb") as file:
                tar.addfile(_entry(name, path.stat().st_size), file)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o600
    entry.mtime = int(datetime.now(UTC).timestamp())
    return entry


def _unpack(source: Path, folder: Path) -> list[str]:
    """Unpack into a folder and check everything; return the names."""
    with tarfile.open(source, "r:gz") as tar:
        first = tar.next()
        if first is None or first.name != _MANIFEST or first.size > 1 << 20:
            raise BackupError(f"{source} is no backup of Tavernlink.")
        manifest = _read_manifest(tar, first, source)
        names: list[str] = []
        while (entry := tar.next()) is not None:
            if not entry.isreg() or not _NAMES.fullmatch(entry.name) or entry.size > _LARGEST:
                raise BackupError(f"{source} holds {entry.name!r}, which no backup of Tavernlink does.")
            data = tar.extractfile(entry)
            if data is None:
                raise BackupError(f"{entry.name!r} in {source} cannot be read.")
            target = folder / entry.name
            target.parent.mkdir(mode=0o700, exist_ok=True)
            write_private(target, b"")
            with data, target.open("wb") as file:
                while part := data.read(1 << 20):
                    file.write(part)
            if _digest(target) != manifest.files.get(entry.name):
                raise BackupError(
                    f"{entry.name!r} in {source} is not what was backed up: the file is damaged."
                )
            names.append(entry.name)
    if missing := set(manifest.files) - set(names):
        raise BackupError(f"{source} is not whole: {', '.join(sorted(missing))} is missing.")
    _check_contents(folder, names)
    return names


def _read_manifest(tar: tarfile.TarFile, entry: tarfile.TarInfo, source: Path) -> _Manifest:
    data = tar.extractfile(entry)
    try:
        manifest = msgspec.json.decode(data.read() if data else b"", type=_Manifest)
    except msgspec.DecodeError:
        raise BackupError(f"{source} is no backup of Tavernlink.") from None
    if manifest.format > _FORMAT or (manifest.database or "") > HEAD:
        raise BackupError(
            f"{source} was made by Tavernlink {manifest.tavernlink}, which is newer than this one ({__version__}). "
            "Update this installation first."
        )
    return manifest


def _check_contents(folder: Path, names: list[str]) -> None:
    if _DATABASE in names and (_check_database(folder / _DATABASE) or "") > HEAD:
        raise BackupError("The database in it is of a newer Tavernlink. Update this installation first.")
    if FILE_NAME in names:
        read_text(folder / FILE_NAME)


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    lock = FolderLock(data_dir)
    if not lock.take():
        raise BackupError(f"A hub runs on {data_dir}. Stop it first.")
    try:
        yield
    finally:
        lock.release()


def _move_aside(data_dir: Path, names: list[str]) -> None:
    if not names:
        return
    aside = data_dir / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    aside.mkdir(mode=0o700)
    for name in names:
        (aside / name).parent.mkdir(mode=0o700, exist_ok=True)
        (data_dir / name).replace(aside / name)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
