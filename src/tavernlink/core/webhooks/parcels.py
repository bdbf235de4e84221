"""What the core hands to the courier, and what the courier tells it: one POST, and what came of it."""

from __future__ import annotations

import msgspec

from tavernlink.core.webhooks.targets import Reach

__all__ = ["Answer", "Parcel"]


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One POST that is to be made now."""

    webhook_id: str
    delivery_id: str
    url: str
    headers: dict[str, str]
    body: bytes
    reach: Reach
    timeout: float
    """Seconds for all of it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    seconds: float
    status: int | None = None
    retry_after: float | None = None
    """Seconds."""
    error: str | None = None
    """Why no answer came; says nothing of the URL but its host."""

    @property
    def accepted(self) -> bool:
        """True if the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    def why_not(self) -> str:
        """Say what went wrong."""
        return self.error or f"The receiver answered {self.status}."
