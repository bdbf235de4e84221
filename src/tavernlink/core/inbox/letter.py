"""What the store keeps for inboxes: the apps that have one, and the messages in them."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["InboxOwner", "Letter"]


class InboxOwner(msgspec.Struct, frozen=True, kw_only=True):
    """An app that chose its own id: it comes back under it."""

    key_id: str
    app_id: str
    name: str
    seen: float
    """When its last session began or ended, in seconds since 1970."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One message that waits."""

    key_id: str
    app_id: str
    id: int
    """Grows within an inbox."""
    time: float
    """When it was meant to arrive, in seconds since 1970."""
    type: str
    content: Any

    @property
    def size(self) -> int:
        """About what it weighs, in bytes."""
        return len(msgspec.json.encode(self.content)) + len(self.type)
