"""`/api/taverns` and `/api/characters`: who is there, what is open, and the Stop button."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tavernlink.http.api.answers import Answer, Asked, Wait, ok, submit, tavern_of
from tavernlink.http.caller import AsCaller, HttpRequest
from tavernlink.protocol.commands import Context
from tavernlink.protocol.message import Id
from tavernlink.protocol.requests import Generate, GenerationStop
from tavernlink.protocol.taverns import Character, CharacterList, ContextGet, TavernInfo, TavernList

__all__ = ["TavernRoutes", "list_characters", "list_taverns"]


@get("/taverns", tags=["taverns"], summary="Every SillyTavern tab that is connected, or was a moment ago")
async def list_taverns(caller: AsCaller) -> Answer[list[TavernInfo]]:
    """`tavern.list`."""
    return ok(await caller.ask("tavern.list", TavernList()))


@get("/characters", tags=["taverns"], summary="Characters and groups of one tavern, or of all")
async def list_characters(caller: AsCaller, tavern: FromQuery[Id | None] = None) -> Answer[list[Character]]:
    """`character.list`."""
    return ok(await caller.ask("character.list", CharacterList(tavern=tavern)))


class TavernRoutes(Controller):
    """One tavern by its id or name; `default` is the first one that is online."""

    path = "/taverns/{tavern:str}"
    tags = ["taverns"]

    @get("/context", summary="What is open in SillyTavern and the settings that matter")
    async def context(
        self,
        *,
        caller: AsCaller,
        tavern: FromPath[str],
        last: Annotated[
            int, QueryParameter(ge=0, description="How many of the last messages to include.")
        ] = 10,
    ) -> Answer[Context]:
        """`context.get`."""
        return ok(await caller.ask("context.get", ContextGet(tavern=tavern_of(tavern), last=last)))

    @post("/generate", summary="Generate a reply, a swipe, a quiet or a detached answer …", status_code=202)
    async def generate(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        data: JSONBody[Generate],
        wait: Wait = False,
    ) -> Asked:
        """`generate`; `tavern` of the body gives way to that of the address."""
        content = msgspec.structs.replace(data, tavern=tavern_of(tavern))
        return await submit(caller, request, "generate", content, wait=wait)

    @post("/stop", summary="Press Stop in SillyTavern, whoever started the generation", status_code=200)
    async def stop(self, caller: AsCaller, tavern: FromPath[str]) -> Answer[dict[str, bool]]:
        """`generation.stop`."""
        return ok(await caller.ask("generation.stop", GenerationStop(tavern=tavern_of(tavern))))
