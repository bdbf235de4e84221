"""`tavernlink backup` and `restore`: a hub's data in one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tavernlink.cli.access import DataDir, settings_of
from tavernlink.cli.output import fail, note

__all__ = ["backup", "restore"]


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it, e.g. tavernlink-backup.tar.gz.")],
    data_dir: DataDir = None,
    certificates: Annotated[
        bool,
        typer.Option("--certificates", help="The hub's own certificate and authority too, with their keys."),
    ] = False,
    without_database: Annotated[
        bool, typer.Option("--without-database", help="Only settings and declared keys.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Back a hub's data up, also while it runs: database, settings, declared keys. The file is for you only.

    Keys are in it as hashes, settings as they are. A hub on PostgreSQL: use pg_dump for its database.
    """
    from tavernlink.backup import BackupError, write_backup

    try:
        names = write_backup(
            settings_of(data_dir), file, certificates=certificates, database=not without_database, force=force
        )
    except BackupError as error:
        fail(str(error))
    note(f"Wrote {', '.join(names)} to {file}.")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    data_dir: DataDir = None,
    force: Annotated[
        bool, typer.Option("--force", help="Move what is in the data folder aside, into before-restore-TIME.")
    ] = False,
) -> None:
    """Bring a backup back into a data folder, of this version of Tavernlink or an older one. Stop the hub first."""
    from tavernlink.backup import BackupError, restore_backup
    from tavernlink.config import Sources

    folder = Sources({"data_dir": data_dir}).data_dir
    try:
        names = restore_backup(file, folder, force=force)
    except BackupError as error:
        fail(str(error))
    note(f"Restored {', '.join(names)} to {folder}. Start the hub with `tavernlink serve`.")
