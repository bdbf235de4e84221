"""The OpenAI wire shapes of the stand-in model, built from a `Plan`: whole answers and stream chunks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tavernlink.demo.directives import Plan

__all__ = ["Answer", "error_object"]

_CREATED = 1_700_000_000  # fixed, so that equal requests get equal bytes
_PIECE = re.compile(r".{1,7}", re.DOTALL)
"""Arguments are streamed in pieces that cut words and JSON alike, as real models do."""


def error_object(status: int, message: str) -> dict[str, Any]:
    """An OpenAI error body for an HTTP status."""
    kinds = {
        400: "invalid_request_error",
        401: "authentication_error",
        404: "not_found_error",
        429: "rate_limit_error",
    }
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": str(status)}}


@dataclass(frozen=True, slots=True)
class Answer:
    """One planned reply with what its wire form needs."""

    plan: Plan
    ident: str
    model: str
    prompt_tokens: int
    chat: bool = True
    """A chat completion; False is a text completion."""

    @property
    def usage(self) -> dict[str, Any]:
        """Token counts as OpenAI states them; thoughts count as completion tokens."""
        thoughts = len(self.plan.reasoning)
        completion = len(self.plan.tokens) + thoughts
        usage: dict[str, Any] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
        }
        if thoughts:
            usage["completion_tokens_details"] = {"reasoning_tokens": thoughts}
        return usage

    def whole(self) -> dict[str, Any]:
        """The answer to a request without `stream`."""
        choice: dict[str, Any] = {"index": 0, "finish_reason": self.plan.finish_reason, "logprobs": None}
        if not self.chat:
            return self._body("text_completion", [choice | {"text": self.plan.text}], usage=self.usage)
        message: dict[str, Any] = {"role": "assistant", "content": self.plan.text, "refusal": None}
        if self.plan.reasoning:
            message["reasoning_content"] = "".join(self.plan.reasoning)
        if self.plan.tools:
            message["tool_calls"] = [self._tool_call(place) for place in range(len(self.plan.tools))]
            if not self.plan.aside:
                message["content"] = None
        return self._body("chat.completion", [choice | {"message": message}], usage=self.usage)

    def opening(self) -> Iterator[dict[str, Any]]:
        """The chunk before the first token: the role, where the API has one."""
        if self.chat:
            yield self.chunk({"role": "assistant", "content": ""})

    def deltas(self) -> Iterator[dict[str, Any]]:
        """One chunk for each token, thoughts first, then the reply or the tool calls."""
        for token in self.plan.reasoning if self.chat else ():
            yield self.chunk({"reasoning_content": token})
        for token in self.plan.tokens if self.plan.aside or not self.plan.tools else ():
            yield self.chunk({"content": token})
        for place in range(len(self.plan.tools)):
            call = self._tool_call(place)
            arguments = call["function"]["arguments"]
            opening = {"index": place, **call, "function": {**call["function"], "arguments": ""}}
            yield self.chunk({"tool_calls": [opening]})
            for piece in _PIECE.findall(arguments):
                yield self.chunk({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})

    def closing(self, *, with_usage: bool) -> Iterator[dict[str, Any]]:
        """The chunks after the last token: the finish reason, then the usage if it was asked for."""
        yield self.chunk({}, finish_reason=self.plan.finish_reason)
        if with_usage:
            yield self._body(self._chunk_object, [], usage=self.usage)

    def chunk(self, delta: Mapping[str, Any], *, finish_reason: str | None = None) -> dict[str, Any]:
        """One stream chunk with one choice."""
        choice: dict[str, Any] = {"index": 0, "logprobs": None, "finish_reason": finish_reason}
        choice |= {"delta": delta} if self.chat else {"text": delta.get("content", "")}
        return self._body(self._chunk_object, [choice])

    @property
    def _chunk_object(self) -> str:
        return "chat.completion.chunk" if self.chat else "text_completion"

    def _tool_call(self, place: int) -> dict[str, Any]:
        name, arguments = self.plan.tools[place]
        return {
            "id": f"call_{self.ident}_{place}",
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }

    def _body(
        self, kind: str, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        body = {
            "id": self.ident,
            "object": kind,
            "created": _CREATED,
            "model": self.model,
            "choices": choices,
        }
        return body if usage is None else body | {"usage": usage}
