"""JSON Schemas of commands' arguments and results, with the words that stand under the fields in the source."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from tavernlink.protocol.commands.words import WORDS

__all__ = ["schema_of"]


@cache
def schema_of(type_: Any) -> dict[str, Any]:
    """Return the schema of a command's arguments or result. It is shared: whoever changes it copies it first."""
    schema: dict[str, Any] = msgspec.json.schema(type_)
    definitions: dict[str, Any] = schema.pop("$defs", {})
    for name, definition in definitions.items():
        words = WORDS.get(name, {})
        for field, found in definition.get("properties", {}).items():
            if field in words:
                found["description"] = words[field]
    root = str(schema.get("$ref", "")).rpartition("/")[2]
    if root in definitions:
        schema = definitions.pop(root)
    return schema | ({"$defs": definitions} if definitions else {})
