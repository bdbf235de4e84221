"""JSON Schemas of functions, compiled once; a value is checked in about a microsecond.

They come from outside: nothing that a schema refers to is ever fetched, its patterns run in linear time, and its size
and depth have limits.
"""

from __future__ import annotations

from typing import Any, Final

import jsonschema_rs
import msgspec

from tavernlink.core.functions.weight import depth_limit, is_deeper
from tavernlink.errors import BadMessage
from tavernlink.protocol.codec import encode_json

__all__ = ["Check", "Problem", "compile_schema"]

_BYTES: Final = 128 << 10
_DEPTH: Final = 48
_WORDS: Final = 500  # characters of a problem


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a value."""

    path: str
    """JSONPath to the wrong place, from the value itself: `.sides`, `.rolls[2]`, or nothing for the whole."""
    message: str
    keyword: str
    """The schema's keyword that says so: `required`, `type`, `maximum`, …"""


class Check:
    """One compiled schema."""

    __slots__ = ("_deepest", "_validator")

    def __init__(self, validator: jsonschema_rs.Validator, deepest: int | None) -> None:
        self._validator = validator
        self._deepest = deepest

    def problem(self, value: Any) -> Problem | None:
        """Return the first thing that is wrong with a value; None: it fits."""
        if self._deepest is not None and is_deeper(value, self._deepest):
            return Problem("", f"it is nested more than {self._deepest} levels deep", "$ref")
        if self._validator.is_valid(value):
            return None
        for error in self._validator.iter_errors(value):
            words = error.message if len(error.message) <= _WORDS else error.message[:_WORDS] + "…"
            return Problem(_path(error), words, error.kind.name)
        return None


def compile_schema(schema: dict[str, Any], path: str) -> Check | None:
    """Return what checks values against a schema; None: anything fits.

    `path`: where the schema stands in the message. Raises `invalid_schema`.
    """
    if not schema:
        return None
    if is_deeper(schema, _DEPTH):
        raise _invalid(path, f"it is nested more than {_DEPTH} levels deep")
    size = len(encode_json(schema))
    if size > _BYTES:
        raise _invalid(path, f"it has {size} bytes, and {_BYTES} are the limit")
    try:
        deepest = depth_limit(schema)
        validator = jsonschema_rs.validator_for(
            schema, offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except jsonschema_rs.ValidationError as error:
        raise _invalid(path + _path(error), error.message[:_WORDS]) from None
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        raise _invalid(path, str(error)[:_WORDS]) from None
    return Check(validator, deepest)


def _path(error: jsonschema_rs.ValidationError) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        return f"{path}.{kind.property}"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        return f"{path}.{kind.unexpected[0]}"
    return path


def _invalid(path: str, why: str) -> BadMessage:
    return BadMessage(
        "invalid_schema", f"This is no JSON Schema that the hub can use: {why} (at {path}).", {"path": path}
    )
