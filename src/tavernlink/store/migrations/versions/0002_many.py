"""What many people, programs and taverns share."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what 0001 did not have."""


def downgrade() -> None:
    """Take it away again."""
