"""Messages of programs' own types for programs without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from tavernlink.protocol.routing import CustomMessage
from tavernlink.sdk.messages import Messages

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub
    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncMailbox"]

AnyHandler = TypeVar("AnyHandler", bound=Callable[[CustomMessage], Any])


class SyncMailbox:
    """Calls handlers in a thread of their own, one after another, so that they may use the hub like everybody else."""

    def __init__(self, sync: SyncHub, hub: Hub) -> None:
        self._sync = sync
        self._hub = hub
        self._thread: ThreadPoolExecutor | None = None
        self._bridges: dict[Callable[[CustomMessage], Any], Callable[[CustomMessage], Any]] = {}

    def on(self, types: tuple[str, ...], handler: AnyHandler) -> AnyHandler:
        """As `Hub.on`."""
        thread = self._thread = self._thread or ThreadPoolExecutor(
            1, thread_name_prefix="tavernlink-messages"
        )

        async def bridge(message: CustomMessage) -> None:
            await asyncio.get_running_loop().run_in_executor(thread, handler, message)

        self._bridges[handler] = bridge
        self._hub.on(*types)(bridge)
        return handler

    def off(self, handler: Callable[[CustomMessage], Any]) -> None:
        """As `Hub.off`."""
        bridge = self._bridges.pop(handler, None)
        if bridge is not None:
            self._hub.off(bridge)

    def open(self, types: tuple[str, ...]) -> Iterator[CustomMessage]:
        """As `Hub.messages`."""
        loop = self._sync.loop

        async def start() -> Messages:
            return self._hub.messages(*types)

        async def stop() -> None:
            messages.close()

        messages = loop.run(start())

        def following() -> Iterator[CustomMessage]:
            try:
                yield from loop.iterate(messages)
            finally:
                loop.run(stop())

        return following()

    def close(self) -> None:
        """Let the thread go; what it runs just now runs to its end."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
