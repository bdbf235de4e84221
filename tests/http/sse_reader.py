"""Reads server-sent events as a browser does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx


class Sent(NamedTuple):
    """One event, or a comment (then `type` is `:`)."""

    type: str
    data: Any
    id: str | None = None


async def read_events(answer: httpx.Response) -> AsyncIterator[Sent]:
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    type_, data, id_ = "message", "", None
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            yield Sent(":", line[1:].strip())
        elif line.startswith("event: "):
            type_ = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data += line.removeprefix("data: ")
        elif line.startswith("id: "):
            id_ = line.removeprefix("id: ")
        elif data:
            yield Sent(type_, json.loads(data) if data != "[DONE]" else data, id_)
            type_, data, id_ = "message", "", None
