"""`hub.webhooks` and `hub.schedules`, blocking."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Literal

from tavernlink.protocol.message import Message
from tavernlink.protocol.schedules import RunInfo, ScheduleInfo
from tavernlink.protocol.webhooks import DeliveryInfo, DeliveryState, WebhookInfo, WebhookMade
from tavernlink.sdk.schedules import Schedules
from tavernlink.sdk.webhooks import Webhooks

if TYPE_CHECKING:
    from datetime import datetime

    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncSchedules", "SyncWebhooks"]


class SyncWebhooks:
    """As `Webhooks`."""

    def __init__(self, hub: SyncHub, webhooks: Webhooks) -> None:
        self._hub = hub
        self._webhooks = webhooks

    def create(
        self,
        url: str,
        types: builtins.list[str],
        *,
        name: str = "",
        tavern: str = "*",
        room: str | None = None,
        characters: builtins.list[str] | None = None,
        when: str = "",
        headers: dict[str, str] | None = None,
        ordered: bool = False,
        concurrency: int = 1,
    ) -> WebhookMade:
        """As `Webhooks.create`."""
        made = self._webhooks.create(
            url,
            types,
            name=name,
            tavern=tavern,
            room=room,
            characters=characters,
            when=when,
            headers=headers,
            ordered=ordered,
            concurrency=concurrency,
        )
        return self._hub.loop.run(made)

    def set(self, webhook: str, **changes: Any) -> WebhookInfo:
        """As `Webhooks.set`."""
        return self._hub.loop.run(self._webhooks.set(webhook, **changes))

    def list(self) -> builtins.list[WebhookInfo]:
        """As `Webhooks.list`."""
        return self._hub.loop.run(self._webhooks.list())

    def remove(self, webhook: str) -> None:
        """As `Webhooks.remove`."""
        self._hub.loop.run(self._webhooks.remove(webhook))

    def pause(self, webhook: str) -> WebhookInfo:
        """As `Webhooks.pause`."""
        return self._hub.loop.run(self._webhooks.pause(webhook))

    def resume(self, webhook: str) -> WebhookInfo:
        """As `Webhooks.resume`."""
        return self._hub.loop.run(self._webhooks.resume(webhook))

    def rotate(self, webhook: str, *, overlap: float = 86_400.0) -> WebhookMade:
        """As `Webhooks.rotate`."""
        return self._hub.loop.run(self._webhooks.rotate(webhook, overlap=overlap))

    def test(self, webhook: str) -> DeliveryInfo:
        """As `Webhooks.test`."""
        return self._hub.loop.run(self._webhooks.test(webhook))

    def deliveries(
        self,
        webhook: str,
        *,
        state: DeliveryState | None = None,
        before: int | None = None,
        limit: int = 50,
        bodies: bool = False,
    ) -> builtins.list[DeliveryInfo]:
        """As `Webhooks.deliveries`."""
        found = self._webhooks.deliveries(webhook, state=state, before=before, limit=limit, bodies=bodies)
        return self._hub.loop.run(found)

    def replay(self, webhook: str, deliveries: builtins.list[str] | None = None) -> int:
        """As `Webhooks.replay`."""
        return self._hub.loop.run(self._webhooks.replay(webhook, deliveries))

    def discard(self, webhook: str, deliveries: builtins.list[str] | None = None) -> int:
        """As `Webhooks.discard`."""
        return self._hub.loop.run(self._webhooks.discard(webhook, deliveries))


class SyncSchedules:
    """As `Schedules`."""

    def __init__(self, hub: SyncHub, schedules: Schedules) -> None:
        self._hub = hub
        self._schedules = schedules

    def create(
        self,
        type: str,  # noqa: A002 (as the message has it)
        content: Message | dict[str, Any] | None = None,
        *,
        at: datetime | float | str | None = None,
        every: float | None = None,
        cron: str | None = None,
        timezone: str | None = None,
        name: str = "",
        jitter: float = 0.0,
        missed: Literal["once", "skip"] = "once",
        away: Literal["wait", "fail"] = "wait",
        patience: float = 3_600.0,
        app: str | None = None,
    ) -> ScheduleInfo:
        """As `Schedules.create`."""
        made = self._schedules.create(
            type,
            content,
            at=at,
            every=every,
            cron=cron,
            timezone=timezone,
            name=name,
            jitter=jitter,
            missed=missed,
            away=away,
            patience=patience,
            app=app,
        )
        return self._hub.loop.run(made)

    def set(self, schedule: str, **changes: Any) -> ScheduleInfo:
        """As `Schedules.set`."""
        return self._hub.loop.run(self._schedules.set(schedule, **changes))

    def list(self) -> builtins.list[ScheduleInfo]:
        """As `Schedules.list`."""
        return self._hub.loop.run(self._schedules.list())

    def remove(self, schedule: str) -> None:
        """As `Schedules.remove`."""
        self._hub.loop.run(self._schedules.remove(schedule))

    def pause(self, schedule: str) -> ScheduleInfo:
        """As `Schedules.pause`."""
        return self._hub.loop.run(self._schedules.pause(schedule))

    def resume(self, schedule: str) -> ScheduleInfo:
        """As `Schedules.resume`."""
        return self._hub.loop.run(self._schedules.resume(schedule))

    def run(self, schedule: str) -> RunInfo:
        """As `Schedules.run`."""
        return self._hub.loop.run(self._schedules.run(schedule))

    def runs(self, schedule: str) -> builtins.list[RunInfo]:
        """As `Schedules.runs`."""
        return self._hub.loop.run(self._schedules.runs(schedule))
