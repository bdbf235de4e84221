"""`/api/events`: what happens in the taverns, as it happens."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from litestar import get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.types import ASGIApp, Send

from tavernlink.errors import BadMessage, TavernlinkError
from tavernlink.http.caller import AsCaller, Caller
from tavernlink.http.presence import answer_by
from tavernlink.http.sse import EventWriter, event_bytes
from tavernlink.protocol.event import Event
from tavernlink.protocol.session import Closing
from tavernlink.protocol.subscriptions import Subscribe

__all__ = ["follow", "listen"]

_Types = QueryParameter(
    description="Globs over message types, comma-separated: `stream.*,chat.changed,event.*`."
)
_Tavern = QueryParameter(description="A tavern's id or name; `*` is every tavern, now and later.")


@get(
    "/events",
    tags=["events"],
    summary="A subscription as server-sent events, until the client goes",
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
async def listen(
    caller: AsCaller, types: Annotated[list[str], _Types], tavern: Annotated[str, _Tavern] = "*"
) -> ASGIApp:
    """`subscribe`. What happened while nobody listened is not repeated: fetch the chat again after a reconnect."""
    globs = [glob.strip() for several in types for glob in several.split(",") if glob.strip()]
    if not globs:
        raise BadMessage(
            "invalid_message", "`types` names nothing to listen to.", {"path": "$.types", "source": "query"}
        )

    return answer_by(partial(follow, caller, Subscribe(types=globs, tavern=tavern)))


async def follow(caller: Caller, subscription: Subscribe, send: Send) -> None:
    """Write what a subscription brings until the client goes."""
    async with caller.open() as app:
        await app.call("subscribe", subscription)
        async with EventWriter(send) as out:
            await out.start()
            await out.comment("subscribed")
            try:
                async for event in app.events():
                    await out.write(event_bytes(event))
            except TavernlinkError as error:
                await out.write(
                    event_bytes(Event("closing", Closing(code=error.code, message=error.message)))
                )
