"""What was put and is not on disk yet: the newest state of each record, so a record that changes often is written once.

A batch is one transaction, so the disk never shows a state that the memory did not have. Used by two threads, under the
lock of the `Writer`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, Table, and_, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["Batch", "Change", "statements"]

Row = dict[str, Any]
Key = tuple[Any, ...]


class Change:
    """What has become of one record: a whole `row`, some `columns` of one that is there, or neither: it is gone."""

    __slots__ = ("columns", "row")

    def __init__(self, *, row: Row | None = None, columns: Row | None = None) -> None:
        self.row = row
        self.columns = columns

    def then(self, later: Change) -> Change:
        """Both as one."""
        if later.columns is None:
            return later
        if self.row is not None:
            return Change(row=self.row | later.columns)
        return Change(columns=self.columns | later.columns) if self.columns is not None else self


class Batch:
    """Changes by table and primary key."""

    def __init__(self) -> None:
        self.changes: dict[Table, dict[Key, Change]] = {}
        self.count = 0

    def add(self, table: Table, key: Key, change: Change) -> None:
        """Take one more change."""
        changes = self.changes.setdefault(table, {})
        before = changes.get(key)
        if before is None:
            self.count += 1
        changes[key] = change if before is None else before.then(change)

    def has(self, table: Table, key: Key) -> bool:
        """True if this record is in it already."""
        return key in self.changes.get(table, ())

    def add_all(self, later: Batch) -> None:
        """Take in everything of a later batch."""
        for table, changes in later.changes.items():
            for key, change in changes.items():
                self.add(table, key, change)

    def over(self, table: Table, rows: dict[Key, Row]) -> None:
        """Bring rows as they were read up to date."""
        for key, change in self.changes.get(table, {}).items():
            if change.row is not None:
                rows[key] = change.row
            elif change.columns is None:
                rows.pop(key, None)
            elif key in rows:
                rows[key] = rows[key] | change.columns


def statements(batch: Batch, dialect: str) -> list[tuple[Executable, list[Row]]]:
    """Return what writes a batch: each statement with its rows of parameters."""
    found: list[tuple[Executable, list[Row]]] = []
    for table, changes in batch.changes.items():
        gone = [key for key, change in changes.items() if change.row is None and change.columns is None]
        if gone:
            found.append((_delete(table), [_named(table, key) for key in gone]))
        rows = [change.row for change in changes.values() if change.row is not None]
        if rows:
            found.append((_upsert(table, dialect), rows))
        for key, change in changes.items():
            if change.columns is not None:
                found.append((_set(table, change.columns), [_named(table, key)]))
    return found


def _named(table: Table, key: Key) -> Row:
    return {f"key_{column.name}": part for column, part in zip(table.primary_key, key, strict=True)}


def _is(table: Table) -> Any:
    return and_(*(column == bindparam(f"key_{column.name}") for column in table.primary_key))


def _delete(table: Table) -> Executable:
    return delete(table).where(_is(table))


def _set(table: Table, columns: Row) -> Executable:
    return update(table).where(_is(table)).values(columns)


def _upsert(table: Table, dialect: str) -> Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    adding = insert(table)
    keys = list(table.primary_key)
    rest = {column.name: adding.excluded[column.name] for column in table.columns if column not in keys}
    if not rest:
        return adding.on_conflict_do_nothing(index_elements=keys)
    return adding.on_conflict_do_update(index_elements=keys, set_=rest)
