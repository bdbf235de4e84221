"""Answers of the stand-in model in a form that was asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tavernlink.core.functions.schema import compile_schema
from tavernlink.demo.directives import plan_reply
from tavernlink.demo.sample import sample_of

SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"mood": {"enum": ["calm", "angry"]}, "why": {"type": "string"}}},
    {"type": "array", "items": {"type": "integer", "minimum": 7}, "minItems": 2},
    {"type": "object", "properties": {"deep": {"type": "object", "properties": {"on": {"type": "boolean"}}}}},
    {"anyOf": [{"type": "number", "maximum": 1}, {"type": "null"}]},
    {"type": ["string", "null"], "minLength": 9},
    {"const": [1, "two"]},
]


def asking(text: str, form: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], "response_format": form}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_sample_fits_its_schema(schema: dict[str, Any]) -> None:
    check = compile_schema(schema, "$")
    assert check is not None
    assert check.problem(sample_of(schema)) is None


def test_the_reply_is_such_a_sample_unless_a_directive_says_otherwise() -> None:
    schema = SCHEMAS[0]
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    assert json.loads(plan_reply(asking("How is she?", form)).text) == {"mood": "calm", "why": "moss"}
    assert plan_reply(asking("How? [say=Fine.]", form)).text == "Fine."
    assert json.loads(plan_reply(asking("How?", {"type": "json_object"})).text) == {"answer": "moss"}
    assert plan_reply(asking("How?", {"type": "text"})).text.startswith("You said")
