"""What an app hears beside its own requests: an async iterator of typed events, with its own bounded buffer.

    async with hub.subscribe("stream.*", "event.message_sent") as events:
        async for event in events:
            match event:
                case StreamDelta(text=text): print(text, end="")

Overflow: one that is read too slowly loses no event silently. Its buffer takes 10,000; then it ends with
`Unavailable("slow_consumer")` after what it holds. The connection and other subscriptions go on.
"""

from __future__ import annotations

import asyncio
import fnmatch
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from tavernlink.errors import TavernlinkError, Unavailable
from tavernlink.protocol.catalogue import CATALOGUE
from tavernlink.protocol.message import Message
from tavernlink.protocol.rooms import RoomChanged
from tavernlink.protocol.routing import CustomMessage
from tavernlink.protocol.taverns import Event

__all__ = ["EVERY_TAVERN", "Subscription", "type_of"]

EVERY_TAVERN = "*"

_BUFFER = 10_000
_OUT = ("left", "kicked")
_TYPES = {row.content: row.name for row in CATALOGUE.values()}


def type_of(event: Message) -> str:
    """Return the type that subscriptions match: the message's own, or `event.NAME` of a SillyTavern event."""
    if isinstance(event, CustomMessage):
        return event.type
    return f"event.{event.name}" if isinstance(event, Event) else _TYPES[type(event)]


class Subscription:
    """Events of some types of one tavern or of all, from now on. Ends with the connection's error, or by `close`."""

    def __init__(
        self,
        types: tuple[str, ...],
        tavern: str | None,
        room: str | None,
        start: Callable[[Subscription], Awaitable[None]],
        stop: Callable[[Subscription], Awaitable[None]],
    ) -> None:
        self.types = types
        """Globs, e.g. `stream.*`."""
        self.tavern = tavern
        """Id or name as it was asked for; None: every tavern."""
        self.tavern_id = EVERY_TAVERN
        """The tavern's id; found by its name when this is opened, unless it is set before."""
        self.room = room
        """Id or name of a room: its own events, and those of its taverns; None: no room."""
        self.room_id: str | None = None
        self.room_taverns: set[str] = set()
        """Ids of the room's taverns, kept up to date by its events."""
        self._start = start
        self._stop = stop
        self._events: deque[Message] = deque()
        self._more = asyncio.Event()
        self._end: TavernlinkError | None = None
        self._opened = False
        self._wanted: dict[str, bool] = {}

    async def open(self) -> None:
        """Subscribe at the hub; events from now on are kept. Raises `NotFound` for an unknown tavern."""
        if not self._opened:
            self._opened = True
            await self._start(self)

    async def close(self) -> None:
        """Unsubscribe; an iteration under way ends. Safe to call twice."""
        if self._opened and self._end is None:
            self.end(Unavailable("closed"))
            await self._stop(self)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Message:
        """Return the next event: a Struct of `tavernlink.protocol`.

        A `Resync` among them says that events were missed for good: fetch anew what was built from them.
        """
        await self.open()
        while not self._events:
            if self._end is not None:
                if self._end.code == "closed":
                    raise StopAsyncIteration
                raise self._end
            self._more.clear()
            await self._more.wait()
        return self._events.popleft()

    def wants(self, type_: str, tavern: str | None, room: str | None = None) -> bool:
        """Say whether an event belongs here. `tavern` None: of no tavern in particular, or of one not known.

        `room`: of the room whose own event it is.
        """
        if self.room_id is not None:
            if room != self.room_id and (room is not None or tavern not in self.room_taverns):
                return False
        elif tavern is not None and self.tavern_id not in (EVERY_TAVERN, tavern):
            return False
        wanted = self._wanted.get(type_)
        if wanted is None:
            wanted = self._wanted[type_] = any(_covers(glob, type_) for glob in self.types)
        return wanted

    def receive(self, event: Message) -> None:
        """Take one event that belongs here."""
        if self._end is not None:
            return
        if isinstance(event, RoomChanged) and event.member is not None and event.member.kind == "tavern":
            (self.room_taverns.discard if event.what in _OUT else self.room_taverns.add)(event.member.id)
        if len(self._events) >= _BUFFER:
            self.end(Unavailable("slow_consumer", f"A subscription was {_BUFFER} events behind its reader."))
            return
        self._events.append(event)
        self._more.set()

    def end(self, error: TavernlinkError) -> None:
        """Let the iteration end with `error` after what is buffered."""
        if self._end is None:
            self._end = error
            self._more.set()


def _covers(glob: str, type_: str) -> bool:
    # Lines of the log come many in one event; what is subscribed to is each one's level and logger.
    return fnmatch.fnmatchcase(type_, glob) or (type_ == "log.lines" and glob.startswith("log."))
