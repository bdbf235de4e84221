"""Golden files: what is on the wire stays what it is, in Python here and in TypeScript in js/packages/client."""

from __future__ import annotations

from typing import Any

import jsonschema
import msgspec
import pytest

from scripts.generate.golden import read_golden
from scripts.generate.model import read_protocol
from scripts.generate.schema import render_schema
from tavernlink.protocol.catalogue import CATALOGUE
from tavernlink.protocol.codec import decode_content, encode_json

GOLDEN = read_golden()
CONTENTS = [(one.type, content) for one in GOLDEN.values() for content in one.contents]
RESULTS = [(one.type, result) for one in GOLDEN.values() for result in one.results]
SCHEMA: dict[str, Any] = msgspec.json.decode(render_schema(read_protocol()))


def validate(definition: str, value: Any) -> None:
    """Raise when the value does not fit the definition of the generated schema."""
    schema = {"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(value)


def test_every_message_type_has_a_golden_file() -> None:
    assert sorted(GOLDEN) == sorted(CATALOGUE)


def test_every_type_with_a_result_has_a_golden_result() -> None:
    with_result = {name for name, row in CATALOGUE.items() if row.result is not None}
    assert {name for name, one in GOLDEN.items() if one.results} == with_result


@pytest.mark.parametrize(("type_", "content"), CONTENTS)
def test_a_content_decodes_and_encodes_to_the_same_again(type_: str, content: dict[str, Any]) -> None:
    message = decode_content(type_, encode_json(content))
    assert type(message) is CATALOGUE[type_].content
    assert msgspec.json.decode(encode_json(message)) == content


@pytest.mark.parametrize(("type_", "result"), RESULTS)
def test_a_result_decodes_and_encodes_to_the_same_again(type_: str, result: Any) -> None:
    decoded = msgspec.json.decode(encode_json(result), type=CATALOGUE[type_].result)
    assert msgspec.json.decode(encode_json(decoded)) == result


@pytest.mark.parametrize(("type_", "content"), CONTENTS)
def test_a_content_fits_the_generated_schema(type_: str, content: dict[str, Any]) -> None:
    validate(CATALOGUE[type_].content.__name__, content)


@pytest.mark.parametrize(("type_", "result"), RESULTS)
def test_a_result_fits_the_generated_schema(type_: str, result: Any) -> None:
    validate(f"{type_} result", result)


@pytest.mark.parametrize(("type_", "content"), CONTENTS)
def test_unknown_fields_are_ignored(type_: str, content: dict[str, Any]) -> None:
    message = decode_content(type_, encode_json({**content, "a_field_of_tomorrow": {"x": [1]}}))
    assert msgspec.json.decode(encode_json(message)) == content


@pytest.mark.parametrize(("type_", "content"), CONTENTS)
def test_a_whole_frame_fits_the_generated_schema(type_: str, content: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate({"type": type_, "content": content, "id": 1})
