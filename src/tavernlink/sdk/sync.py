"""The SDK for programs without an event loop: the same calls, blocking. A thin façade over `hub`.

    with tavernlink.connect_sync(url, key) as hub:
        for delta in hub.tavern().send("hello"):
            print(delta, end="")

The connection lives in a background thread with a loop of its own, so it answers the hub while the program computes.
Every object may be used from any thread. `Ctrl-C` interrupts a blocking call and leaves the connection whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from tavernlink.errors import Unavailable
from tavernlink.protocol.access import AuditEntry
from tavernlink.protocol.functions import FunctionInfo
from tavernlink.protocol.inbox import InboxMessage
from tavernlink.protocol.message import Message
from tavernlink.protocol.rooms import RoomInfo
from tavernlink.protocol.routing import CustomMessage, Sent
from tavernlink.protocol.stats import Stats
from tavernlink.protocol.taverns import Character, TavernInfo
from tavernlink.sdk.calling import Calling
from tavernlink.sdk.hub import Hub, connect
from tavernlink.sdk.reply import Reply
from tavernlink.sdk.subscription import Subscription
from tavernlink.sdk.sync_access import SyncKeys, SyncPairings
from tavernlink.sdk.sync_automation import SyncSchedules, SyncWebhooks
from tavernlink.sdk.sync_calling import SyncCalling
from tavernlink.sdk.sync_logs import SyncLogs
from tavernlink.sdk.sync_loop import BorrowedLoop, LoopThread
from tavernlink.sdk.sync_messages import AnyHandler, SyncMailbox
from tavernlink.sdk.sync_profiles import SyncProfiles
from tavernlink.sdk.sync_request import SyncReply
from tavernlink.sdk.sync_room import SyncRoom
from tavernlink.sdk.sync_tavern import SyncTavern
from tavernlink.sdk.sync_work import SyncPool, SyncRequests, SyncSessions

__all__ = ["SyncHub", "connect_sync"]

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def connect_sync(url: str | None = None, key: str | None = None, **options: Any) -> SyncHub:
    """Return a blocking hub handle; `with` opens and closes it. Arguments and errors are those of `connect`."""
    return SyncHub(connect(url, key, **options))


class SyncHub:
    """`tavernlink.sdk.Hub` with blocking methods."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._loop: LoopThread | None = None
        self._mailbox = SyncMailbox(self, hub)

    @classmethod
    def borrowing(cls, hub: Hub, loop: asyncio.AbstractEventLoop) -> SyncHub:
        """Return the blocking form of an open handle, for threads other than that of its loop."""
        found = cls(hub)
        found._loop = BorrowedLoop(loop)
        return found

    def open(self) -> None:
        """Connect; as `Hub.open`."""
        self._loop = LoopThread()
        try:
            self._loop.run(self._hub.open())
        except BaseException:
            self._loop.stop()
            raise

    def close(self) -> None:
        """Close the connection; as `Hub.close`."""
        if self._loop is not None:
            loop, self._loop = self._loop, None
            self._mailbox.close()
            try:
                loop.run(self._hub.close())
            finally:
                loop.stop()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def loop(self) -> LoopThread:
        """The thread that the connection lives in. Raises `Unavailable("closed")` where there is none."""
        if self._loop is None:
            raise Unavailable("closed", "The hub handle is not open. Use `with tavernlink.connect_sync(…)`.")
        return self._loop

    def tavern(self, tavern: str | None = None) -> SyncTavern:
        """Return a handle on a tavern; as `Hub.tavern`."""
        return SyncTavern(self, self._hub.tavern(tavern))

    def reply(self, make: Callable[[], Reply]) -> SyncReply:
        """Return the blocking form of a reply that is made in the connection's thread."""

        async def start() -> Reply:
            return make()

        return SyncReply(self, self.loop.run(start()))

    def room(self, room: str) -> SyncRoom:
        """Return a handle on a room; as `Hub.room`."""
        return SyncRoom(self, self._hub.room(room))

    def rooms(self) -> list[RoomInfo]:
        """As `Hub.rooms`."""
        return self.loop.run(self._hub.rooms())

    def read_inbox(self, *, take: bool = True) -> list[InboxMessage]:
        """As `Hub.read_inbox`."""
        return self.loop.run(self._hub.read_inbox(take=take))

    def take_from_inbox(self, upto: int) -> None:
        """As `Hub.take_from_inbox`."""
        self.loop.run(self._hub.take_from_inbox(upto))

    def taverns(self) -> list[TavernInfo]:
        """As `Hub.taverns`."""
        return self.loop.run(self._hub.taverns())

    def stats(self) -> Stats:
        """As `Hub.stats`."""
        return self.loop.run(self._hub.stats())

    def characters(self, tavern: str | None = None) -> list[Character]:
        """As `Hub.characters`."""
        return self.loop.run(self._hub.characters(tavern))

    @property
    def requests(self) -> SyncRequests:
        """As `Hub.requests`."""
        return SyncRequests(self, self._hub.requests)

    @property
    def sessions(self) -> SyncSessions:
        """As `Hub.sessions`."""
        return SyncSessions(self, self._hub.sessions)

    @property
    def pool(self) -> SyncPool:
        """As `Hub.pool`."""
        return SyncPool(self, self._hub.pool)

    @property
    def keys(self) -> SyncKeys:
        """As `Hub.keys`."""
        return SyncKeys(self, self._hub.keys)

    @property
    def webhooks(self) -> SyncWebhooks:
        """As `Hub.webhooks`."""
        return SyncWebhooks(self, self._hub.webhooks)

    @property
    def schedules(self) -> SyncSchedules:
        """As `Hub.schedules`."""
        return SyncSchedules(self, self._hub.schedules)

    @property
    def pairings(self) -> SyncPairings:
        """As `Hub.pairings`."""
        return SyncPairings(self, self._hub.pairings)

    def audit(
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
        """As `Hub.audit`."""
        found = self._hub.audit(
            action=action, who=who, target=target, address=address, since=since, until=until, limit=limit
        )
        return self.loop.run(found)

    @property
    def logs(self) -> SyncLogs:
        """As `Hub.logs`."""
        return SyncLogs(self, self._hub.logs)

    @property
    def profiles(self) -> SyncProfiles:
        """As `Hub.profiles`."""
        return SyncProfiles(self, self._hub.profiles)

    def call(self, name: str, content: Message | dict[str, Any] | None = None, /, **options: Any) -> Any:
        """As `Hub.call`."""
        return self.loop.run(self._hub.call(name, content, **options))

    def begin_call(self, name: str, args: dict[str, Any] | None = None, **options: Any) -> SyncCalling:
        """As `Hub.begin_call`."""

        async def start() -> Calling:
            return self._hub.begin_call(name, args, **options)

        return SyncCalling(self, self.loop.run(start()))

    def functions(self, **options: Any) -> list[FunctionInfo]:
        """As `Hub.functions`."""
        return self.loop.run(self._hub.functions(**options))

    @overload
    def function(self, function: AnyFunction, /) -> AnyFunction: ...

    @overload
    def function(self, /, **options: Any) -> Callable[[AnyFunction], AnyFunction]: ...

    def function(self, function: AnyFunction | None = None, /, **options: Any) -> Any:
        """As `Hub.function`. It may use this handle, or its context's `sync_hub`."""
        if function is None:
            return lambda wrapped: self._offer(wrapped, options)
        return self._offer(function, options)

    def _offer(self, function: AnyFunction, options: dict[str, Any]) -> AnyFunction:
        if self._loop is None:
            return self._hub.function(**options)(function)
        self.loop.run(self._hub.offer(function, **options))
        return function

    def serve(self, *functions: Callable[..., Any]) -> list[str]:
        """As `Hub.serve`."""
        return self.loop.run(self._hub.serve(*functions))

    def serve_forever(self, *functions: Callable[..., Any]) -> None:
        """As `Hub.serve_forever`."""
        self.loop.run(self._hub.serve_forever(*functions))

    def withdraw(self, *names: str) -> int:
        """As `Hub.withdraw`."""
        return self.loop.run(self._hub.withdraw(*names))

    def send(self, type_: str, content: Any = None, **options: Any) -> Sent:
        """As `Hub.send`."""
        return self.loop.run(self._hub.send(type_, content, **options))

    def on(self, *types: str) -> Callable[[AnyHandler], AnyHandler]:
        """As `Hub.on`; the function is called in a thread of its own, with one message after another."""
        return lambda handler: self._mailbox.on(types, handler)

    def off(self, handler: Callable[[CustomMessage], Any]) -> None:
        """As `Hub.off`."""
        self._mailbox.off(handler)

    def messages(self, *types: str) -> Iterator[CustomMessage]:
        """As `Hub.messages`: heard from now on; leaving the iteration ends it."""
        return self._mailbox.open(types)

    def subscribe(self, *types: str, tavern: str | None = None, room: str | None = None) -> Iterator[Message]:
        """As `Hub.subscribe`: subscribed when this returns; leaving the iteration unsubscribes."""
        loop = self.loop

        async def start() -> Subscription:
            subscription = self._hub.subscribe(*types, tavern=tavern, room=room)
            await subscription.open()
            return subscription

        subscription = loop.run(start())

        def events() -> Iterator[Message]:
            try:
                yield from loop.iterate(subscription)
            finally:
                loop.run(subscription.close())

        return events()
