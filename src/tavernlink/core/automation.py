"""What the hub does by itself for those who left it there: webhooks and schedules, put together for the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tavernlink.core.changes import Changes
from tavernlink.core.limits import HubLimits
from tavernlink.core.schedules.book import Schedules
from tavernlink.core.schedules.messages import ScheduleMessages
from tavernlink.core.webhooks.book import Webhooks
from tavernlink.core.webhooks.listening import Listening
from tavernlink.core.webhooks.messages import WebhookMessages
from tavernlink.core.webhooks.targets import Reach

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Key, Keyring
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.session import Session
    from tavernlink.core.peers.subscriptions import Subscriptions
    from tavernlink.core.relay.relay import Relay
    from tavernlink.core.rooms.rooms import Rooms
    from tavernlink.core.schedules.run import Entrance
    from tavernlink.core.seams import Clock, Ids, Journal, Store
    from tavernlink.core.work.work import Work

__all__ = ["Automation"]


class Automation:
    """Each acts under the key that made it, and ends with it."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        journal: Journal,
        limits: HubLimits,
        keyring: Keyring,
        audit: Audit,
        directory: Directory,
        subscriptions: Subscriptions,
        rooms: Rooms,
        relay: Relay,
        work: Work,
        entrance: Entrance,
        wanted_changed: Callable[[], None],
    ) -> None:
        self._limits = limits
        self._keyring = keyring
        self._edition = -1
        self._listening = Listening(
            keyring=keyring,
            directory=directory,
            subscriptions=subscriptions,
            rooms=rooms,
            wanted_changed=wanted_changed,
        )
        self.webhooks = Webhooks(
            store=store,
            clock=clock,
            ids=ids,
            journal=journal,
            limits=limits,
            reach_of=self._reach_of,
            hear=self._listening.hear,
        )
        self._listening.attach(self.webhooks)
        relay.replied.append(self._listening.replied)
        rooms.told.append(self._listening.told)
        work.ended.append(self._listening.ended)
        self.schedules = Schedules(
            store=store,
            clock=clock,
            ids=ids,
            journal=journal,
            limits=limits,
            keyring=keyring,
            directory=directory,
            audit=audit,
            entrance=entrance,
        )
        self._changes = Changes(
            webhooks=self.webhooks,
            schedules=self.schedules,
            directory=directory,
            subscriptions=subscriptions,
            clock=clock,
        )
        webhooks = WebhookMessages(
            self.webhooks,
            directory=directory,
            rooms=rooms,
            audit=audit,
            clock=clock,
            limits=limits,
            reach=self._reach,
            key_of=self._listening.key,
        )
        schedules = ScheduleMessages(self.schedules, keyring=keyring, audit=audit, clock=clock, limits=limits)
        self.handlers = {**webhooks.handlers, **schedules.handlers}

    def key_of(self, session: Session) -> Key | None:
        """Return the key under which a webhook hears, if this is the session of one."""
        return self._listening.key_of(session)

    def tick(self) -> None:
        """Let time pass."""
        if self._edition != self._keyring.edition:
            self._edition = self._keyring.edition
            self._listening.drop_ended()
            self.schedules.drop_ended()
        self.schedules.tick()
        self.webhooks.tick()
        self._changes.tick()

    def _reach(self, key: Key) -> Reach:
        whose = self._limits.webhook_private
        return "any" if whose == "everyone" or (whose == "admins" and "admin" in key.held) else "public"

    def _reach_of(self, key_id: str) -> Reach:
        key = self._keyring.find(key_id)
        return "public" if key is None else self._reach(key)
