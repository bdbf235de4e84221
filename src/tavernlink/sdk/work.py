"""What a key has asked for and where it goes: `hub.requests`, `hub.sessions`, `hub.pool`."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from tavernlink.protocol.bindings import SessionForget, SessionInfo, SessionList
from tavernlink.protocol.pool import PoolGet, PoolInfo, PoolPin
from tavernlink.protocol.requests import RequestCancel, RequestInfo, RequestList, RequestUpdate

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Pool", "Requests", "Sessions"]


class Requests:
    """`hub.requests`: requests of this key; with an admin's key, of everybody."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def list(
        self,
        *,
        tavern: str | None = None,
        open: bool = True,  # noqa: A002 (as the message has it)
        limit: int = 100,
    ) -> builtins.list[RequestInfo]:
        """Return them, newest first; `open`: only those that have no final state."""
        asked = RequestList(tavern=tavern, open=open, limit=limit)
        return await self._hub.ask("request.list", asked, builtins.list[RequestInfo])

    async def cancel(self, request_id: str) -> RequestUpdate:
        """Cancel one by its id. Raises `NotFound`."""
        return await self._hub.ask("request.cancel", RequestCancel(request_id=request_id), RequestUpdate)


class Sessions:
    """`hub.sessions`: sessions that have a SillyTavern chat of their own; they begin with `tavern.send(session=…)`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def list(self) -> builtins.list[SessionInfo]:
        """Return those of this key, with an admin's key those of everybody."""
        return await self._hub.ask("session.list", SessionList(), builtins.list[SessionInfo])

    async def forget(self, session: str, *, key: str | None = None) -> bool:
        """Give one up: its next turn begins a new chat. False if there was none. `key`: another's id, for admins.

        Raises `Conflict("session_busy")` while a turn of it waits or runs.
        """
        answer = await self._hub.ask(
            "session.forget", SessionForget(session=session, key=key), dict[str, bool]
        )
        return answer.get("forgotten", False)


class Pool:
    """`hub.pool`: which tavern does what no tavern was named for."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def info(self) -> PoolInfo:
        """Return the policy, the pins and how busy each tavern is."""
        return await self._hub.ask("pool.get", PoolGet(), PoolInfo)

    async def pin(self, tavern: str, *, character: str = "*") -> PoolInfo:
        """Send a character's requests, or with `*` all, to one tavern; for admins."""
        return await self._hub.ask("pool.pin", PoolPin(character=character, tavern=tavern), PoolInfo)

    async def unpin(self, *, character: str = "*") -> PoolInfo:
        """Take a pin away; for admins."""
        return await self._hub.ask("pool.pin", PoolPin(character=character), PoolInfo)
