"""A tool's answer as a function's result: JSON, with files where the tool gives pictures, sounds or other bytes."""

from __future__ import annotations

from typing import Any

import mcp_types as types

from tavernlink.errors import GenerationError, TavernlinkError

__all__ = ["result_of"]


def result_of(answer: types.CallToolResult) -> Any:
    """Return the result; raises `TavernlinkError` (`function_failed`) where the tool says that it failed.

    Structured content goes before text, which by MCP's rules says the same. A single text is that text. Everything
    else is a list of parts: `{"type": "text", "text"}`, `{"type": "file", "mime", "data", "name"?}`, `{"type": "link",
    "uri", …}`.
    """
    parts = [_part(block) for block in answer.content]
    texts = [part["text"] for part in parts if part["type"] == "text"]
    if answer.is_error:
        raise _failure("\n".join(texts))
    only_text = len(texts) == len(parts)
    if answer.structured_content is not None:
        if only_text:
            return answer.structured_content
        others = [part for part in parts if part["type"] != "text"]
        return [{"type": "json", "value": answer.structured_content}, *others]
    if only_text and len(texts) <= 1:
        return texts[0] if texts else None
    return parts


def _failure(text: str) -> TavernlinkError:
    return GenerationError("function_failed", text[:2_000] or "The tool failed and did not say why.")


def _part(block: types.ContentBlock) -> dict[str, Any]:
    if isinstance(block, types.TextContent):
        return {"type": "text", "text": block.text}
    if isinstance(block, types.ImageContent | types.AudioContent):
        return {"type": "file", "mime": block.mime_type, "data": block.data}
    if isinstance(block, types.ResourceLink):
        link = {
            "uri": block.uri,
            "name": block.name,
            "mime": block.mime_type,
            "description": block.description,
        }
        return {"type": "link"} | {name: value for name, value in link.items() if value is not None}
    resource = block.resource
    if isinstance(resource, types.TextResourceContents):
        return {"type": "text", "text": resource.text}
    mime = resource.mime_type or "application/octet-stream"
    return {
        "type": "file",
        "mime": mime,
        "data": resource.blob,
        "name": resource.uri.rpartition("/")[2][:200],
    }
