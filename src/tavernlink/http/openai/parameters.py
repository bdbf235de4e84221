"""The table of what may stand in the body of a chat completion, besides `model`, `messages` and `stream`.

A parameter is passed on to SillyTavern for this request, or asks for nothing that would not happen anyway, or is
refused by its name. Nothing is ignored that would have changed the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tavernlink.errors import BadMessage
from tavernlink.http.openai.tools import settle_tools

__all__ = ["parameters_of", "refuse"]

_PASSED: Mapping[str, Any] = {
    # name → type of the value
    "temperature": float,
    "top_p": float,
    "top_k": int,
    "top_a": float,
    "min_p": float,
    "presence_penalty": float,
    "frequency_penalty": float,
    "repetition_penalty": float,
    "seed": int,
    "stop": str | list[str],
    "max_tokens": int,
    "max_completion_tokens": int,
    "reasoning_effort": str,
    "response_format": dict[str, Any],
    "tools": list[dict[str, Any]],
    "tool_choice": str | dict[str, Any],
    "parallel_tool_calls": bool,
}

_HARMLESS: Mapping[str, Callable[[Any], bool]] = {
    # name → does this value ask for what happens anyway?
    "n": lambda value: value == 1,
    "logprobs": lambda value: value is False,
    "top_logprobs": lambda value: value == 0,
    "logit_bias": lambda value: value == {},
    "functions": lambda value: value == [],
    "function_call": lambda value: value in ("none", "auto"),
    "store": lambda value: value is False,
    "service_tier": lambda value: value in ("auto", "default"),
    "modalities": lambda value: value == ["text"],
    "verbosity": lambda value: value == "medium",
    # About the caller, not about the answer.
    "user": lambda value: isinstance(value, str),
    "safety_identifier": lambda value: isinstance(value, str),
    "prompt_cache_key": lambda value: isinstance(value, str),
    "metadata": lambda value: isinstance(value, dict),
}

_READ_ELSEWHERE = frozenset({"model", "messages", "stream", "stream_options"})


def parameters_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `params` of a generation. Raises `BadMessage` (`unsupported_parameter`, `invalid_message`)."""
    params: dict[str, Any] = {}
    for name, value in body.items():
        if value is None or name in _READ_ELSEWHERE:
            continue
        if (kind := _PASSED.get(name)) is not None:
            params[name] = _checked(name, value, kind)
        elif (harmless := _HARMLESS.get(name)) is None:
            raise refuse(name, "SillyTavern has no way to do it.")
        elif not harmless(value):
            raise refuse(name, f"SillyTavern has no way to do it with the value {_short(value)}.")
    if "max_completion_tokens" in params:
        params["max_tokens"] = params.pop("max_completion_tokens")
    if params.get("response_format") == {"type": "text"}:
        del params["response_format"]
    settle_tools(params)
    return params


def refuse(name: str, why: str) -> BadMessage:
    """Return the error that refuses a parameter by its name."""
    return BadMessage("unsupported_parameter", f"'{name}' cannot be honoured: {why}", {"param": name})


def _checked(name: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadMessage(
            "invalid_message", f"'{name}' has the wrong type: {error}.", {"param": name}
        ) from None


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:60]}…"
