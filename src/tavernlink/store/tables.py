"""The tables, as SQLAlchemy sees them. A change here goes with a migration in `migrations/versions`."""

from __future__ import annotations

from sqlalchemy import Column, Float, LargeBinary, MetaData, String, Table

__all__ = ["bindings", "keys", "metadata"]

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created", Float, nullable=False),
    Column("last_used", Float),
    Column("revoked", Float),
)

bindings = Table(
    "bindings",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("session", String(200), primary_key=True),
    Column("tavern_id", String(200), nullable=False),
    Column("character", String(400)),
    Column("chat_id", String(400)),
)
