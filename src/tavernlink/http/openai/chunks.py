"""The chunks of a streamed completion, as finished SSE bytes. What repeats is encoded once; a delta costs its text."""

from __future__ import annotations

from typing import Any

from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.streams import EndReason, StreamToolCall, Usage

__all__ = ["DONE", "Chunks", "finish_reason", "usage_object"]

DONE = b"data: [DONE]\n\n"

_FINISH: dict[EndReason, str] = {"length": "length", "tool_calls": "tool_calls"}


def finish_reason(reason: EndReason) -> str:
    """Return OpenAI's word; a generation that the person stopped kept its text and counts as finished."""
    return _FINISH.get(reason, "stop")


def usage_object(usage: Usage) -> dict[str, int]:
    """Return OpenAI's `usage`."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens or usage.prompt_tokens + usage.completion_tokens,
    }


class Chunks:
    """Writes the chunks of one answer."""

    def __init__(self, *, id_: str, model: str, created: int, usage: bool) -> None:
        common = {"id": id_, "object": "chat.completion.chunk", "created": created, "model": model}
        self._open = b"data: " + encode_json(common)[:-1]
        self._head = self._open + b',"choices":[{"index":0,"delta":'
        # With usage asked for, every chunk but the last has it as null.
        self._close = (b',"usage":null' if usage else b"") + b"}\n\n"
        self._tail = b',"logprobs":null,"finish_reason":null}]' + self._close

    def role(self) -> bytes:
        """The first chunk."""
        return self._head + b'{"role":"assistant","content":""}' + self._tail

    def text(self, text: str) -> bytes:
        """New text."""
        return b'%b{"content":%b}%b' % (self._head, encode_json(text), self._tail)

    def reasoning(self, text: str) -> bytes:
        """New thoughts."""
        return b'%b{"reasoning_content":%b}%b' % (self._head, encode_json(text), self._tail)

    def tool_call(self, piece: StreamToolCall) -> bytes:
        """A piece of a tool call; the first of a call has its id and name."""
        function: dict[str, str] = {"arguments": piece.arguments}
        call: dict[str, Any] = {"index": piece.index}
        if piece.id is not None:
            call |= {"id": piece.id, "type": "function"}
            function = {"name": piece.name or "", **function}
        call["function"] = function
        return b'%b{"tool_calls":[%b]}%b' % (self._head, encode_json(call), self._tail)

    def finish(self, reason: EndReason, final_text: str | None = None) -> bytes:
        """The end of the text; `final_text` where it is not what was streamed."""
        extra = b"" if final_text is None else b',"tavernlink":' + encode_json({"text": final_text})
        end = b'{},"logprobs":null,"finish_reason":%b}]' % encode_json(finish_reason(reason))
        return self._head + end + extra + self._close

    def usage(self, usage: Usage) -> bytes:
        """The last chunk, where it was asked for."""
        return self._open + b',"choices":[],"usage":' + encode_json(usage_object(usage)) + b"}\n\n"

    def failure(self, error_object: dict[str, Any]) -> bytes:
        """An error after the stream began; the official clients raise it."""
        return b"data: " + encode_json({"error": error_object}) + b"\n\n"
