"""The tables, as SQLAlchemy sees them. A change here goes with a migration in `migrations/versions`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

__all__ = [
    "bindings",
    "editions",
    "inbox",
    "inbox_owners",
    "keys",
    "metadata",
    "profile_contents",
    "profile_versions",
    "requests",
    "room_held",
    "room_invitations",
    "room_members",
    "room_sanctions",
    "rooms",
    "schedules",
    "webhook_deliveries",
    "webhooks",
]

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
    Column("expires", Float),
    Column("scopes", JSON),
    Column("taverns", JSON),
    Column("rooms", JSON),
    Column("made_by", String(40)),
)

audit = Table(
    "audit",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("time", Float, nullable=False),
    Column("action", String(100), nullable=False),
    Column("key", String(40), nullable=False),
    Column("role", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("address", String(100), nullable=False),
    Column("target", String(200), nullable=False),
    Column("facts", JSON, nullable=False),
)

bindings = Table(
    "bindings",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("session", String(200), primary_key=True),
    Column("tavern_id", String(200), nullable=False),
    Column("server", String(200)),
    Column("character", String(400)),
    Column("chat_id", String(400)),
    Column("used", Float),
)

pins = Table(
    "pins",
    metadata,
    Column("character", String(400), primary_key=True),
    Column("tavern", String(200), nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("number", Integer, nullable=False),
)
"""How often something was changed, by whichever process: a running hub looks whether its keys are still the newest."""

requests = Table(
    "requests",
    metadata,
    Column("wire_id", String(200), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("request_id", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created", Float, nullable=False),
    Column("finished", Float),
    Column("body", JSON, nullable=False),
)

inbox_owners = Table(
    "inbox_owners",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("app_id", String(200), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("seen", Float, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("app_id", String(200), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("time", Float, nullable=False),
    Column("type", String(200), nullable=False),
    Column("content", JSON, nullable=False),
)

routes = Table(
    "routes",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("made", Float, nullable=False),
    Column("route", JSON, nullable=False),
)

profile_versions = Table(
    "profile_versions",
    metadata,
    Column("profile", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("time", Float, nullable=False),
    Column("author", String(200), nullable=False),
    Column("note", String(500), nullable=False),
    Column("items", JSON, nullable=False),
)

profile_contents = Table(
    "profile_contents",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

rooms = Table(
    "rooms",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("created", Float, nullable=False),
    Column("topic", String(500), nullable=False),
    Column("owner", String(400)),
    Column("settings", JSON, nullable=False),
    Column("context", JSON, nullable=False),
)

room_members = Table(
    "room_members",
    metadata,
    Column("room_id", String(40), primary_key=True),
    Column("member_id", String(400), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("role", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("persona", JSON),
    Column("joined", Float, nullable=False),
)

room_sanctions = Table(
    "room_sanctions",
    metadata,
    Column("room_id", String(40), primary_key=True),
    Column("member_id", String(400), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("until", Float, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("by", String(400)),
)

room_invitations = Table(
    "room_invitations",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("room_id", String(40), nullable=False),
    Column("role", String(20), nullable=False),
    Column("uses", Integer, nullable=False),
    Column("expires", Float, nullable=False),
    Column("by", String(400)),
)

room_held = Table(
    "room_held",
    metadata,
    Column("room_id", String(40), primary_key=True),
    Column("message_id", String(40), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("member_id", String(400), nullable=False),
    Column("persona", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("attachments", JSON, nullable=False),
    Column("request_id", String(200), nullable=False),
    Column("time", Float, nullable=False),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("made", Float, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("secrets", JSON, nullable=False),
    Column("standing", JSON, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("webhook_id", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("type", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created", Float, nullable=False),
    Column("since", Float, nullable=False),
    Column("next", Float, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("attempts", JSON, nullable=False),
    Column("why", Text),
    Column("body", LargeBinary, nullable=False),
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("made", Float, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("standing", JSON, nullable=False),
)
