"""`POST /v1/chat/completions`."""

from __future__ import annotations

from functools import partial

from litestar import post
from litestar.types import ASGIApp, Send

from tavernlink.http.caller import AsCaller, Caller, HttpRequest
from tavernlink.http.openai.answers import send_stream, send_whole
from tavernlink.http.openai.asking import Asked, read_asked
from tavernlink.http.openai.models import fetch_models
from tavernlink.http.presence import answer_by
from tavernlink.protocol.requests import Accepted, RequestCancel

__all__ = ["create_completion"]


@post("/chat/completions", status_code=200)
async def create_completion(caller: AsCaller, request: HttpRequest) -> ASGIApp:
    """Read it whole before anything is asked of the hub; then answer and write in one go, so no event is missed."""
    asked = read_asked(await request.body(), request.headers)

    return answer_by(partial(_answer, caller, asked))


async def _answer(caller: Caller, asked: Asked, send: Send) -> None:
    async with caller.open() as app:
        model = (await fetch_models(app)).find(asked.model)
        type_, content = asked.message(model)
        accepted: Accepted = await app.call(type_, content)
        try:
            await (send_stream if asked.stream else send_whole)(app, asked, accepted, send)
        except BaseException:
            # The client went away, or we failed: nobody will read the rest. One that named it may come back for it.
            if asked.request_id is None:
                await app.call("request.cancel", RequestCancel(request_id=accepted.request_id))
            raise
