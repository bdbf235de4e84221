"""JSON results as an answer: the JSON itself, and the pictures, sounds and files in it as MCP has them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import mcp_types as types

from tavernlink.mcp.server.tool import Answer
from tavernlink.protocol.codec import encode_json

__all__ = ["answer_of"]

_MOST_FILES = 32


def answer_of(result: Any, *, name: str = "result") -> Answer:
    """Return the answer that gives `result`; what is no object becomes one under `name`.

    Files (`{"type": "file", "mime", "data"}`, or a command's `{"name", "type": mime, "data"}`) become parts of the
    answer, and their data is left out of the JSON.
    """
    files: list[types.ContentBlock] = []
    seen = _without_files(result, files)
    data = seen if isinstance(seen, dict) else {name: seen}
    text = seen if isinstance(seen, str) else encode_json(seen).decode()
    return Answer(text, data, tuple(files))


def _without_files(value: Any, files: list[types.ContentBlock]) -> Any:
    if isinstance(value, list):
        return [_without_files(each, files) for each in value]
    if not isinstance(value, dict):
        return value
    file = _file_of(value) if len(files) < _MOST_FILES else None
    if file is None:
        return {key: _without_files(each, files) for key, each in value.items()}
    files.append(file)
    return {**value, "data": f"(part {len(files)} of this answer)"}


def _file_of(value: dict[str, Any]) -> types.ContentBlock | None:
    data = value.get("data")
    mime = value.get("mime") if value.get("type") == "file" else value.get("type")
    if not isinstance(data, str) or not isinstance(mime, str) or "/" not in mime or not _is_base64(data):
        return None
    if mime.startswith("image/"):
        return types.ImageContent(type="image", data=data, mime_type=mime)
    if mime.startswith("audio/"):
        return types.AudioContent(type="audio", data=data, mime_type=mime)
    uri = f"tavernlink://files/{value.get('name') or 'file'}"
    blob = types.BlobResourceContents(uri=uri, mime_type=mime, blob=data)
    return types.EmbeddedResource(type="resource", resource=blob)


def _is_base64(data: str) -> bool:
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
