"""What changed of the lists and resources that a client was shown, from the hub's events.

The two ages of MCP hear of it in different ways: since 2026-07-28 a client opens a stream for what it wants to know
(`subscriptions/listen`); before, whoever said `initialized` is told of lists, and of resources that it subscribed to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any

import anyio
import mcp_types as types
import structlog
from mcp.server.session import ServerSession
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)

from tavernlink.errors import AuthError, TavernlinkError, Unavailable
from tavernlink.mcp.server.addresses import DEFAULT, Address
from tavernlink.mcp.server.sight import Context, Sights
from tavernlink.protocol.chat import ChatChanged
from tavernlink.protocol.functions import FunctionsChanged
from tavernlink.protocol.session import Resync
from tavernlink.protocol.taverns import TavernChanged
from tavernlink.sdk.hub import Hub
from tavernlink.sdk.subscription import Subscription

__all__ = ["Changes"]

_log = structlog.get_logger("tavernlink.mcp")
_EVENTS = ("tavern.changed", "chat.changed", "functions.changed")
_FOLLOWED = "tavernlink.followed"


class Changes:
    """Tells clients. Its methods are request handlers of the SDK's server."""

    def __init__(self, sights: Sights) -> None:
        self._sights = sights

    async def listen(
        self, ctx: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """Serve one stream of changes until the client leaves it, or its key ends."""
        bus = InMemorySubscriptionBus()
        handler = ListenHandler(bus)
        uris = frozenset(params.notifications.resource_subscriptions or ())
        async with (
            self._sights(ctx) as sight,
            _heard(sight.hub) as events,
            anyio.create_task_group() as tasks,
        ):

            async def pump() -> None:
                try:
                    async for event in _changes(sight.hub, events, lambda: uris):
                        await bus.publish(event)
                except TavernlinkError as error:
                    _log.info("mcp.listening_ended", why=error.message)
                handler.close()

            tasks.start_soon(pump)
            result = await handler(ctx, params)
            tasks.cancel_scope.cancel()
        return result

    async def initialized(self, ctx: Context, _: types.NotificationParams) -> None:
        """Begin to tell a client of the older age."""
        follower = _Follower(self._sights, ctx)
        _state_of(ctx.session)[_FOLLOWED] = follower.uris
        follower.start()

    async def subscribe(self, ctx: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        """Tell this client of the older age of a resource, too."""
        _followed(ctx.session).add(params.uri)
        return types.EmptyResult()

    async def unsubscribe(self, ctx: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        """Do not."""
        _followed(ctx.session).discard(params.uri)
        return types.EmptyResult()


class _Follower:
    """Tells one connection of the older age, until that is over."""

    def __init__(self, sights: Sights, ctx: Context) -> None:
        self.uris: set[str] = set()
        self._sights = sights
        self._ctx = ctx
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="tavernlink-mcp-changes")
        self._ctx.session._connection.exit_stack.push_async_callback(self._stop)  # noqa: SLF001 (see _state_of)

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        is_late = False
        while True:
            try:
                await self._follow(is_late=is_late)
            except Unavailable as error:
                if error.code != "unreachable":
                    _log.info("mcp.listening_ended", why=error.message)
                    return
                is_late = (
                    True  # a hub at the far end of a wire that is not there yet; `sights` takes its time
                )
            except (TavernlinkError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
                _log.info("mcp.listening_ended", why=str(error))
                return
            else:
                return

    async def _follow(self, *, is_late: bool) -> None:
        session = self._ctx.session
        async with self._sights(self._ctx) as sight, _heard(sight.hub) as events:
            if is_late:  # what was listed before was not everything
                await session.send_tool_list_changed()
                await session.send_resource_list_changed()
            async for event in _changes(sight.hub, events, lambda: self.uris):
                await _tell(session, event)


async def _tell(session: ServerSession, event: ServerEvent) -> None:
    if isinstance(event, ToolsListChanged):
        await session.send_tool_list_changed()
    elif isinstance(event, ResourceUpdated):
        await session.send_resource_updated(event.uri)
    else:
        await session.send_resource_list_changed()


@contextlib.asynccontextmanager
async def _heard(hub: Hub) -> AsyncIterator[Subscription]:
    """Hear the hub's events; a key that may not hears none, which is no error of the client's."""
    events = hub.subscribe(*_EVENTS)
    try:
        await events.open()
    except AuthError:
        events = hub.subscribe()
    try:
        yield events
    finally:
        with anyio.move_on_after(2, shield=True):
            await events.close()


async def _changes(
    hub: Hub, events: Subscription, uris: Callable[[], Collection[str]]
) -> AsyncIterator[ServerEvent]:
    """Yield what changed, for the resources `uris` that somebody follows at that moment."""
    known = await hub.taverns()
    online = {each.tavern_id for each in known if each.online}
    names = {each.tavern_id: each.name for each in known}
    async for event in events:
        if isinstance(event, FunctionsChanged):
            yield ToolsListChanged()
        elif isinstance(event, ChatChanged):
            for uri in _concerned(event.tavern, names.get(event.tavern), uris()):
                yield ResourceUpdated(uri)
        elif isinstance(event, TavernChanged):
            info = event.tavern
            names[info.tavern_id] = info.name
            if info.online != (info.tavern_id in online):
                (online.add if info.online else online.discard)(info.tavern_id)
                yield ResourcesListChanged()
        elif isinstance(event, Resync):
            yield ToolsListChanged()
            yield ResourcesListChanged()
            for uri in uris():
                yield ResourceUpdated(uri)


def _concerned(tavern: str, name: str | None, uris: Collection[str]) -> list[str]:
    """Return those that are the open chat of this tavern, or may be."""
    found = [(uri, Address.parse(uri)) for uri in uris]
    words = (tavern, name, DEFAULT)
    return [uri for uri, address in found if address and address.kind == "chat" and address.tavern in words]


def _followed(session: ServerSession) -> set[str]:
    uris: set[str] = _state_of(session).setdefault(_FOLLOWED, set())
    return uris


def _state_of(session: ServerSession) -> dict[str, Any]:
    # What belongs to a connection has its place there, but the SDK hands its handlers no public way to it (2.3).
    return session._connection.state  # noqa: SLF001
