"""Bytes to messages and back, for the two v1 dialects.

Decoding goes straight from the JSON of the content into the type's Struct; what does not fit raises `BadMessage` with
the path to the wrong field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tavernlink.errors import BadMessage
from tavernlink.protocol.catalogue import CATALOGUE
from tavernlink.protocol.message import Message
from tavernlink.protocol.routing import CUSTOM, is_custom

__all__ = ["Frame", "decode_content", "decode_frame", "encode_ack_frame", "encode_event_frame", "encode_json"]

_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(row.content) for name, row in CATALOGUE.items()
}
_encoder = msgspec.json.Encoder()

encode_json = _encoder.encode
"""Any message, outcome or JSON-safe value as UTF-8 JSON."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A text frame of the plain WebSocket door: `{"type", "content", "id"?}`."""

    type: str
    content: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | int | None = None
    """Where present, the outcome comes back in an `ack` frame with the same id."""


_frame_decoder = msgspec.json.Decoder(Frame)


def decode_content(type_: str, content: bytes | msgspec.Raw) -> Message:
    """Return the content of a message of this type.

    Raises `BadMessage`: `unknown_type`, `invalid_json`, or `invalid_message` (with `details.path`).
    """
    decoder = _DECODERS.get(type_)
    if decoder is None and is_custom(type_):
        decoder = _DECODERS[CUSTOM]
    if decoder is None:
        raise BadMessage(
            "unknown_type", f"The hub does not know the message type {type_[:100]!r}.", {"type": type_[:100]}
        )
    try:
        message: Message = decoder.decode(content)
    except msgspec.ValidationError as error:
        raise _invalid(type_, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage("invalid_json", f"The content of {type_!r} is not valid JSON: {error}.") from None
    return message


def _invalid(type_: str, error: msgspec.ValidationError) -> BadMessage:
    what, _, path = str(error).partition(" - at `")
    path = path.rstrip("`") or "$"
    return BadMessage(
        "invalid_message",
        f"{type_!r} has the wrong shape: {what} (at {path}). See the protocol reference.",
        {"type": type_, "path": path},
    )


def decode_frame(data: bytes) -> Frame:
    """Read one text frame of the plain WebSocket door. Raises `BadMessage`."""
    try:
        return _frame_decoder.decode(data)
    except msgspec.ValidationError as error:
        raise _invalid("frame", error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage("invalid_json", f"The frame is not valid JSON: {error}.") from None


def encode_event_frame(type_: str, content: bytes) -> bytes:
    """Return the text frame of an event whose content is already JSON."""
    return b'{"type":' + _encoder.encode(type_) + b',"content":' + content + b"}"


def encode_ack_frame(id_: str | int, outcome: Any) -> bytes:
    """Return the text frame that carries an outcome back."""
    return _encoder.encode({"type": "ack", "id": id_, "content": outcome})
