"""A tavern, for programs without an event loop; its commands are in `sync_commands`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from tavernlink.protocol.chat import ChatView
from tavernlink.protocol.commands import Context
from tavernlink.protocol.commands.asking import CommandInfo
from tavernlink.protocol.requests import GenerateMode
from tavernlink.protocol.taverns import TavernInfo
from tavernlink.sdk.noun import RunOptions
from tavernlink.sdk.reply import Reply
from tavernlink.sdk.request import Request
from tavernlink.sdk.sync_commands import SyncCommandsOfTavern
from tavernlink.sdk.sync_request import SyncReply, SyncRequest
from tavernlink.sdk.tavern import Tavern

if TYPE_CHECKING:
    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncTavern"]

T = TypeVar("T")


class SyncTavern(SyncCommandsOfTavern):
    """`tavernlink.sdk.Tavern` with blocking methods; options are those of its namesakes."""

    def __init__(self, hub: SyncHub, tavern: Tavern) -> None:
        self._hub = hub
        self._tavern = tavern

    @property
    def _tavern_of_commands(self) -> SyncTavern:
        return self

    def send(self, text: str, **options: Any) -> SyncReply:
        """As `Tavern.send`."""

        async def start() -> Reply:
            return self._tavern.send(text, **options)

        return SyncReply(self._hub, self._hub.loop.run(start()))

    def generate(self, mode: GenerateMode = "reply", **options: Any) -> SyncReply:
        """As `Tavern.generate`."""

        async def start() -> Reply:
            return self._tavern.generate(mode, **options)

        return SyncReply(self._hub, self._hub.loop.run(start()))

    def post(self, text: str, **options: Any) -> SyncRequest[dict[str, Any]]:
        """As `Tavern.post`."""

        async def start() -> Request[dict[str, Any]]:
            return self._tavern.post(text, **options)

        return SyncRequest(self._hub, self._hub.loop.run(start()))

    def edit(self, index: int, text: str, **options: Any) -> dict[str, Any]:
        """As `Tavern.edit`, and waits for it."""

        async def work() -> dict[str, Any]:
            return await self._tavern.edit(index, text, **options)

        return self._hub.loop.run(work())

    def delete(self, index: int, count: int = 1, **options: Any) -> dict[str, Any]:
        """As `Tavern.delete`, and waits for it."""

        async def work() -> dict[str, Any]:
            return await self._tavern.delete(index, count, **options)

        return self._hub.loop.run(work())

    def run(self, name: str, args: Mapping[str, Any] | None = None, /, **more: Any) -> Any:
        """As `Tavern.run`, and waits for the result."""

        async def work() -> Any:
            return await self._tavern.run(name, args, **more)

        return self._hub.loop.run(work())

    def finish(
        self, name: str, args: Mapping[str, Any], convert: Callable[[Any], T], **options: Unpack[RunOptions]
    ) -> T:
        """As `Tavern.start`, and waits for the result."""

        async def work() -> T:
            return await self._tavern.start(name, args, convert, **options)

        return self._hub.loop.run(work())

    def commands(self) -> list[CommandInfo]:
        """As `Tavern.commands`."""
        return self._hub.loop.run(self._tavern.commands())

    def stop(self) -> bool:
        """As `Tavern.stop`."""
        return self._hub.loop.run(self._tavern.stop())

    def chat(self, **options: Any) -> ChatView:
        """As `Tavern.chat`."""
        return self._hub.loop.run(self._tavern.chat(**options))

    def context(self, *, last: int = 10) -> Context:
        """As `Tavern.context`."""
        return self._hub.loop.run(self._tavern.context(last=last))

    def info(self) -> TavernInfo:
        """As `Tavern.info`."""
        return self._hub.loop.run(self._tavern.info())
