"""What a hub holds, as a hub handle gives it out: its taverns, rooms, requests, keys, rules and records."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tavernlink.protocol.access import AuditEntry, AuditList
from tavernlink.protocol.inbox import InboxGet, InboxMessage, InboxTaken
from tavernlink.protocol.rooms import RoomInfo, RoomList
from tavernlink.protocol.stats import Stats, StatsGet
from tavernlink.protocol.taverns import Character, CharacterList, TavernInfo, TavernList
from tavernlink.sdk.access import Keys, Pairings
from tavernlink.sdk.logs import Logs
from tavernlink.sdk.profiles import Profiles
from tavernlink.sdk.room import Room
from tavernlink.sdk.schedules import Schedules
from tavernlink.sdk.tavern import Tavern
from tavernlink.sdk.webhooks import Webhooks
from tavernlink.sdk.work import Pool, Requests, Sessions

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Holdings"]


class Holdings:
    """The part of `Hub` that gives out what the hub holds; nothing else is one."""

    @property
    def _holder(self) -> Hub:
        return cast("Hub", self)

    def tavern(self, tavern: str | None = None) -> Tavern:
        """Return a handle on a tavern by its id or name; None: the one that has been online longest, at each use."""
        return Tavern(self._holder, tavern)

    async def read_inbox(self, *, take: bool = True) -> list[InboxMessage]:
        """Return what came while this program was away (see `connect`, `id`), oldest first, each with its time.

        What was read is gone, unless `take` is False: then `take_from_inbox` says later what was dealt with.
        """
        letters = await self._holder.ask("inbox.get", InboxGet(), list[InboxMessage])
        if take and letters:
            await self.take_from_inbox(letters[-1].id)
        return letters

    async def take_from_inbox(self, upto: int) -> None:
        """Have everything in the inbox up to this number forgotten."""
        await self._holder.ask("inbox.taken", InboxTaken(upto=upto), object)

    async def taverns(self) -> list[TavernInfo]:
        """Return every tavern that the hub knows, online or away for a moment."""
        return await self._holder.ask("tavern.list", TavernList(), list[TavernInfo])

    async def stats(self) -> Stats:
        """Return the hub's figures, as far as the key may see them; `subscribe("stats.changed")` brings them live."""
        return await self._holder.ask("stats.get", StatsGet(), Stats)

    async def characters(self, tavern: str | None = None) -> list[Character]:
        """Return the characters and groups of one tavern, or of all."""
        return await self._holder.ask("character.list", CharacterList(tavern=tavern), list[Character])

    def room(self, room: str) -> Room:
        """Return a handle on a room by its id or name."""
        return Room(self._holder, room)

    async def rooms(self) -> list[RoomInfo]:
        """Return the rooms that this program is in or may join, without their members."""
        return await self._holder.ask("room.list", RoomList(), list[RoomInfo])

    @property
    def requests(self) -> Requests:
        """List and cancel requests."""
        return Requests(self._holder)

    @property
    def sessions(self) -> Sessions:
        """List and forget sessions, which have a SillyTavern chat of their own."""
        return Sessions(self._holder)

    @property
    def pool(self) -> Pool:
        """See and pin where requests go that name no tavern."""
        return Pool(self._holder)

    @property
    def keys(self) -> Keys:
        """Make, list and revoke keys."""
        return Keys(self._holder)

    @property
    def webhooks(self) -> Webhooks:
        """Have what happens posted to other programs."""
        return Webhooks(self._holder)

    @property
    def schedules(self) -> Schedules:
        """Have things done at a time, on an interval, or as cron says."""
        return Schedules(self._holder)

    @property
    def pairings(self) -> Pairings:
        """Answer SillyTaverns that ask for a key."""
        return Pairings(self._holder)

    async def audit(
        self,
        *,
        action: str | None = None,
        who: str | None = None,
        target: str | None = None,
        address: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        """Return what fits of the audit log, newest first; needs the scope `admin`. See `protocol.access.AuditList`."""
        query = AuditList(
            action=action, who=who, target=target, address=address, since=since, until=until, limit=limit
        )
        return await self._holder.ask("audit.list", query, list[AuditEntry])

    @property
    def logs(self) -> Logs:
        """What the hub's log says."""
        return Logs(self._holder)

    @property
    def profiles(self) -> Profiles:
        """The settings that taverns of this hub share."""
        return Profiles(self._holder)
