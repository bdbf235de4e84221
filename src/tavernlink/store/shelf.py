"""One kind of record in one table: read whole at the start, then written record by record.

A record is a msgspec Struct whose fields are the table's columns; what is not a plain value goes into a JSON column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Table, and_, delete, insert, select

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

    def load(self) -> list[Record]:
        """Every record."""
        names = self._kind.__struct_fields__
        rows = self._database.read(select(*(self._table.c[name] for name in names)))
        return [msgspec.convert(dict(zip(names, row, strict=True)), self._kind) for row in rows]

    def put(self, record: Record) -> None:
        """Insert a record, or replace the one with the same primary key."""
        row = msgspec.to_builtins(record, builtin_types=(bytes,))
        self._database.write(
            delete(self._table).where(self._is(*(row[column.name] for column in self._table.primary_key))),
            insert(self._table).values(row),
        )

    def remove(self, *key: Any) -> None:
        """Delete the record with this primary key; nothing happens if there is none."""
        self._database.write(delete(self._table).where(self._is(*key)))

    def _is(self, *key: Any) -> ColumnElement[bool]:
        columns = list(self._table.primary_key)
        return and_(*(column == value for column, value in zip(columns, key, strict=True)))
