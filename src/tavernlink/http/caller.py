"""Whoever makes one HTTP request, as an app of the hub."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency

from tavernlink.core.work.requests import FINAL
from tavernlink.protocol.message import Message
from tavernlink.protocol.requests import RequestUpdate
from tavernlink.runtime.local import LocalApp

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.runtime.hub import Runtime

__all__ = ["APP_HEADER", "AsCaller", "Caller", "HttpRequest", "final_update"]

HttpRequest = Request[Any, Any, State]

APP_HEADER = "x-tavernlink-app"
"""Under which name a program speaks in rooms; with its key it is one member, whatever the connection."""


class Caller:
    """Opens the in-process app of a request; each has its own, so that it hears of nothing else."""

    def __init__(self, runtime: Runtime, key: Key, address: str, app_id: str | None = None) -> None:
        self._runtime = runtime
        self._key = key
        self._address = address
        self._app_id = app_id
        """Where it is the same app from one request to the next; None: another one each time."""

    def member(self, wanted: str | None = None) -> Caller:
        """Return the caller as rooms know it: by its key and the name that it gives itself."""
        return Caller(self._runtime, self._key, self._address, wanted or self._app_id or "http")

    def open(self) -> AbstractAsyncContextManager[LocalApp]:
        """Be connected for the time of the block. Raises `AuthError` for a key that may not be an app."""
        return self._runtime.open_app(self._key, self._app_id or self._key.name, self._address, self._app_id)

    async def ask(self, type_: str, content: Message) -> Any:
        """Ask one thing and return its result. Raises `TavernlinkError`."""
        async with self.open() as app:
            return await app.call(type_, content)

    async def ask_as_member(self, type_: str, content: Message) -> Any:
        """Ask one thing as the member that this caller is in rooms."""
        return await self.member().ask(type_, content)


AsCaller = NamedDependency[Caller]
"""Annotation of a handler's parameter `caller`."""


async def final_update(app: LocalApp, request_id: str) -> RequestUpdate:
    """Wait for a request's final state. Raises the reason if the hub ends the line before."""
    async for event in app.events():
        update = event.content
        if isinstance(update, RequestUpdate) and update.request_id == request_id and update.state in FINAL:
            return update
    raise AssertionError("events() ends by raising only")
