"""The generated files are those that the present protocol gives."""

from __future__ import annotations

import pytest

from scripts.generate.outputs import ROOT, outputs
from scripts.generate.typescript import type_of

OUTPUTS = outputs()


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_generated_file_is_not_stale(path: object) -> None:
    file = next(one for one in OUTPUTS if one == path)
    assert file.read_text(encoding="utf-8") == OUTPUTS[file], "run `make generate` and commit the result"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "minimum": 0}, "number"),
        ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, "(string | null)[]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "Record<string, boolean>"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"$ref": "#/$defs/ErrorInfo"}, "ErrorInfo"),
        ({"enum": ["a", "b"]}, '"a" | "b"'),
        ({}, "unknown"),
    ],
)
def test_a_schema_becomes_the_typescript_type_that_one_would_write(
    schema: dict[str, object], expected: str
) -> None:
    assert type_of(schema, {}) == expected
