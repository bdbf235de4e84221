"""The two forms of an answer: streamed as it comes, or whole at the end."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from litestar.types import Send

from tavernlink.errors import GenerationError, TavernlinkError
from tavernlink.http.caller import final_update
from tavernlink.http.openai.asking import Asked
from tavernlink.http.openai.chunks import DONE, Chunks, finish_reason, usage_object
from tavernlink.http.openai.failures import error_object
from tavernlink.http.openai.transcript import Transcript
from tavernlink.http.sse import EventWriter
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.requests import Accepted, GenerationResult, RequestUpdate
from tavernlink.protocol.streams import StreamDelta, StreamStart, StreamToolCall, ToolCall
from tavernlink.runtime.local import LocalApp

__all__ = ["send_stream", "send_whole"]


async def send_whole(app: LocalApp, asked: Asked, accepted: Accepted, send: Send) -> None:
    """Answer with one JSON object. Raises the `TavernlinkError` of a failure."""
    request_id = accepted.request_id
    result = _result(await final_update(app, request_id))
    message: dict[str, Any] = {"role": "assistant", "content": result.text, "refusal": None}
    if result.reasoning:
        message["reasoning_content"] = result.reasoning
    if result.tool_calls:
        message |= {"content": result.text or None, "tool_calls": result.tool_calls}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason(result.reason)}
    body = {
        "id": _completion_id(request_id),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked.model,
        "choices": [choice],
    }
    if result.usage is not None:
        body["usage"] = usage_object(result.usage)
    content = encode_json(body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def send_stream(app: LocalApp, asked: Asked, accepted: Accepted, send: Send) -> None:
    """Answer with chunks. Raises the `TavernlinkError` of a failure that came before the first byte went out."""
    request_id = accepted.request_id
    chunks = Chunks(
        id_=_completion_id(request_id),
        model=asked.model,
        created=int(time.time()),
        usage=asked.include_usage,
    )
    async with EventWriter(send, {"x-request-id": request_id}) as out:
        if accepted.state == "queued" and accepted.position:
            await out.comment(f"waiting position {accepted.position}")
        try:
            await _Answer(chunks, out, asked).follow(app, request_id)
        except TavernlinkError as error:
            if not out.started:
                raise
            await out.write(chunks.failure(error_object(error)) + DONE)


class _Answer:
    """A streamed answer on its way out."""

    def __init__(self, chunks: Chunks, out: EventWriter, asked: Asked) -> None:
        self._chunks = chunks
        self._out = out
        self._asked = asked
        self._text = Transcript()
        self._reasoning = Transcript()
        self._calls = _Calls(chunks)
        self._begun = False
        self._streams: set[str] = set()
        """Of this request: where the hub broadcasts, those of its siblings come too."""

    async def follow(self, app: LocalApp, request_id: str) -> None:
        """Write what comes until the request has its final state. Raises its error."""
        async for event in app.events():
            content = event.content
            if type(content) is StreamDelta:
                if content.stream_id in self._streams:
                    await self._write(self._delta(content))
            elif isinstance(content, StreamToolCall):
                if content.stream_id in self._streams:
                    await self._write(self._calls.piece(content))
            elif isinstance(content, StreamStart) and content.request_id == request_id:
                self._streams.add(content.stream_id)
                if self._text:  # the next member of a group speaks
                    await self._write(self._chunks.text(self._text.add("\n\n")))
            elif isinstance(content, RequestUpdate) and content.request_id == request_id:
                if content.state == "queued":
                    await self._out.comment(f"waiting position {content.position}")
                elif content.state == "running":
                    await self._out.comment("generating")
                else:
                    await self._finish(_result(content))
                    return

    def _delta(self, delta: StreamDelta) -> bytes:
        channel = self._text if delta.channel == "text" else self._reasoning
        text = channel.replace(delta.text) if delta.replace else channel.add(delta.text)
        if not text:
            return b""
        return self._chunks.text(text) if channel is self._text else self._chunks.reasoning(text)

    async def _finish(self, result: GenerationResult) -> None:
        frames = []
        if result.reasoning and not self._reasoning:
            frames.append(self._chunks.reasoning(result.reasoning))
        if rest := self._text.finish(result.text):
            frames.append(self._chunks.text(rest))
        final = result.text if self._text.differs(result.text) else None
        frames.append(self._calls.rest(result.tool_calls or []))
        frames.append(self._chunks.finish(result.reason, final))
        if self._asked.include_usage and result.usage is not None:
            frames.append(self._chunks.usage(result.usage))
        frames.append(DONE)
        await self._write(b"".join(frames))

    async def _write(self, frame: bytes) -> None:
        if not frame:
            return
        if not self._begun:
            self._begun = True
            frame = self._chunks.role() + frame
        await self._out.write(frame)


class _Calls:
    """Tool calls on their way out: each piece once, and what no stream brought at the end."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._sent: dict[int, int] = {}
        """How many characters of which call's arguments."""

    def piece(self, piece: StreamToolCall) -> bytes:
        """Write a piece; one that repeats all so far (a stream joined late) brings what is new of it."""
        sent = self._sent.get(piece.index)
        new = piece.arguments[sent or 0 :] if piece.replace else piece.arguments
        self._sent[piece.index] = (sent or 0) + len(new)
        if sent is not None and not new:
            return b""
        bare = msgspec.structs.replace(piece, arguments=new, id=None, name=None)
        return self._chunks.tool_call(
            bare if sent is not None else msgspec.structs.replace(piece, arguments=new)
        )

    def rest(self, calls: list[ToolCall]) -> bytes:
        """Write what is still to be sent of the final calls."""
        return b"".join(
            self.piece(
                StreamToolCall(
                    stream_id="final",
                    seq=0,
                    index=index,
                    arguments=call.function.arguments,
                    id=call.id,
                    name=call.function.name,
                    replace=True,
                )
            )
            for index, call in enumerate(calls)
        )


def _completion_id(request_id: str) -> str:
    return f"chatcmpl-{request_id}"


def _result(update: RequestUpdate) -> GenerationResult:
    if update.error is not None:
        raise update.error.to_error()
    try:
        return msgspec.convert(update.result, GenerationResult)
    except msgspec.ValidationError as error:
        raise GenerationError(
            "command_failed", f"The tavern's answer has the wrong shape: {error}."
        ) from None
