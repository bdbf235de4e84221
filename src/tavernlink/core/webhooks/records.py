"""What the store keeps of webhooks. Times are seconds since 1970."""

from __future__ import annotations

import json
from typing import Literal

import msgspec

from tavernlink.protocol.webhooks import DeliveryAttempt, DeliveryInfo, DeliveryState, WebhookCreate

__all__ = ["DeliveryRecord", "Secret", "Standing", "WebhookRecord", "delivery_info"]


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """One that deliveries are signed with. Kept as it is: an HMAC cannot be made with a hash."""

    text: str
    until: float | None = None
    """When it ends; None: it is the newest."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a webhook fares."""

    state: Literal["active", "paused", "stopped"] = "active"
    why: str | None = None
    since: float | None = None
    failing_since: float | None = None
    last_success: float | None = None
    last_failure: float | None = None
    last_error: str | None = None


class WebhookRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook."""

    id: str
    key_id: str
    made: float
    spec: WebhookCreate
    secrets: list[Secret]
    standing: Standing


class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one webhook."""

    id: str
    webhook_id: str
    number: int
    """Order of the events."""
    type: str
    state: DeliveryState
    created: float
    since: float
    """Since when it is tried: its creation, or the last replay."""
    next: float
    """When it is tried next; of one that is over, when it ended."""
    tries: int
    attempts: list[DeliveryAttempt]
    why: str | None
    body: bytes
    """The JSON that is sent; empty once it was delivered."""


def delivery_info(record: DeliveryRecord, *, body: bool = False) -> DeliveryInfo:
    """Return what may be shown of a delivery."""
    return DeliveryInfo(
        id=record.id,
        number=record.number,
        webhook=record.webhook_id,
        type=record.type,
        state=record.state,
        created=record.created,
        tries=record.tries,
        next=record.next if record.state == "waiting" else None,
        why=record.why,
        attempts=record.attempts,
        body=json.loads(record.body) if body and record.body else None,
    )
