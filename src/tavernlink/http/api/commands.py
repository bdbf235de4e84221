"""`/api/commands` and `/api/taverns/{tavern}/commands/{name}`: what a SillyTavern can be asked to do, by name.

The body of a POST is the command's arguments. A GET does the same for commands that only read, with the arguments in
the address, and answers with the file itself where the result is one: an `<img>` can show it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tavernlink.errors import BadMessage
from tavernlink.http.api.answers import Answer, Asked, ok, submit, tavern_of
from tavernlink.http.caller import AsCaller, HttpRequest
from tavernlink.protocol.commands.asking import CommandInfo, CommandList, CommandRun
from tavernlink.protocol.commands.reading import find_command, read_words
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Id
from tavernlink.protocol.requests import RequestUpdate

__all__ = ["CommandRoutes", "file_answer", "list_commands"]

_Wait = Annotated[
    bool,
    QueryParameter(description="False: answer at once with the request's id; follow it by `/api/requests`."),
]
_Raw = Annotated[
    bool,
    QueryParameter(description="True: answer with the bytes of the file that is the result, not with JSON."),
]
_Revision = Annotated[
    int | None,
    QueryParameter(
        ge=0, description="Refuse with `stale_revision` unless the open chat is still at this one."
    ),
]
_Timeout = Annotated[
    float | None,
    QueryParameter(name="timeout", gt=0, description="Seconds that the work may take once it runs."),
]
_OWN: Final = frozenset({"revision", "timeout", "request_id"})
"""Of the words of a GET's address those that are not arguments."""


@get("/commands", tags=["commands"], summary="Every command, with the schemas of its arguments and result")
async def list_commands(caller: AsCaller, tavern: FromQuery[Id | None] = None) -> Answer[list[CommandInfo]]:
    """`command.list`. With `tavern`, `known` says whether it can do it."""
    return ok(await caller.ask("command.list", CommandList(tavern=tavern_of(tavern) if tavern else None)))


class CommandRoutes(Controller):
    """One command of one tavern; the tavern by its id or name, `default` or `any`."""

    path = "/taverns/{tavern:str}/commands/{name:str}"
    tags = ["commands"]

    @post("/", summary="Run a command and wait for its result", status_code=200)
    async def run(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        name: FromPath[str],
        data: JSONBody[dict[str, Any] | None] = None,
        wait: _Wait = True,
        raw: _Raw = False,
        revision: _Revision = None,
        seconds: _Timeout = None,
        request_id: FromQuery[Id | None] = None,
    ) -> Asked:
        """`command.run`; the body is its `args`. What each command takes and gives: docs/protocol/commands.md."""
        content = CommandRun(
            name=name,
            args=data or {},
            tavern=tavern_of(tavern),
            revision=revision,
            timeout=seconds,
            request_id=request_id,
        )
        if raw:
            _check_file(name)
        answer = await submit(caller, request, "command.run", content, wait=wait)
        return file_answer(answer) if raw and wait else answer

    @get("/", summary="Run a command that only reads, its arguments in the address")
    async def read(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        name: FromPath[str],
        revision: _Revision = None,
        seconds: _Timeout = None,
        request_id: FromQuery[Id | None] = None,
    ) -> Asked:
        """`command.run` with the other words of the address as `args`; a file comes as its bytes."""
        spec = find_command(name)
        if spec.scope != "chat:read":
            raise BadMessage("wrong_method", f"{name!r} changes something: use POST.", {"command": name})
        words = {word: value for word, value in request.query_params.items() if word not in _OWN}
        content = CommandRun(
            name=name,
            args=read_words(spec, words),
            tavern=tavern_of(tavern),
            revision=revision,
            timeout=seconds,
            request_id=request_id,
        )
        answer = await submit(caller, request, "command.run", content, wait=True)
        return file_answer(answer) if spec.result is File else answer


def _check_file(name: str) -> None:
    if find_command(name).result is not File:
        raise BadMessage(
            "invalid_message", f"The result of {name!r} is no file (at $.raw).", {"path": "$.raw"}
        )


def file_answer(answer: Asked) -> Response[Any]:
    """Answer with the bytes of the file that is a command's result."""
    update = answer.content.result
    found = msgspec.convert(update.result if isinstance(update, RequestUpdate) else None, File)
    name = quote(found.name, safe="")
    return Response(
        found.data,
        media_type=found.type,
        headers={
            "cache-control": "no-store",
            "content-disposition": f"inline; filename*=UTF-8''{name}",
            # A card or an export comes from elsewhere: it must not run as a page of the hub.
            "content-security-policy": "sandbox; default-src 'none'",
            "x-content-type-options": "nosniff",
        },
    )
