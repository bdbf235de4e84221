"""Tells apps which webhooks and schedules changed: each app of those that its key made, an admin of every one.

A busy webhook changes with every delivery. So what changed is noted, and told on the next tick, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tavernlink.core.peers.directory import ANY
from tavernlink.protocol.event import Event
from tavernlink.protocol.schedules import ScheduleChanged
from tavernlink.protocol.webhooks import WebhookChanged

if TYPE_CHECKING:
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.subscriptions import Subscriptions
    from tavernlink.core.schedules.book import Schedule, Schedules
    from tavernlink.core.seams import Clock
    from tavernlink.core.webhooks.book import Webhooks
    from tavernlink.core.webhooks.hook import Hook

__all__ = ["Changes"]


class Changes:
    """Notes what changed until the tick."""

    def __init__(
        self,
        *,
        webhooks: Webhooks,
        schedules: Schedules,
        directory: Directory,
        subscriptions: Subscriptions,
        clock: Clock,
    ) -> None:
        self._webhooks = webhooks
        self._schedules = schedules
        self._directory = directory
        self._subscriptions = subscriptions
        self._clock = clock
        self._hooks: dict[str, Hook] = {}
        self._due: dict[str, Schedule] = {}
        webhooks.touched = self._note_hook
        schedules.touched = self._note_schedule

    def _note_hook(self, hook: Hook) -> None:
        self._hooks[hook.id] = hook

    def _note_schedule(self, schedule: Schedule) -> None:
        self._due[schedule.id] = schedule

    def tick(self) -> None:
        """Tell what changed since the last time."""
        if self._hooks:
            hooks, self._hooks = self._hooks, {}
            if self._is_heard("webhook.changed"):
                for hook in hooks.values():
                    self._tell(hook.record.key_id, self._webhook_changed(hook))
        if self._due:
            due, self._due = self._due, {}
            if self._is_heard("schedule.changed"):
                for schedule in due.values():
                    self._tell(schedule.record.key_id, self._schedule_changed(schedule))

    def _is_heard(self, topic: str) -> bool:
        return bool(self._subscriptions.route(ANY, topic))

    def _webhook_changed(self, hook: Hook) -> Event:
        known = hook.id in self._webhooks.hooks
        info = hook.info(self._clock.wall()) if known else None
        return Event("webhook.changed", WebhookChanged(id=hook.id, webhook=info))

    def _schedule_changed(self, schedule: Schedule) -> Event:
        info = schedule.info() if self._schedules.has(schedule.id) else None
        return Event("schedule.changed", ScheduleChanged(id=schedule.id, schedule=info))

    def _tell(self, key_id: str, event: Event) -> None:
        for session in self._subscriptions.route(ANY, event.type):
            peer = self._directory.peer_of(session)
            if peer is not None and (peer.key.id == key_id or "admin" in peer.key.held):
                session.deliver(event)
