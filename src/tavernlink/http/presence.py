"""Is the client still there? Work for a client that hung up is stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from litestar.types import ASGIApp, Receive, Scope, Send

__all__ = ["ClientGone", "answer_by", "unless_gone"]

Result = TypeVar("Result")


class ClientGone(Exception):
    """The client closed the connection before its answer was complete."""


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what `work` returns; cancel it and raise `ClientGone` if the client hangs up first.

    The request's body must have been read: from then on ASGI's `receive` has only the disconnect to tell.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_hang_up(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        watching.cancel()
        working.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


def answer_by(write: Callable[[Send], Coroutine[Any, Any, None]]) -> ASGIApp:
    """Return an answer that writes itself; a client that hangs up ends it quietly."""

    async def run(_scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(ClientGone):
            await unless_gone(receive, write(send))

    return run


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
