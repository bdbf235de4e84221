"""`/api/pool`: which tavern does what no tavern was named for."""

from __future__ import annotations

from litestar import Controller, delete, get, put
from litestar.params import FromPath, JSONBody

from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller
from tavernlink.protocol.message import Id, Message
from tavernlink.protocol.pool import PoolGet, PoolInfo, PoolPin

__all__ = ["PinTo", "PoolRoutes"]


class PinTo(Message):
    """`pool.pin` without what the address says."""

    tavern: Id
    """Id or name."""


class PoolRoutes(Controller):
    """The policy, the pins and how busy each tavern is."""

    path = "/pool"
    tags = ["pool"]

    @get("/", summary="Policy, pins, and how busy each tavern is")
    async def show(self, caller: AsCaller) -> Answer[PoolInfo]:
        """`pool.get`."""
        return ok(await caller.ask("pool.get", PoolGet()))

    @put("/pins/{character:str}", summary="Send a character's requests to one tavern; `*` is every character")
    async def pin(
        self, caller: AsCaller, character: FromPath[str], data: JSONBody[PinTo]
    ) -> Answer[PoolInfo]:
        """`pool.pin`; admins only."""
        return ok(await caller.ask("pool.pin", PoolPin(character=character, tavern=data.tavern)))

    @delete("/pins/{character:str}", summary="Take a pin away", status_code=200)
    async def unpin(self, caller: AsCaller, character: FromPath[str]) -> Answer[PoolInfo]:
        """`pool.pin` without a tavern; admins only."""
        return ok(await caller.ask("pool.pin", PoolPin(character=character)))
