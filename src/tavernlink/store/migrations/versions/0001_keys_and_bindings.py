"""Keys and session bindings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "keys",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("last_used", sa.Float),
        sa.Column("revoked", sa.Float),
    )
    op.create_table(
        "bindings",
        sa.Column("key_id", sa.String(40), primary_key=True),
        sa.Column("session", sa.String(200), primary_key=True),
        sa.Column("tavern_id", sa.String(200), nullable=False),
        sa.Column("character", sa.String(400)),
        sa.Column("chat_id", sa.String(400)),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("bindings")
    op.drop_table("keys")
