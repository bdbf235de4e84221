"""The bodies of the answers, and the two ways to ask for something that becomes a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.params import QueryParameter

from tavernlink.errors import Conflict
from tavernlink.http.caller import Caller, HttpRequest, final_update
from tavernlink.http.entrance import prefix_of
from tavernlink.http.presence import unless_gone
from tavernlink.protocol.chat import ChatDelete, ChatEdit, ChatSend
from tavernlink.protocol.commands.asking import CommandRun
from tavernlink.protocol.profiles import ProfileApply, ProfilePublish, ProfileUndo
from tavernlink.protocol.requests import Accepted, Generate, RequestCancel, RequestUpdate
from tavernlink.protocol.rooms import RoomRelease

__all__ = ["Answer", "Asked", "Ok", "Wait", "ok", "submit", "tavern_of"]

Result = TypeVar("Result")

Wait = Annotated[
    bool,
    QueryParameter(description="True: answer when it is finished, with the final state, instead of at once."),
]


class Ok(msgspec.Struct, Generic[Result], kw_only=True, frozen=True):
    """`{"ok": true, "result": …}`."""

    result: Result
    ok: bool = True


Answer = Response[Ok[Result]]
Asked = Response[Ok[Accepted] | Ok[RequestUpdate]]
"""With `wait`, RequestUpdate; else Accepted."""


def ok(result: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """Return the answer to something that went well."""
    return Response(
        Ok(result=result),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store", **(headers or {})},
    )


def tavern_of(path_part: str) -> str | None:
    """Return the `tavern` of a message for the `{tavern}` of an address; `default` is whichever there is."""
    return None if path_part == "default" else path_part


_Asking = (
    ChatSend
    | ChatEdit
    | ChatDelete
    | CommandRun
    | Generate
    | RoomRelease
    | ProfilePublish
    | ProfileApply
    | ProfileUndo
)


async def submit(
    caller: Caller,
    request: HttpRequest,
    type_: str,
    content: _Asking,
    *,
    wait: bool,
) -> Asked:
    """Ask; answer 202 at once or, with `wait`, when it is finished.

    A waiting client that hangs up cancels what it asked for, unless it named a `request_id` to come back with.
    """
    if wait:
        named = content.request_id is not None
        return ok(await unless_gone(request.receive, _result(caller, type_, content, cancel=not named)))
    accepted: Accepted = await caller.ask(type_, content)
    address = f"{prefix_of(request.scope)}/api/requests/{quote(accepted.request_id, safe='')}"
    return ok(accepted, status=202, headers={"location": address})


async def _result(caller: Caller, type_: str, content: msgspec.Struct, *, cancel: bool) -> RequestUpdate:
    async with caller.open() as app:
        accepted: Accepted = await app.call(type_, content)
        if accepted.held:
            raise Conflict("held", details={"request_id": accepted.request_id})
        try:
            update = await final_update(app, accepted.request_id)
        except BaseException:
            if cancel:
                await app.call("request.cancel", RequestCancel(request_id=accepted.request_id))
            raise
    if update.error is not None:
        error = update.error.to_error()
        error.details.setdefault("request_id", update.request_id)
        raise error
    return update
