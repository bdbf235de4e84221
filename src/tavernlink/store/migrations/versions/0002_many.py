"""What many people, programs and taverns share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what 0001 did not have."""
    with op.batch_alter_table("keys") as keys:
        keys.add_column(sa.Column("expires", sa.Float))
        for name in ("scopes", "taverns", "rooms"):
            keys.add_column(sa.Column(name, sa.JSON))
        keys.add_column(sa.Column("made_by", sa.String(40)))
    with op.batch_alter_table("bindings") as bindings:
        bindings.add_column(sa.Column("server", sa.String(200)))
        bindings.add_column(sa.Column("used", sa.Float))
    op.create_table(
        "pins",
        sa.Column("character", sa.String(400), primary_key=True),
        sa.Column("tavern", sa.String(200), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", sa.String(100), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
    )
    op.create_table(
        "routes",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("made", sa.Float, nullable=False),
        sa.Column("route", sa.JSON, nullable=False),
    )
    op.create_table(
        "editions",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO editions (name, number) VALUES ('keys', 1)")
    op.create_table(
        "requests",
        sa.Column("wire_id", sa.String(200), primary_key=True),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("request_id", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("finished", sa.Float),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_table(
        "inbox_owners",
        sa.Column("key_id", sa.String(40), primary_key=True),
        sa.Column("app_id", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("key_id", sa.String(40), primary_key=True),
        sa.Column("app_id", sa.String(200), primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("type", sa.String(200), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    op.create_table(
        "profile_versions",
        sa.Column("profile", sa.String(200), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("items", sa.JSON, nullable=False),
    )
    op.create_table(
        "profile_contents",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "rooms",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("topic", sa.String(500), nullable=False),
        sa.Column("owner", sa.String(400)),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("context", sa.JSON, nullable=False),
    )
    op.create_table(
        "room_members",
        sa.Column("room_id", sa.String(40), primary_key=True),
        sa.Column("member_id", sa.String(400), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("persona", sa.JSON),
        sa.Column("joined", sa.Float, nullable=False),
    )
    op.create_table(
        "room_sanctions",
        sa.Column("room_id", sa.String(40), primary_key=True),
        sa.Column("member_id", sa.String(400), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("by", sa.String(400)),
    )
    op.create_table(
        "room_invitations",
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("room_id", sa.String(40), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("by", sa.String(400)),
    )
    op.create_table(
        "room_held",
        sa.Column("room_id", sa.String(40), primary_key=True),
        sa.Column("message_id", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("member_id", sa.String(400), nullable=False),
        sa.Column("persona", sa.JSON, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("attachments", sa.JSON, nullable=False),
        sa.Column("request_id", sa.String(200), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("room_held")
    op.drop_table("room_invitations")
    op.drop_table("room_sanctions")
    op.drop_table("room_members")
    op.drop_table("rooms")
    with op.batch_alter_table("keys") as keys:
        for name in ("expires", "scopes", "taverns", "rooms", "made_by"):
            keys.drop_column(name)
    with op.batch_alter_table("bindings") as bindings:
        for name in ("server", "used"):
            bindings.drop_column(name)
    op.drop_table("routes")
    op.drop_table("pins")
    op.drop_table("inbox")
    op.drop_table("inbox_owners")
    op.drop_table("requests")
    op.drop_table("editions")
    op.drop_table("audit")
    op.drop_table("profile_contents")
    op.drop_table("profile_versions")
