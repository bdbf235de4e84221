"""`/api/routes`: the rules that lead messages."""

from __future__ import annotations

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, JSONBody

from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller
from tavernlink.protocol.routing import (
    Route,
    RouteInfo,
    RouteList,
    RouteRemove,
    RouteTest,
    RouteTrace,
    RouteVerdict,
)

__all__ = ["RoutingRuleRoutes"]


class RoutingRuleRoutes(Controller):
    """Rules in the order in which they are tried; admins only."""

    path = "/routes"
    tags = ["routes"]

    @get("/", summary="Every rule, in order, and how it fares")
    async def show(self, caller: AsCaller) -> Answer[list[RouteInfo]]:
        """`route.list`."""
        return ok(await caller.ask("route.list", RouteList()))

    @post("/", summary="Make a rule", status_code=200)
    async def make(self, caller: AsCaller, data: JSONBody[Route]) -> Answer[RouteInfo]:
        """`route.put`; with an `id` that there is, the rule is changed."""
        return ok(await caller.ask("route.put", data))

    @post("/test", summary="What the rules would do with a message; nothing is sent", status_code=200)
    async def test(self, caller: AsCaller, data: JSONBody[RouteTest]) -> Answer[RouteTrace]:
        """`route.test`."""
        return ok(await caller.ask("route.test", data))

    @post(
        "/check",
        summary="Whether such a rule can be, and where it is wrong; nothing is kept",
        status_code=200,
    )
    async def check(self, caller: AsCaller, data: JSONBody[Route]) -> Answer[RouteVerdict]:
        """`route.check`."""
        return ok(await caller.ask("route.check", data))

    @put("/{route:str}", summary="Make or change the rule with this id")
    async def change(
        self, caller: AsCaller, route: FromPath[str], data: JSONBody[Route]
    ) -> Answer[RouteInfo]:
        """`route.put`."""
        return ok(await caller.ask("route.put", msgspec.structs.replace(data, id=route)))

    @delete("/{route:str}", summary="Delete a rule", status_code=200)
    async def remove(self, caller: AsCaller, route: FromPath[str]) -> Answer[None]:
        """`route.remove`."""
        return ok(await caller.ask("route.remove", RouteRemove(id=route)))
