"""The store on a SQL database, through one connection.

One connection, since the core runs on one thread, and since SQLite's `data_version` counts the changes of all *other*
connections: that is how a running hub notices that `tavernlink keys` changed something.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, create_engine, event, inspect, select, text
from sqlalchemy.pool import StaticPool

from tavernlink.core.access.keys import Key
from tavernlink.core.work.bindings import Binding
from tavernlink.store import tables
from tavernlink.store.shelf import TableShelf

__all__ = ["HEAD", "Database", "open_store", "sqlite_url"]

HEAD = "0002"
"""Newest migration; a test holds it against the migrations themselves."""


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"sqlite:///{path.as_posix()}"


def open_store(url: str) -> Database:
    """Open the store at a SQLAlchemy URL and bring its tables up to date."""
    database = Database(url)
    database.migrate()
    return database


class Database:
    """The core's `Store`, on a SQL database."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url, poolclass=StaticPool)
        self._sqlite = self._engine.dialect.name == "sqlite"
        if self._sqlite:
            event.listen(self._engine, "connect", _set_up_sqlite)
        self._connection: Connection = self._engine.connect()
        self.keys = TableShelf(self, tables.keys, Key)
        self.bindings = TableShelf(self, tables.bindings, Binding)

    def migrate(self) -> None:
        """Run the migrations that this database does not have yet."""
        if self._revision() == HEAD:
            return  # loading Alembic takes longer than the rest of the start
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option(
            "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
        )
        config.attributes["connection"] = self._connection
        command.upgrade(config, "head")
        self._connection.commit()

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()
        self._engine.dispose()

    def version(self) -> int:
        """A number that changes when another process changed the database."""
        if self._sqlite:
            found: int = self.read(text("PRAGMA data_version"))[0][0]
            return found
        # Elsewhere: the keys themselves tell. They are few, and this is asked a few times a second at most.
        return hash(
            tuple(
                tuple(row)
                for row in self.read(
                    select(tables.keys.c.id, tables.keys.c.revoked).order_by(tables.keys.c.id)
                )
            )
        )

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call back when everything that was put before is on disk."""
        call()

    def read(self, query: Executable) -> list[Any]:
        """Return the rows of a query."""
        rows = list(self._connection.execute(query).all())
        # Ends the read transaction, so that the next read sees what others wrote.
        self._connection.rollback()
        return rows

    def write(self, *statements: Executable) -> None:
        """Carry out statements together."""
        for statement in statements:
            self._connection.execute(statement)
        self._connection.commit()

    def _revision(self) -> str | None:
        if not inspect(self._connection).has_table("alembic_version"):
            return None
        rows = self.read(text("SELECT version_num FROM alembic_version"))
        return rows[0][0] if rows else None


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # WAL: readers and the writer do not wait for each other. FULL: what was acknowledged survives a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
