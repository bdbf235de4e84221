"""`/api/functions`: what can be called by name, and calling it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any
from uuid import uuid4

import msgspec
from litestar import Controller, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import ASGIApp, Send

from tavernlink.errors import TavernlinkError
from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller, Caller, HttpRequest
from tavernlink.http.presence import answer_by, unless_gone
from tavernlink.http.sse import EventWriter, event_bytes
from tavernlink.protocol.event import Event
from tavernlink.protocol.functions import (
    CallAccepted,
    FunctionCall,
    FunctionCancel,
    FunctionInfo,
    FunctionList,
    FunctionResult,
)
from tavernlink.protocol.message import Id
from tavernlink.protocol.session import Closing

__all__ = ["FunctionBody", "FunctionRoutes"]


class FunctionBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of a call."""

    args: dict[str, Any] = msgspec.field(default_factory=dict)
    provider: Id | None = None
    """`hub`, or id or name of an app, tavern or MCP server; where the name alone does not say enough."""
    call_id: Id | None = None
    """Called twice under one key, it is carried out once, and both calls get its result."""
    timeout: Annotated[float, msgspec.Meta(gt=0)] | None = None


class FunctionRoutes(Controller):
    """Functions of the hub, of apps, of taverns and of MCP servers."""

    path = "/functions"
    tags = ["functions"]

    @get("/", summary="The functions that this key may call, with the schemas of their arguments")
    async def show(
        self,
        caller: AsCaller,
        *,
        tool: FromQuery[bool | None] = None,
        provider: FromQuery[Id | None] = None,
        commands: Annotated[bool, QueryParameter(description="With every tavern's commands.")] = False,
    ) -> Answer[list[FunctionInfo]]:
        """`function.list`."""
        query = FunctionList(tool=tool, provider=provider, commands=commands)
        return ok(await caller.ask("function.list", query))

    @post("/{name:str}/call", summary="Call a function and wait for its result", status_code=200)
    async def call(
        self, caller: AsCaller, request: HttpRequest, name: FromPath[str], data: JSONBody[FunctionBody]
    ) -> Answer[CallAccepted]:
        """`function.call`. A client that hangs up cancels it, unless it named a `call_id` to come back with."""
        return ok(await unless_gone(request.receive, _call(caller, _message(name, data), data.call_id)))

    @post(
        "/{name:str}/events",
        summary="Call a function and hear its progress until it ends",
        status_code=200,
        media_type="text/event-stream",
        responses={
            200: ResponseSpec(
                str,
                description="`function.progress` events, then one `function.result`.",
                media_type="text/event-stream",
                generate_examples=False,
            )
        },
    )
    async def follow(self, caller: AsCaller, name: FromPath[str], data: JSONBody[FunctionBody]) -> ASGIApp:
        """`function.call`, with its events as they come."""
        return answer_by(partial(_follow, caller, _message(name, data), data.call_id))


def _message(name: str, data: FunctionBody) -> FunctionCall:
    return FunctionCall(
        name=name,
        args=data.args,
        provider=data.provider,
        call_id=data.call_id or uuid4().hex,
        timeout=data.timeout,
    )


async def _call(caller: Caller, message: FunctionCall, named: str | None) -> CallAccepted:
    async with caller.open() as app:
        try:
            answer: CallAccepted = await app.call(
                "function.call", msgspec.structs.replace(message, wait=True)
            )
        except asyncio.CancelledError:
            if named is None:
                await app.call("function.cancel", FunctionCancel(call_id=message.call_id or ""))
            raise
        return answer


async def _follow(caller: Caller, message: FunctionCall, named: str | None, send: Send) -> None:
    async with caller.open() as app:
        await app.call("function.call", message)
        over = False
        try:
            async with EventWriter(send) as out:
                try:
                    async for event in app.events():
                        over = isinstance(event.content, FunctionResult)
                        await out.write(event_bytes(event))
                        if over:
                            return
                except TavernlinkError as error:
                    closing = Closing(code=error.code, message=error.message)
                    await out.write(event_bytes(Event("closing", closing)))
        finally:
            if not over and named is None:
                await app.call("function.cancel", FunctionCancel(call_id=message.call_id or ""))
