"""The subscriptions of one hub handle: what the hub was told that somebody here wants, and who gets each event."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakSet

from tavernlink.errors import NotFound, TavernlinkError
from tavernlink.protocol.message import Message
from tavernlink.protocol.rooms import RoomGet, RoomInfo
from tavernlink.protocol.session import Resync
from tavernlink.protocol.subscriptions import Subscribe, Unsubscribe
from tavernlink.sdk.subscription import EVERY_TAVERN, Subscription, type_of

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Subscriptions"]

_log = logging.getLogger("tavernlink.sdk")

_GOODBYE_SECONDS = 2.0


class Subscriptions:
    """Every subscription that is open and that somebody still holds."""

    def __init__(self, hub: Hub, unheard: Callable[[], None]) -> None:
        self._hub = hub
        self._unheard = unheard
        """Called when the last one is gone."""
        self._open: WeakSet[Subscription] = WeakSet()
        self._heard: Counter[tuple[str, str | None, str]] = Counter()
        """(Tavern id, room id, glob) → how many subscriptions want it; the hub knows each once."""

    async def start(self, subscription: Subscription) -> None:
        """Subscribe at the hub. Raises `NotFound` for a tavern that it does not know."""
        if subscription.room is not None:
            room = await self._hub.ask("room.get", RoomGet(room=subscription.room), RoomInfo)
            subscription.room_id = room.room_id
            subscription.room_taverns = {each.id for each in room.members if each.kind == "tavern"}
        elif subscription.tavern is not None and subscription.tavern_id == EVERY_TAVERN:
            subscription.tavern_id = await self._tavern_id(subscription.tavern)
        self._open.add(subscription)
        tavern, room_id = _place(subscription)
        self._heard.update((tavern, room_id, glob) for glob in subscription.types)
        try:
            content = Subscribe(types=list(subscription.types), tavern=tavern, room=room_id)
            await self._hub.ask("subscribe", content, object)
        except BaseException:
            self._unhear(subscription)
            raise

    async def stop(self, subscription: Subscription) -> None:
        """Unsubscribe, as far as nobody else here wants the same."""
        unheard = self._unhear(subscription)
        if unheard and self._hub.connected:  # nobody waits for a line to come back only to say this
            with contextlib.suppress(TavernlinkError):
                tavern, room_id = _place(subscription)
                content = Unsubscribe(types=unheard, tavern=tavern, room=room_id)
                await self._hub.ask("unsubscribe", content, object, timeout=_GOODBYE_SECONDS)

    def _unhear(self, subscription: Subscription) -> list[str]:
        self._open.discard(subscription)
        words = [(*_place(subscription), glob) for glob in subscription.types]
        self._heard.subtract(words)
        unheard = [word for word in dict.fromkeys(words) if self._heard[word] <= 0]
        for word in unheard:
            del self._heard[word]
        if not self._heard:
            self._unheard()
        return [glob for _, _, glob in unheard]

    def receive(self, content: Message, tavern: str | None) -> None:
        """Hand one event to whoever wants it; `tavern` is the one that it is about."""
        if self._open:
            type_ = type_of(content)
            room = getattr(content, "room", None)
            for subscription in list(self._open):
                if subscription.wants(type_, tavern, room):
                    subscription.receive(content)

    def resync(self, resync: Resync) -> None:
        """The hub begins anew: say again what is wanted, and tell everybody."""
        self._hub.spawn(self._hear_again())
        for subscription in list(self._open):
            subscription.receive(resync)

    def end(self, error: TavernlinkError) -> None:
        """End them all."""
        for subscription in list(self._open):
            subscription.end(error)

    async def _tavern_id(self, tavern: str) -> str:
        known = await self._hub.taverns()
        for info in known:
            if tavern == info.tavern_id:
                return tavern
        for info in known:
            if tavern == info.name:
                return info.tavern_id
        names = ", ".join(info.name for info in known) or "none"
        raise NotFound("unknown_tavern", f"No tavern {tavern!r} is known to the hub. It knows: {names}.")

    async def _hear_again(self) -> None:
        wanted: dict[tuple[str, str | None], list[str]] = {}
        for tavern, room, glob in self._heard:
            wanted.setdefault((tavern, room), []).append(glob)
        for (tavern, room), globs in wanted.items():
            try:
                content = Subscribe(types=globs, tavern=tavern, room=room)
                await self._hub.ask("subscribe", content, object, timeout=None)
            except TavernlinkError as error:
                _log.warning("The hub refused to renew a subscription: %s", error.message)


def _place(subscription: Subscription) -> tuple[str, str | None]:
    """What a subscription is about: a tavern's id or `*`, and the id of a room."""
    return subscription.tavern_id, subscription.room_id
