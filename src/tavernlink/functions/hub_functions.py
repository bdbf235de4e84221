"""The provider of the hub's own functions: loads them, looks whether their files changed, carries out their calls."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from tavernlink.core.access.keys import Key
from tavernlink.errors import NotFound, TavernlinkError
from tavernlink.functions.library import Library, Loaded
from tavernlink.mcp.local import LocalHub
from tavernlink.protocol.functions import ProviderInfo
from tavernlink.sdk.context import Context
from tavernlink.sdk.serving import Serving
from tavernlink.sdk.sync import SyncHub
from tavernlink.sdk.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tavernlink.core.functions.call import Call
    from tavernlink.runtime.hub import Runtime
    from tavernlink.sdk.hub import Hub
    from tavernlink.sdk.offering import Offer

__all__ = ["HubFunctions"]

_log = structlog.get_logger("tavernlink.functions")
_LOOK = 1.0  # seconds between two looks at the folder
_FIRST = 10.0  # seconds that the hub's start waits for the first look
_OWN_KEY = Key(id="", role="admin", name="hub functions", digest=b"", created=0.0)
"""The files are those of the hub's owner: what they do with the hub is not held against the caller's key."""


class HubFunctions:
    """Runs from `start` to `stop`."""

    def __init__(self, runtime: Runtime, folder: Path, *, packages: bool = True) -> None:
        self.info = ProviderInfo(kind="hub", id="hub", name="hub")
        self._runtime = runtime
        self._folder = folder
        self._library = Library(folder, packages=packages)
        self._looked = asyncio.Event()
        self._serving = Serving()
        # A thread that an import blocks for ever must neither hold up the hub's start nor its end.
        self._loading = Threads(1, "tavernlink-functions-loading")
        self._offers: dict[str, Offer] = {}
        self._problems: dict[str, str] = {}
        self._hub = LocalHub(runtime, _OWN_KEY, name="hub functions", address="local")
        self._sync_hub: SyncHub | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def problems(self) -> dict[str, str]:
        """File or package → why it, or a function of it, is not there."""
        return dict(self._problems)

    async def start(self) -> None:
        """Load everything, and look from now on whether it changes. Never raises for what a file does."""
        await self._hub.open()
        self._watching = asyncio.create_task(self._watch(), name="tavernlink-functions")
        try:
            async with asyncio.timeout(_FIRST):
                await self._looked.wait()
        except TimeoutError:
            _log.warning("functions.slow", folder=str(self._folder), why="A file takes long to load.")

    async def stop(self) -> None:
        """Cancel what runs, and let the hub handle go."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._serving.close()
        await self._hub.close()

    async def look(self) -> None:
        """Take over what changed."""
        loaded = await self._in_thread(lambda: self._library.load() if self._library.changed() else None)
        if loaded is not None:
            self._take(loaded)
        self._looked.set()

    async def _in_thread(self, work: Callable[[], Loaded | None]) -> Loaded | None:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Loaded | None] = loop.create_future()

        def settle(result: Loaded | None, error: Exception | None) -> None:
            if found.done():
                return
            if error is not None:
                found.set_exception(error)
            else:
                found.set_result(result)

        def run() -> None:
            result, error = None, None
            try:
                result = work()
            except Exception as caught:  # noqa: BLE001 (raised where it is awaited)
                error = caught
            with contextlib.suppress(RuntimeError):  # the hub has stopped
                loop.call_soon_threadsafe(settle, result, error)

        self._loading.run(run)
        return await found

    # Provider

    def invoke(self, call: Call) -> None:
        """Run the function."""
        offer = self._offers.get(call.name)
        if offer is None:
            call.fail(NotFound("unknown_function", f"The hub offers no function {call.name!r} any more."))
            return
        loop = asyncio.get_running_loop()

        def tell(progress: float, total: float | None, message: str | None) -> None:
            loop.call_soon_threadsafe(call.tell, progress, total, message)

        context = Context(
            call_id=call.call_id,
            name=call.name,
            caller=call.caller,
            timeout=call.timeout,
            tell=tell,
            hub=self._handle,
            sync_hub=lambda: self._sync_handle(loop),
        )
        self._serving.begin(offer, call.args, context, call)

    def cancel(self, call: Call) -> None:
        """Stop it, if it can be stopped."""
        self._serving.cancel(call.call_id)

    # Within

    def _handle(self) -> Hub:
        return self._hub

    def _sync_handle(self, loop: asyncio.AbstractEventLoop) -> SyncHub:
        if self._sync_hub is None:
            self._sync_hub = SyncHub.borrowing(self._hub, loop)
        return self._sync_hub

    def _take(self, loaded: Loaded) -> None:
        """Offer what can be offered, and say what cannot."""
        problems = dict(loaded.problems)
        good: dict[str, Offer] = {}
        functions = self._runtime.core.functions
        for name, offer in loaded.offers.items():
            try:
                functions.check(self, offer.spec)
            except TavernlinkError as error:
                problems[loaded.sources[name]] = f"The function {name!r} cannot be offered: {error.message}"
            else:
                good[name] = offer
        self._offers = good
        functions.provide(self, [offer.spec for offer in good.values()])
        for source, why in problems.items():
            if self._problems.get(source) != why:
                _log.error("functions.broken", source=source, why=why)
        self._problems = problems
        if good or loaded.offers:
            _log.info("functions.loaded", names=", ".join(sorted(good)) or "none")

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # noqa: BLE001 (the next look may go better)
                _log.exception("functions.look_failed")
            await asyncio.sleep(_LOOK)
