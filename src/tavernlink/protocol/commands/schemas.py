"""JSON Schemas of commands' arguments and results, with the words that stand under the fields in the source."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from tavernlink.protocol.commands.words import WORDS

__all__ = ["schema_of", "schemas_of"]

Schema = dict[str, Any]


@cache
def schema_of(type_: Any) -> Schema:
    """Return the schema of a command's arguments or result. It is shared: whoever changes it copies it first."""
    (schema,), definitions = schemas_of([type_], "#/$defs/{name}")
    root = str(schema.get("$ref", "")).rpartition("/")[2]
    if root in definitions:
        schema = definitions.pop(root)
    return schema | ({"$defs": definitions} if definitions else {})


def schemas_of(types: Iterable[Any], ref_template: str) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    """Return the schemas of several, and those that they refer to by their names."""
    schemas, definitions = msgspec.json.schema_components(types, ref_template=ref_template)
    for name, definition in definitions.items():
        words = WORDS.get(name, {})
        for field, found in definition.get("properties", {}).items():
            if field in words:
                found["description"] = words[field]
    return schemas, definitions
