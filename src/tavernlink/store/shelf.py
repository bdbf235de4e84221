"""One kind of record in one table: read whole at the start, then written record by record.

A record is a msgspec Struct whose fields are the table's columns; what is not a plain value goes into a JSON column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from sqlalchemy import Table, select

from tavernlink.store.pending import Change

if TYPE_CHECKING:
    from tavernlink.store.database import Database

__all__ = ["TableShelf"]

Record = TypeVar("Record", bound=msgspec.Struct)


class TableShelf(Generic[Record]):
    """The core's `Shelf`, on a table with the same names."""

    def __init__(self, database: Database, table: Table, kind: type[Record]) -> None:
        self._database = database
        self._table = table
        self._kind = kind
        self._key = [column.name for column in table.primary_key]

    def load(self) -> list[Record]:
        """Every record, those too that are not on disk yet."""
        names = self._kind.__struct_fields__
        bring_up = self._database.pending(self._table)
        read = self._database.read(select(*(self._table.c[name] for name in names)))
        rows = {}
        for values in read:
            row = dict(zip(names, values, strict=True))
            rows[tuple(row[name] for name in self._key)] = row
        bring_up(rows)
        return [msgspec.convert(row, self._kind) for row in rows.values()]

    def put(self, record: Record) -> None:
        """Insert a record, or replace the one with the same primary key."""
        row = msgspec.to_builtins(record, builtin_types=(bytes,))
        self._database.change(self._table, tuple(row[name] for name in self._key), Change(row=row))

    def remove(self, *key: Any) -> None:
        """Delete the record with this primary key; nothing happens if there is none."""
        self._database.change(self._table, key, Change())

    def set(self, *key: Any, **fields: Any) -> None:
        """Change some fields of the record with this key, and nothing else of it; for what may be written late."""
        self._database.change(self._table, key, Change(columns=fields), counts=False)
