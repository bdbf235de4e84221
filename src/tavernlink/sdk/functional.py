"""Functions, as far as a hub handle has to do with them: what this program calls, and what it offers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload
from uuid import uuid4

from tavernlink.errors import TavernlinkError
from tavernlink.protocol.functions import (
    FunctionCall,
    FunctionCancel,
    FunctionInfo,
    FunctionInvoke,
    FunctionList,
    FunctionProgress,
    FunctionResult,
)
from tavernlink.protocol.message import Message
from tavernlink.protocol.session import Resync
from tavernlink.sdk.calling import Calling
from tavernlink.sdk.context import CURRENT_CALL
from tavernlink.sdk.offering import make_offer
from tavernlink.sdk.served import Served

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Functional"]

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class Functional:
    """The part of `Hub` that is about functions; nothing else is one."""

    @property
    def _handle(self) -> Hub:
        return cast("Hub", self)

    def _start_functions(self) -> None:
        self._served = Served(self._handle)
        self._callings: dict[str, Calling] = {}
        self._opened = False
        self._over: asyncio.Future[None] | None = None

    def begin_call(
        self,
        name: str,
        args: dict[str, Any] | None = None,
        *,
        provider: str | None = None,
        call_id: str | None = None,
        timeout: float | None = None,
        on_progress: Callable[[FunctionProgress], None] | None = None,
    ) -> Calling:
        """Begin to call a function; `await` what comes back for its result, or `cancel` it.

        `provider`: instead of an address. `call_id`: called twice under one, it is carried out once.
        """
        message = FunctionCall(
            name=name,
            args=args or {},
            provider=provider,
            call_id=call_id or uuid4().hex,
            timeout=timeout,
            parent=CURRENT_CALL.get(),
        )
        return Calling(self._handle, message, on_progress=on_progress)

    async def functions(
        self, *, tool: bool | None = None, provider: str | None = None, commands: bool = False
    ) -> list[FunctionInfo]:
        """Return the functions that this program may call; `commands` (or a tavern as `provider`): commands too."""
        query = FunctionList(tool=tool, provider=provider, commands=commands)
        return await self._handle.ask("function.list", query, list[FunctionInfo])

    # ── Functions of this program ────────────────────────────────────────────────────────────────────────
    @overload
    def function(self, function: AnyFunction, /) -> AnyFunction: ...

    @overload
    def function(self, /, **options: Any) -> Callable[[AnyFunction], AnyFunction]: ...

    def function(self, function: AnyFunction | None = None, /, **options: Any) -> Any:
        """Offer the function below to whoever may call it: `@hub.function`, or with options `@hub.function(tool=True)`.

        Options are those of `tavernlink.function`. The hub is told when the handle is opened, or at once. It may be
        async; if it is not, it runs in a thread. Raises `SignatureError` for one that cannot be offered.
        """
        if function is None:
            return lambda wrapped: self._offer(wrapped, options)
        return self._offer(function, options)

    def _offer(self, function: AnyFunction, options: dict[str, Any]) -> AnyFunction:
        offer = make_offer(function, options)
        self._served.add([offer])
        if self._opened:
            self._handle.spawn(self._served.register_late(offer))
        return function

    async def offer(self, function: Callable[..., Any], **options: Any) -> str:
        """Offer one function with options, and return its address when the hub has it; as `function` otherwise."""
        offer = make_offer(function, options)
        self._served.add([offer])
        return (await self._served.register([offer]))[0]

    async def serve(self, *functions: Callable[..., Any]) -> list[str]:
        """Offer functions, and return their addresses when the hub has them. Raises what the hub says of them."""
        offers = [self._served.offer_of(each) or make_offer(each, {}) for each in functions]
        self._served.add(offers)
        return await self._served.register(offers) if self._opened else []

    async def serve_forever(self, *functions: Callable[..., Any]) -> None:
        """Offer functions and carry their calls out until the handle is closed.

        Raises what ends it for good, e.g. `AuthError` where the key was revoked; a lost line is mended meanwhile.
        """
        await self.serve(*functions)
        if self._over is None:
            self._over = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._over)

    async def withdraw(self, *names: str) -> int:
        """Offer these functions no more, or none at all; their calls fail with `provider_gone`."""
        return await self._served.remove(names)

    def follow_call(self, calling: Calling) -> None:
        """Send a call's progress and result to it until `forget_call`."""
        self._callings[calling.call_id] = calling

    def forget_call(self, calling: Calling) -> None:
        """Send no more to it."""
        if self._callings.get(calling.call_id) is calling:
            del self._callings[calling.call_id]

    # ── What the hub handle tells ────────────────────────────────────────────────────────────────────────
    async def _open_functions(self) -> None:
        self._opened = True
        if self._served.names:
            await self._served.register()

    async def _close_functions(self) -> None:
        await self._served.close()

    def _resync_functions(self, resync: Resync) -> None:
        self._handle.spawn(self._served.register_again())
        for calling in list(self._callings.values()):
            calling.resync(resync)

    def _end_functions(self, error: TavernlinkError) -> None:
        for calling in list(self._callings.values()):
            calling.fail(error)
        if self._over is None:
            self._over = asyncio.get_running_loop().create_future()
        if self._over.done():
            return
        if error.code == "closed":
            self._over.set_result(None)
        else:
            self._over.set_exception(error)
            self._over.exception()  # nobody need wait for it

    def _receive_function(self, content: Message) -> bool:
        """Hand an event to the call that it concerns; False if it is not about functions."""
        if isinstance(content, FunctionInvoke):
            self._served.receive_invoke(content)
        elif isinstance(content, FunctionCancel):
            self._served.receive_cancel(content.call_id)
        elif isinstance(content, FunctionResult):
            if (calling := self._callings.get(content.call_id)) is not None:
                calling.receive_result(content)
        elif isinstance(content, FunctionProgress):
            if (calling := self._callings.get(content.call_id)) is not None:
                calling.receive_progress(content)
        else:
            return False
        return True
