"""The `messages` of a chat completion: checked here, understood by SillyTavern."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from tavernlink.errors import BadMessage
from tavernlink.http.openai.parameters import refuse
from tavernlink.protocol.chat import Attachment
from tavernlink.protocol.requests import PromptMessage

__all__ = ["last_user_message", "read_messages"]

_READ = frozenset({"role", "content", "name", "tool_calls", "tool_call_id"})
_DROPPED = frozenset({"reasoning_content", "refusal", "annotations"})
"""What clients send back of an earlier answer; thoughts do not go into a prompt again."""

_DATA_URL = re.compile(r"data:(image/[\w.+-]+);base64,(.+)", re.DOTALL | re.IGNORECASE)


def read_messages(found: Any) -> list[PromptMessage]:
    """Return the messages. Raises `BadMessage` that names the place."""
    if not isinstance(found, list) or not found:
        why = "'messages' must be a list with at least one message."
        raise BadMessage("invalid_message", why, {"param": "messages"})
    messages = [_read(message, f"messages[{place}]") for place, message in enumerate(found)]
    _check_calls(messages)
    return messages


def _read(found: Any, where: str) -> PromptMessage:
    try:
        message = msgspec.convert(found, PromptMessage)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        at = where + path.rstrip("`")
        raise BadMessage("invalid_message", f"'{at}' has the wrong shape: {what}.", {"param": at}) from None
    for name, value in found.items():
        if name not in _READ and name not in _DROPPED and value is not None and value != []:
            raise refuse(f"{where}.{name}", "SillyTavern's chats have no place for it.")
    if isinstance(message.content, list):
        for place, part in enumerate(message.content):
            _check_part(part, f"{where}.content[{place}]")
    return message


def _check_calls(messages: list[PromptMessage]) -> None:
    """Every tool call has its result right behind it, and every result its call: models refuse all else."""
    open_calls: list[str] = []
    for place, message in enumerate(messages):
        where = f"messages[{place}]"
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                why = f"'{where}' has the role 'tool' and must follow the message whose tool call it answers."
                raise BadMessage("invalid_message", why, {"param": f"{where}.tool_call_id"})
            open_calls.remove(message.tool_call_id)
            continue
        _check_answered(open_calls, where)
        if message.tool_calls and message.role != "assistant":
            raise refuse(f"{where}.tool_calls", "only an assistant calls tools.")
        open_calls = [call.id for call in message.tool_calls or ()]
    _check_answered(open_calls, f"messages[{len(messages) - 1}]")


def _check_answered(open_calls: list[str], where: str) -> None:
    if open_calls:
        why = f"Before '{where}' ends, the tool call {open_calls[0][:64]!r} needs its result (role 'tool')."
        raise BadMessage("invalid_message", why, {"param": where})


def _check_part(part: dict[str, Any], where: str) -> None:
    kind = part.get("type")
    if kind == "text":
        if not isinstance(part.get("text"), str):
            raise BadMessage("invalid_message", f"'{where}.text' must be a text.", {"param": f"{where}.text"})
    elif kind == "image_url":
        if _DATA_URL.match(_image_url(part)) is None:
            raise refuse(
                f"{where}.image_url", "images are taken as base64 data URLs only (data:image/png;base64,…)."
            )
    else:
        raise refuse(where, f"content parts of the type {kind!r} are not supported.")


def _image_url(part: dict[str, Any]) -> str:
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    return url if isinstance(url, str) else ""


def last_user_message(messages: Sequence[PromptMessage]) -> tuple[str, list[Attachment]]:
    """Return text and images of the message that a session is to send; it must be the last one, from the user."""
    last = messages[-1]
    if last.role != "user":
        raise BadMessage(
            "invalid_message",
            "In a session the last message is sent into the chat, so it must have the role 'user'.",
            {"param": f"messages[{len(messages) - 1}].role"},
        )
    if not isinstance(last.content, list):
        return last.content or "", []
    texts = [part["text"] for part in last.content if part["type"] == "text"]
    images = [
        Attachment(
            name=f"image-{place}.{kind.partition('/')[2].partition('+')[0]}", type=kind.lower(), data=data
        )
        for place, (kind, data) in enumerate(_images(last.content), start=1)
    ]
    return "\n".join(texts), images


def _images(parts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found = [_DATA_URL.match(_image_url(part)) for part in parts if part["type"] == "image_url"]
    return [(match.group(1), match.group(2)) for match in found if match is not None]
