"""`/api/requests`: one request's state, its end, and its events as they happen."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from litestar import Controller, Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ASGIApp, Send

from tavernlink.core.work.requests import FINAL
from tavernlink.errors import TavernlinkError
from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller, Caller, HttpRequest
from tavernlink.http.presence import answer_by
from tavernlink.http.sse import EventWriter, event_bytes
from tavernlink.protocol.event import Event
from tavernlink.protocol.message import Id
from tavernlink.protocol.requests import RequestCancel, RequestGet, RequestInfo, RequestList, RequestUpdate
from tavernlink.protocol.session import Closing

__all__ = ["RequestRoutes", "list_requests"]

_FINAL_ID = "final"
"""SSE id of the last event. A browser's EventSource comes back with it after the end, and 204 tells it to stop."""


@get("/requests", tags=["requests"], summary="Requests of this key, newest first; an admin sees everybody's")
async def list_requests(
    *,
    caller: AsCaller,
    tavern: FromQuery[Id | None] = None,
    open_only: Annotated[
        bool, QueryParameter(name="open", description="Only those without a final state.")
    ] = True,
    limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 100,
) -> Answer[list[RequestInfo]]:
    """`request.list`."""
    return ok(await caller.ask("request.list", RequestList(tavern=tavern, open=open_only, limit=limit)))


class RequestRoutes(Controller):
    """Requests that were made under the same key."""

    path = "/requests/{request_id:str}"
    tags = ["requests"]

    @get("/", summary="Its state; its result once it has one")
    async def show(self, caller: AsCaller, request_id: FromPath[str]) -> Answer[RequestUpdate]:
        """`request.get`."""
        return ok(await caller.ask("request.get", RequestGet(request_id=request_id)))

    @delete("/", summary="Cancel it", status_code=200)
    async def cancel(self, caller: AsCaller, request_id: FromPath[str]) -> Answer[RequestUpdate]:
        """`request.cancel`."""
        return ok(await caller.ask("request.cancel", RequestCancel(request_id=request_id)))

    @post("/cancel", summary="Cancel it (for clients that cannot send DELETE)", status_code=200)
    async def cancel_by_post(self, caller: AsCaller, request_id: FromPath[str]) -> Answer[RequestUpdate]:
        """`request.cancel`."""
        return ok(await caller.ask("request.cancel", RequestCancel(request_id=request_id)))

    @get(
        "/events",
        summary="Its `request.update` and `stream.*` events, from its beginning to its final state",
        media_type="text/event-stream",
        responses={
            200: ResponseSpec(
                str,
                description="`event:` is the message's type, `data:` its content; see docs/reference/http.md.",
                media_type="text/event-stream",
                generate_examples=False,
            )
        },
    )
    async def follow(self, caller: AsCaller, request: HttpRequest, request_id: FromPath[str]) -> ASGIApp:
        """`request.get` with `watch`. Coming late, it begins with the text so far; so a reconnect needs no place."""
        if request.headers.get("last-event-id") == _FINAL_ID:
            return Response(None, status_code=204).to_asgi_response(app=None, request=request)

        return answer_by(partial(_follow, caller, request_id))


async def _follow(caller: Caller, request_id: str, send: Send) -> None:
    async with caller.open() as app:
        await app.call("request.get", RequestGet(request_id=request_id, watch=True))
        async with EventWriter(send) as out:
            try:
                async for event in app.events():
                    update = event.content
                    if isinstance(update, RequestUpdate) and update.state in FINAL:
                        await out.write(b"id: %b\n%b" % (_FINAL_ID.encode(), event_bytes(event)))
                        return
                    await out.write(event_bytes(event))
            except TavernlinkError as error:
                await out.write(
                    event_bytes(Event("closing", Closing(code=error.code, message=error.message)))
                )
