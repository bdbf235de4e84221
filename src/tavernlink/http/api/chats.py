"""`/api/taverns/{tavern}/chat`: the open chat."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from tavernlink.http.api.answers import Answer, Asked, Wait, ok, submit, tavern_of
from tavernlink.http.caller import AsCaller, HttpRequest
from tavernlink.protocol.chat import ChatDelete, ChatEdit, ChatGet, ChatSend, ChatView
from tavernlink.protocol.message import Count, Id, Message, Text

__all__ = ["ChatRoutes", "MessageEdit"]


class MessageEdit(Message):
    """`chat.edit` without what the address says."""

    text: Text
    revision: Count | None = None
    """Refuse with `stale_revision` unless the mirror is still at this revision."""
    request_id: Id | None = None


_Since = QueryParameter(
    ge=0, description="A revision that the caller has: answers with the operations since."
)
_Before = QueryParameter(ge=0, description="Messages with a lower index than this.")
_Limit = QueryParameter(ge=0, le=1_000, description="Messages at most.")


class ChatRoutes(Controller):
    """The chat that is open in a tavern, as the hub mirrors it, and ways to change it."""

    path = "/taverns/{tavern:str}/chat"
    tags = ["chat"]

    @get("/", summary="The last messages, older ones, or what changed since")
    async def show(
        self,
        *,
        caller: AsCaller,
        tavern: FromPath[str],
        since: Annotated[int | None, _Since] = None,
        before: Annotated[int | None, _Before] = None,
        limit: Annotated[int, _Limit] = 100,
    ) -> Answer[ChatView]:
        """`chat.get`."""
        return ok(
            await caller.ask(
                "chat.get", ChatGet(tavern=tavern_of(tavern), since=since, before=before, limit=limit)
            )
        )

    @post("/", summary="Send a message into the chat", status_code=202)
    async def send(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        data: JSONBody[ChatSend],
        wait: Wait = False,
    ) -> Asked:
        """`chat.send`; `tavern` of the body gives way to that of the address."""
        content = msgspec.structs.replace(data, tavern=tavern_of(tavern))
        return await submit(caller, request, "chat.send", content, wait=wait)

    @patch("/messages/{index:int}", summary="Change a message's text", status_code=202)
    async def edit(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        index: Annotated[int, PathParameter(ge=0)],
        data: JSONBody[MessageEdit],
        wait: Wait = False,
    ) -> Asked:
        """`chat.edit`."""
        content = ChatEdit(
            tavern=tavern_of(tavern),
            index=index,
            text=data.text,
            revision=data.revision,
            request_id=data.request_id,
        )
        return await submit(caller, request, "chat.edit", content, wait=wait)

    @delete("/messages/{index:int}", summary="Delete messages", status_code=202)
    async def remove(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        index: Annotated[int, PathParameter(ge=0)],
        count: Annotated[int, QueryParameter(ge=1, description="How many, from this one on.")] = 1,
        revision: Annotated[int | None, QueryParameter(ge=0)] = None,
        request_id: FromQuery[Id | None] = None,
        wait: Wait = False,
    ) -> Asked:
        """`chat.delete`."""
        content = ChatDelete(
            tavern=tavern_of(tavern), index=index, count=count, revision=revision, request_id=request_id
        )
        return await submit(caller, request, "chat.delete", content, wait=wait)
