"""`POST /api/messages`: a message of a program's own type to peers, for programs that keep no connection."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import post
from litestar.params import JSONBody

from tavernlink.errors import BadMessage
from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller
from tavernlink.protocol.message import Id, Message
from tavernlink.protocol.routing import CustomMessage, Sent, Target, is_custom

__all__ = ["Posting", "send_message"]


class Posting(Message):
    """A message and where it is to go."""

    type: Annotated[str, msgspec.Meta(max_length=100)]
    """Under `x.`, e.g. `x.dice.roll`."""
    to: Target
    content: Any = None
    """Any JSON value."""
    message_id: Id | None = None
    """Posted twice, it is delivered once."""


@post("/messages", tags=["messages"], summary="Send a message of your own type to peers", status_code=200)
async def send_message(caller: AsCaller, data: JSONBody[Posting]) -> Answer[Sent]:
    """Any type under `x.`. It comes from the key's name, and an answer needs somebody who listens: `/api/events`."""
    if not is_custom(data.type):
        raise BadMessage(
            "unknown_type",
            f"{data.type!r} is no type of a program's own: those stand under `x.`, e.g. `x.dice.roll`.",
            {"type": data.type},
        )
    message = CustomMessage(to=data.to, content=data.content, message_id=data.message_id)
    return ok(await caller.ask(data.type, message))
