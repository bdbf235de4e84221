"""The SDK's handle on the hub of this very process: all of its API, without a wire.

So what is written against the SDK runs inside the hub as it does outside: the MCP server does both.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import msgspec

from tavernlink.errors import TavernlinkError, Unavailable
from tavernlink.protocol import PROTOCOL_VERSION
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.message import Message
from tavernlink.protocol.session import Auth, HubInfo, Welcome
from tavernlink.sdk.calls import Repeat
from tavernlink.sdk.connection import Listener, Wire
from tavernlink.sdk.hub import Hub
from tavernlink.sdk.session import Session
from tavernlink.version import __version__

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.runtime.hub import Runtime
    from tavernlink.runtime.local import LocalApp

__all__ = ["LocalHub"]


class LocalHub(Hub):
    """A `Hub` that is an app of this process under `key`. Opening raises `AuthError` for a key that may be none."""

    def __init__(self, runtime: Runtime, key: Key, *, name: str, address: str) -> None:
        super().__init__("local", key.id, name=name)
        self._app = runtime.open_app(key, name, address)

    def _make_wire(self) -> Wire:
        return _LocalWire(self._app, self)


class _LocalWire:
    def __init__(self, app: LocalApp, listener: Listener) -> None:
        self._app = app
        self._listener = listener
        self._stack = AsyncExitStack()
        self._reading: asyncio.Task[None] | None = None
        self.session = Session(Auth())

    @property
    def connected(self) -> bool:
        return self._reading is not None and not self._reading.done()

    async def open(self, *, timeout: float | None) -> Welcome:  # noqa: ASYNC109 (as `Wire` has it)
        await self._stack.enter_async_context(self._app)
        self._reading = asyncio.create_task(self._read(), name="tavernlink-local-hub")
        return Welcome(
            session="local",
            id="local",
            protocol=PROTOCOL_VERSION,
            hub=HubInfo(version=__version__),
            server_time=time.time(),
            resumed=False,
        )

    async def call(
        self,
        type_: str,
        content: Message | dict[str, Any],
        *,
        timeout: float | None,  # noqa: ASYNC109
        repeat: Repeat = Repeat.ALWAYS,
    ) -> msgspec.Raw:
        if not self.connected:
            raise Unavailable("closed")
        try:
            async with asyncio.timeout(timeout):
                return msgspec.Raw(encode_json(await self._app.call(type_, content)))
        except TimeoutError:
            told = f"The hub did not answer {type_!r} within {timeout} s."
            raise Unavailable("timeout", told) from None

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        await self._stack.aclose()
        self._listener.receive_end(Unavailable("closed"))

    async def _read(self) -> None:
        try:
            async for event in self._app.events():
                self._listener.receive_event(event.content)
        except TavernlinkError as error:
            self._listener.receive_end(error)
