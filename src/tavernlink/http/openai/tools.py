"""OpenAI's `tools`, `tool_choice` and `parallel_tool_calls`: checked here, carried out by the model behind SillyTavern.

The tools are the client's own: the model's wish to call one goes back to the client, and nothing is called here.
"""

from __future__ import annotations

import re
from typing import Any

from tavernlink.errors import BadMessage

__all__ = ["settle_tools"]

_MOST = 128
"""As many as OpenAI takes."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WORDS = ("none", "auto", "required")


def settle_tools(params: dict[str, Any]) -> None:
    """Check them, and leave out what asks for nothing. Raises `BadMessage` that names the place."""
    tools = params.get("tools") or []
    names = [_name(tool, f"tools[{place}]") for place, tool in enumerate(tools)]
    if len(names) > _MOST:
        raise _wrong("tools", f"'tools' has {len(names)} entries; at most {_MOST} are taken.")
    for place, name in enumerate(names):
        if name in names[:place]:
            raise _wrong(f"tools[{place}].function.name", f"Two tools have the name {name!r}.")
    if "tool_choice" in params:
        _check_choice(params["tool_choice"], names)
    if not names:
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            params.pop(name, None)


def _name(tool: dict[str, Any], where: str) -> str:
    if tool.get("type") != "function":
        raise BadMessage(
            "unsupported_parameter",
            f"'{where}.type' cannot be honoured: only tools of the type 'function' are known.",
            {"param": f"{where}.type"},
        )
    function = tool.get("function")
    if not isinstance(function, dict):
        raise _wrong(f"{where}.function", f"'{where}.function' must be an object.")
    name = function.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        at = f"{where}.function.name"
        raise _wrong(at, f"'{at}' must be a name of 1 to 64 letters, digits, '_' and '-'.")
    parameters = function.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        at = f"{where}.function.parameters"
        raise _wrong(at, f"'{at}' must be a JSON Schema.")
    return name


def _check_choice(choice: str | dict[str, Any], names: list[str]) -> None:
    if isinstance(choice, str):
        if choice not in _WORDS:
            raise _wrong("tool_choice", "'tool_choice' must be none, auto, required or a function.")
        if choice == "required" and not names:
            raise _wrong("tool_choice", "'tool_choice' requires a tool, and 'tools' has none.")
        return
    function = choice.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    if choice.get("type") != "function" or not isinstance(name, str):
        raise _wrong("tool_choice", "'tool_choice' must be none, auto, required or a function.")
    if name not in names:
        at = "tool_choice.function.name"
        raise _wrong(at, f"'tool_choice' names the function {name[:64]!r}, which is not in 'tools'.")


def _wrong(param: str, why: str) -> BadMessage:
    return BadMessage("invalid_message", why, {"param": param})
