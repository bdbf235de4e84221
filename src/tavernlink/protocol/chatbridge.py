"""The ChatBridge dialect, exactly as its users know it: JSON text frames `{"type", "content"}`.

| type | direction | content |
|---|---|---|
| `chat_history` | extension → server → app | the whole `chat` array of SillyTavern messages |
| `stream_update` | extension → server → app | the CUMULATIVE text so far |
| `send_message` | app → server → extension | a string, typed and sent in SillyTavern |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tavernlink.errors import BadMessage
from tavernlink.protocol.chat import ChatMessage

__all__ = [
    "BridgeFrame",
    "decode_bridge_frame",
    "encode_bridge_frame",
    "from_bridge_message",
    "to_bridge_message",
]


class BridgeFrame(msgspec.Struct, frozen=True):
    """One frame of the dialect; `content` is checked by its type."""

    type: str
    content: Any = None


class _BridgeMessage(msgspec.Struct, frozen=True):
    """What the dialect's users read of a SillyTavern message; the rest is ignored."""

    name: str = ""
    is_user: bool = False
    is_system: bool = False
    mes: str = ""
    send_date: str | int | float | None = None


_CONTENT: Mapping[str, type] = {"chat_history": list, "stream_update": str, "send_message": str}
_decoder = msgspec.json.Decoder(BridgeFrame)
_encode = msgspec.json.Encoder().encode


def decode_bridge_frame(data: bytes) -> BridgeFrame:
    """Read one frame. Raises `BadMessage` where it is not JSON of this shape or its content not of its type."""
    try:
        frame = _decoder.decode(data)
    except msgspec.ValidationError as error:
        raise BadMessage("invalid_message", f"A ChatBridge frame is {{type, content}}: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage("invalid_json", f"The frame is not valid JSON: {error}.") from None
    wanted = _CONTENT.get(frame.type)
    if wanted is None:
        raise BadMessage("unknown_type", f"ChatBridge has no message type {frame.type[:100]!r}.")
    if not isinstance(frame.content, wanted):
        raise BadMessage("invalid_message", f"The content of {frame.type!r} must be a {wanted.__name__}.")
    return frame


def encode_bridge_frame(type_: str, content: Any) -> bytes:
    """Return the bytes of one frame."""
    return _encode(BridgeFrame(type_, content))


def from_bridge_message(raw: Any) -> ChatMessage:
    """Return our form of one SillyTavern message. Raises `BadMessage`."""
    try:
        message = msgspec.convert(raw, _BridgeMessage)
    except msgspec.ValidationError as error:
        raise BadMessage(
            "invalid_message", f"chat_history holds something that is no chat message: {error}."
        ) from None
    role: Literal["user", "assistant", "system"]
    role = "system" if message.is_system else "user" if message.is_user else "assistant"
    time = None if message.send_date is None else str(message.send_date)
    return ChatMessage(name=message.name, role=role, text=message.mes, time=time)


def to_bridge_message(message: ChatMessage) -> dict[str, Any]:
    """Return a SillyTavern message as the dialect's users expect it."""
    return {
        "name": message.name,
        "is_user": message.role == "user",
        "is_system": message.role == "system",
        "mes": message.text,
        "send_date": message.time or "",
        "extra": {},
    }
