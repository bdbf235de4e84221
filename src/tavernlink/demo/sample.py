"""A value that fits a JSON Schema: what the stand-in model answers where a form is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["sample_of", "wanted_sample"]

_DEEPEST = 16
_PLAIN: Mapping[str, Any] = {"string": "moss", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def wanted_sample(body: Mapping[str, Any]) -> str | None:
    """The JSON text that a request's `response_format` asks for; None: it asks for none."""
    wanted = body.get("response_format")
    if not isinstance(wanted, Mapping):
        return None
    if wanted.get("type") == "json_object":
        return '{"answer": "moss"}'
    described = wanted.get("json_schema")
    schema = described.get("schema") if isinstance(described, Mapping) else None
    if wanted.get("type") != "json_schema" or not isinstance(schema, Mapping):
        return None
    return json.dumps(sample_of(schema))


def sample_of(schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A small value for the common keywords: `enum`, `const`, `type`, `properties`, `items`, the bounds of each."""
    if depth > _DEEPEST:
        return None
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for branches in ("anyOf", "oneOf"):
        if schema.get(branches):
            return sample_of(schema[branches][0], depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        properties = schema.get("properties") or {}
        return {name: sample_of(part, depth + 1) for name, part in properties.items()}
    if kind == "array":
        return [sample_of(schema.get("items") or {}, depth + 1)] * max(1, schema.get("minItems", 1))
    if kind == "string":
        return _PLAIN["string"].ljust(schema.get("minLength", 0), ".")
    value = _PLAIN.get(kind)
    if kind in ("integer", "number"):
        value = max(value, schema.get("minimum", value))
        return min(value, schema.get("maximum", value))
    return value
