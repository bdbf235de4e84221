"""The functions that this program offers to the hub, and the calls of them.

They are registered when the handle is opened, when they are added, and again with every new session.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from tavernlink.errors import NotFound, TavernlinkError
from tavernlink.protocol.functions import (
    FunctionDone,
    FunctionInvoke,
    FunctionProgress,
    FunctionRegister,
    FunctionUnregister,
)
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.sdk.calls import Repeat
from tavernlink.sdk.context import Context
from tavernlink.sdk.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tavernlink.sdk.hub import Hub
    from tavernlink.sdk.offering import Offer
    from tavernlink.sdk.sync import SyncHub

__all__ = ["Served"]

_log = logging.getLogger("tavernlink.sdk")
_MOST_AT_ONCE = 256
_GOODBYE_SECONDS = 2.0


class Served:
    """What the hub may call here."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._offers: dict[str, Offer] = {}
        self._serving = Serving()
        self._progress: dict[str, FunctionProgress] = {}
        """Call → the newest that was not sent yet."""
        self.sync_hub: SyncHub | None = None
        """What functions that are not async use; made when one asks for it."""

    def add(self, offers: Sequence[Offer]) -> None:
        """Take functions in, without telling the hub."""
        self._offers.update((offer.spec.name, offer) for offer in offers)

    async def register(self, offers: Sequence[Offer] | None = None) -> list[str]:
        """Tell the hub of these, or of all; returns their addresses."""
        specs = [offer.spec for offer in (self._offers.values() if offers is None else offers)]
        addresses: list[str] = []
        for start in range(0, len(specs), _MOST_AT_ONCE):
            message = FunctionRegister(functions=specs[start : start + _MOST_AT_ONCE])
            addresses += await self._hub.ask("function.register", message, list[str])
        return addresses

    @property
    def names(self) -> tuple[str, ...]:
        """What is offered."""
        return tuple(self._offers)

    def offer_of(self, function: Any) -> Offer | None:
        """Return how a function is offered already; None: it is not."""
        return next((offer for offer in self._offers.values() if offer.function is function), None)

    async def register_late(self, offer: Offer) -> None:
        """Tell the hub of a function that was added while the handle is open; nobody waits for the answer."""
        try:
            await self.register([offer])
        except TavernlinkError as error:
            _log.error("The hub did not take the function %s: %s", offer.spec.name, error.message)

    async def register_again(self) -> None:
        """In a new session; what was called in the old one is over."""
        self._serving.cancel_all()
        try:
            if self._offers:
                await self.register()
        except TavernlinkError as error:
            _log.error("The hub did not take this program's functions again: %s", error.message)

    async def remove(self, names: Sequence[str]) -> int:
        """Offer these no more, or none at all."""
        for name in names or list(self._offers):
            self._offers.pop(name, None)
        message = FunctionUnregister(names=list(names))
        removed = await self._hub.ask("function.unregister", message, dict[str, int])
        return removed["removed"]

    async def close(self) -> None:
        """The handle closes: nobody is to wait for this program's answers."""
        await self._serving.close()
        if self._offers and self._hub.connected:
            with contextlib.suppress(TavernlinkError):
                await self._hub.ask(
                    "function.unregister", FunctionUnregister(), object, timeout=_GOODBYE_SECONDS
                )

    def receive_invoke(self, invoke: FunctionInvoke) -> None:
        """Carry out a call."""
        answer = _Answer(self._hub, invoke.call_id)
        offer = self._offers.get(invoke.name)
        if offer is None:
            answer.fail(NotFound("unknown_function", f"This program offers no function {invoke.name!r}."))
            return
        loop = asyncio.get_running_loop()

        def tell(progress: float, total: float | None, message: str | None) -> None:
            told = FunctionProgress(
                call_id=invoke.call_id, progress=progress, total=total, message=message and message[:10_000]
            )
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._tell, told)

        context = Context(
            call_id=invoke.call_id,
            name=invoke.name,
            caller=invoke.caller,
            timeout=invoke.timeout,
            tell=tell,
            hub=lambda: self._hub,
            sync_hub=lambda: self._sync(loop),
        )
        self._serving.begin(offer, invoke.args, context, answer)

    def receive_cancel(self, call_id: str) -> None:
        """Nobody waits for a call any more."""
        self._serving.cancel(call_id)

    def _sync(self, loop: asyncio.AbstractEventLoop) -> SyncHub:
        if self.sync_hub is None:
            from tavernlink.sdk.sync import SyncHub  # noqa: PLC0415 (it stands above this module)

            self.sync_hub = SyncHub.borrowing(self._hub, loop)
        return self.sync_hub

    def _tell(self, told: FunctionProgress) -> None:
        waits = told.call_id in self._progress
        self._progress[told.call_id] = told
        if not waits:
            self._hub.spawn(self._send(told.call_id))

    async def _send(self, call_id: str) -> None:
        told = self._progress.pop(call_id)
        with contextlib.suppress(TavernlinkError):
            await self._hub.ask("function.progress", told, object, repeat=Repeat.NEVER)


class _Answer:
    def __init__(self, hub: Hub, call_id: str) -> None:
        self._hub = hub
        self._call_id = call_id

    def done(self, result: Any) -> None:
        self._say(FunctionDone(call_id=self._call_id, ok=True, result=result))

    def fail(self, error: TavernlinkError) -> None:
        self._say(FunctionDone(call_id=self._call_id, ok=False, error=ErrorInfo.of(error)))

    def _say(self, done: FunctionDone) -> None:
        self._hub.spawn(self._send(done))

    async def _send(self, done: FunctionDone) -> None:
        try:
            await self._hub.ask("function.done", done, object, timeout=None)
        except TavernlinkError as error:
            if done.ok and error.code in ("too_large", "invalid_message"):
                failed = FunctionDone(call_id=done.call_id, ok=False, error=ErrorInfo.of(error))
                await self._send(failed)
            else:
                _log.info("The answer to a call reached nobody: %s", error.message)
