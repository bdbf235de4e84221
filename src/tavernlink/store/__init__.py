"""What outlives the process: keys and session bindings, in SQLite by default, in another database by URL.

Below the core, which knows only the `Store` Protocol. Only this package imports SQLAlchemy and Alembic.
"""

from __future__ import annotations

from tavernlink.store.database import Database, open_store, sqlite_url

__all__ = ["Database", "open_store", "sqlite_url"]
