"""The parts of the rooms, put together for the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tavernlink.core.access.audit import Audit
from tavernlink.core.limits import HubLimits
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.rooms.hearing import Hearing
from tavernlink.core.rooms.messages import RoomMessages
from tavernlink.core.rooms.presence import Presence
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.rooms.signs import Signs
from tavernlink.core.rooms.speaking import Speaking
from tavernlink.core.seams import Clock, Ids, Store
from tavernlink.core.work.asking import Asking
from tavernlink.core.work.work import Work

__all__ = ["House"]


class House:
    """Every room, and what peers may ask of them."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        limits: HubLimits,
        directory: Directory,
        subscriptions: Subscriptions,
        work: Work,
        asking: Asking,
        audit: Audit,
        wanted_changed: Callable[[], None],
    ) -> None:
        self.rooms = Rooms(store, clock, ids, subscriptions, wanted_changed)
        signs = Signs(self.rooms)
        self.speaking = Speaking(
            rooms=self.rooms, signs=signs, directory=directory, work=work, asking=asking, limits=limits
        )
        self.presence = Presence(self.rooms, self.speaking, signs, audit, grace=limits.tavern_grace)
        self.hearing = Hearing(self.rooms)
        self.handlers: Mapping[str, Asked] = RoomMessages(
            rooms=self.rooms,
            speaking=self.speaking,
            signs=signs,
            presence=self.presence,
            directory=directory,
            audit=audit,
        ).handlers
