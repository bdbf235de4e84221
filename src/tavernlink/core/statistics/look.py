"""One look at the hub, shared by all who are told what it found.

Thousands of keys may each see a part of their own. So what is counted is counted once for a look, by key and by limits,
and not once for each of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from tavernlink.core.peers.peer import Tavern
from tavernlink.protocol.stats import TavernFigures

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.rooms.room import Room
    from tavernlink.core.rooms.rooms import Rooms

__all__ = ["Look", "Taverns"]


class Taverns(NamedTuple):
    """Those that a key reaches, the busiest first, and their sums."""

    figures: list[TavernFigures]
    online: int
    queued: int
    running: int
    streams: int
    tokens: float


class Look:
    """What there is at one moment; good for that moment only."""

    def __init__(self, directory: Directory, rooms: Rooms, rates: Mapping[str, float]) -> None:
        self._directory = directory
        self._rooms = rooms
        self._rates = rates
        self._taverns: dict[tuple[str, ...] | None, Taverns] = {}

    def taverns(self, key: Key) -> Taverns:
        """Return the taverns that a key reaches."""
        found = self._taverns.get(key.taverns)
        if found is None:
            found = self._taverns[key.taverns] = self._sum(key)
        return found

    def apps(self, key: Key) -> int:
        """Count the apps of a key; for an admin, all."""
        return self._apps.total() if "admin" in key.held else self._apps[key.id]

    def rooms(self, key: Key) -> int:
        """Count the rooms that `room.list` shows to the apps of a key."""
        admin = "admin" in key.held
        return sum(
            (admin or room.record.settings.open or key.id in members) and key.reaches_room(room.id, room.name)
            for room, members in self._members
        )

    def _sum(self, key: Key) -> Taverns:
        taverns = self._directory.listed(key)
        figures = [
            TavernFigures(
                tavern=tavern.id,
                name=tavern.name,
                online=tavern.online,
                queued=tavern.lanes.waiting,
                running=tavern.lanes.running,
                tokens=round(self._rates.get(tavern.id, 0.0), 1),
            )
            for tavern in taverns
        ]
        figures.sort(key=lambda each: (each.tokens, each.running, each.queued, each.online), reverse=True)
        return Taverns(
            figures,
            online=sum(each.online for each in figures),
            queued=sum(each.queued for each in figures),
            running=sum(each.running for each in figures),
            streams=sum(len(tavern.streams) for tavern in taverns),
            tokens=round(sum(each.tokens for each in figures), 1),
        )

    @cached_property
    def _apps(self) -> Counter[str]:
        """Key → its apps; callers of REST come and go and are not counted."""
        return Counter(
            peer.key.id
            for peer in self._directory.sessions.values()
            if peer.session.link is not None
            and peer.session.bounds.kept
            and not isinstance(peer, Tavern)
            and not peer.is_local
        )

    @cached_property
    def _members(self) -> list[tuple[Room, set[str]]]:
        """Each room with the keys of its members."""
        return [
            (room, {member.partition(".")[0] for member in room.members}) for room in self._rooms.listed()
        ]
