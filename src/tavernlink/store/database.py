"""The store on a SQL database: SQLite by default, PostgreSQL by URL.

Two ways of writing. A command of the CLI writes at once: `put` returns when the record is on disk. A hub calls `start`
after it has read everything: from then on a thread of its own writes, and `after_commit` calls back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Table, create_engine, event, inspect, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from tavernlink.core.access.keys import Key
from tavernlink.core.inbox.letter import InboxOwner, Letter
from tavernlink.core.profiles.book import ProfileContent, ProfileVersion
from tavernlink.core.rooms.records import (
    HeldMessage,
    InvitationRecord,
    MemberRecord,
    RoomRecord,
    SanctionRecord,
)
from tavernlink.core.routing.rulebook import RouteRecord
from tavernlink.core.schedules.records import ScheduleRecord
from tavernlink.core.webhooks.records import DeliveryRecord, WebhookRecord
from tavernlink.core.work.bindings import Binding
from tavernlink.core.work.ledger import KeptRequest
from tavernlink.core.work.pool import Pin
from tavernlink.errors import Unavailable
from tavernlink.protocol.access import AuditEntry
from tavernlink.store import tables
from tavernlink.store.pending import Batch, Change, Row
from tavernlink.store.shelf import TableShelf
from tavernlink.store.writer import Writer, reason_of, write_batch

__all__ = ["HEAD", "Database", "open_store", "sqlite_url"]

HEAD = "0003"
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
        self._engine: Engine = create_engine(_with_driver(url), poolclass=NullPool, hide_parameters=True)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _set_up_sqlite)
        self._connection: Connection = self._engine.connect()
        self._writer: Writer | None = None
        self._version = 0
        self.puts = 0
        self.keys = TableShelf(self, tables.keys, Key)
        self.audit = TableShelf(self, tables.audit, AuditEntry)
        self.bindings = TableShelf(self, tables.bindings, Binding)
        self.inbox_owners = TableShelf(self, tables.inbox_owners, InboxOwner)
        self.inbox = TableShelf(self, tables.inbox, Letter)
        self.requests = TableShelf(self, tables.requests, KeptRequest)
        self.routes = TableShelf(self, tables.routes, RouteRecord)
        self.pins = TableShelf(self, tables.pins, Pin)
        self.rooms = TableShelf(self, tables.rooms, RoomRecord)
        self.room_members = TableShelf(self, tables.room_members, MemberRecord)
        self.room_sanctions = TableShelf(self, tables.room_sanctions, SanctionRecord)
        self.room_invitations = TableShelf(self, tables.room_invitations, InvitationRecord)
        self.room_held = TableShelf(self, tables.room_held, HeldMessage)
        self.profile_versions = TableShelf(self, tables.profile_versions, ProfileVersion)
        self.profile_contents = TableShelf(self, tables.profile_contents, ProfileContent)
        self.webhooks = TableShelf(self, tables.webhooks, WebhookRecord)
        self.webhook_deliveries = TableShelf(self, tables.webhook_deliveries, DeliveryRecord)
        self.schedules = TableShelf(self, tables.schedules, ScheduleRecord)

    def start(self, to_loop: Callable[[Callable[[], None]], object]) -> None:
        """From now on a thread writes; `to_loop` brings a call from there to the event loop."""
        self._writer = Writer(self._engine, to_loop)

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
        """Write what waits and let the database go. May take a few seconds where the disk is slow."""
        if self._writer is not None:
            self._writer.stop()
        self._connection.close()
        self._engine.dispose()

    @property
    def trouble(self) -> Unavailable | None:
        """Why nothing can be kept just now; None while all is well."""
        return None if self._writer is None else self._writer.trouble

    def version(self) -> int:
        """A number that changes when anybody put or removed a key; the last known one where the database is silent."""
        try:
            rows = self.read(select(tables.editions.c.number).where(tables.editions.c.name == "keys"))
        except DBAPIError:
            return self._version
        self._version = rows[0][0] if rows else 0
        return self._version

    def after_commit(
        self, call: Callable[[], None], failed: Callable[[Unavailable], None] | None = None
    ) -> None:
        """Call back when everything that was put before is on disk; `failed` where the disk refuses it."""
        if self._writer is None:
            call()
        else:
            self._writer.after(call, failed or _ignore)

    def pending(self, table: Table) -> Callable[[dict[tuple[Any, ...], Row]], None]:
        """Return what adds to rows, read after this call, that which is not on disk yet."""
        return _nothing if self._writer is None else self._writer.over(table)

    def read(self, query: Executable) -> list[Any]:
        """Return the rows of a query."""
        try:
            return self._read(query)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # A server that was restarted: over a new connection, now or when it is back.
            self._connection.close()
        return self._read(query)

    def _read(self, query: Executable) -> list[Any]:
        if self._connection.closed:
            self._connection = self._engine.connect()
        try:
            return list(self._connection.execute(query).all())
        finally:
            # Ends the read transaction, so that the next read sees what others wrote.
            self._connection.rollback()

    def change(self, table: Table, key: tuple[Any, ...], change: Change, *, counts: bool = True) -> None:
        """Write one change, now or soon. Raises `Unavailable` (`storage_failed`) where it cannot be kept."""
        batch = Batch()
        batch.add(table, key, change)
        if counts:
            self.puts += 1
            if table is tables.keys:
                batch.add(
                    tables.editions, ("keys",), Change(columns={"number": tables.editions.c.number + 1})
                )
        if self._writer is not None:
            for each, changes in batch.changes.items():
                for name, what in changes.items():
                    self._writer.add(each, name, what)
            return
        try:
            write_batch(self._connection, batch)
        except SQLAlchemyError as error:
            raise Unavailable("storage_failed", details={"reason": reason_of(error)}) from error

    def _revision(self) -> str | None:
        if not inspect(self._connection).has_table("alembic_version"):
            return None
        rows = self.read(text("SELECT version_num FROM alembic_version"))
        return rows[0][0] if rows else None


def _with_driver(url: str) -> str:
    """A PostgreSQL URL as people write it, with the driver that is installed."""
    scheme, colon, rest = url.partition("://")
    return f"postgresql+psycopg{colon}{rest}" if scheme in ("postgres", "postgresql") else url


def _nothing(_rows: object) -> None:
    """There is nothing to add."""


def _ignore(_error: Unavailable) -> None:
    """Nobody asked."""


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # WAL: readers and the writer do not wait for each other. FULL: what was acknowledged survives a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
