"""The rows of the commands' catalogue hold together, and arguments are read as they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema
import msgspec
import pytest

from tavernlink.errors import CODES, BadMessage
from tavernlink.protocol.commands.catalogue import COMMANDS, NOUNS
from tavernlink.protocol.commands.entry import Arguments, CommandSpec, command
from tavernlink.protocol.commands.reading import find_command, read_arguments, read_words
from tavernlink.protocol.commands.schemas import schema_of
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Count, Name

ROWS = pytest.mark.parametrize("spec", COMMANDS.values(), ids=lambda spec: spec.name)


def _holds_a_name(value: Any) -> bool:
    """True where something stands that the result of an earlier command is put for."""
    if isinstance(value, Mapping):
        return any(_holds_a_name(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_a_name(part) for part in value)
    return isinstance(value, str) and value.startswith("$")


@ROWS
def test_the_examples_of_a_row_fit_their_arguments(spec: CommandSpec) -> None:
    for name, args in (*spec.before, (spec.name, spec.example)):
        found = find_command(name)
        if not _holds_a_name(args):
            read_arguments(found, msgspec.json.decode(msgspec.json.encode(args)))
            sent = msgspec.json.decode(msgspec.json.encode(args))
            jsonschema.validate(sent, schema_of(found.args), cls=jsonschema.Draft202012Validator)


@ROWS
def test_a_row_says_what_a_reader_needs(spec: CommandSpec) -> None:
    assert spec.about.endswith(".")
    assert spec.args.__doc__
    assert set(spec.errors) <= set(CODES)
    jsonschema.Draft202012Validator.check_schema(schema_of(spec.args))
    jsonschema.Draft202012Validator.check_schema(schema_of(spec.result))


def test_every_name_is_one_command_and_one_method() -> None:
    assert len(COMMANDS) == sum(len(rows) for rows in NOUNS.values())
    for rows in NOUNS.values():
        assert len({spec.verb for spec in rows}) == len(rows)


class _Sail(Arguments):
    """Where to."""

    knots: Count
    to: Name | None = None
    cargo: list[str] = msgspec.field(default_factory=list)
    fast: bool = False
    map: File | None = None


_SAIL = command(
    "boat.sail", _Sail, _Sail, lane="detached", scope="control", about="Sails.", example={"knots": 4}
)


def test_defaults_are_filled_in_and_what_is_not_known_is_refused_with_its_path() -> None:
    assert read_arguments(_SAIL, {"knots": 3}) == {
        "knots": 3, "to": None, "cargo": [], "fast": False, "map": None,
    }  # fmt: skip
    for args, path in (
        ({}, "$.args"),
        ({"knots": "3"}, "$.args.knots"),
        ({"knots": 3, "speed": 1}, "$.args"),
        ({"knots": 3, "cargo": ["tea", 4]}, "$.args.cargo[1]"),
        ({"knots": 3, "map": {"name": "m", "type": "t", "data": "?"}}, "$.args.map.data"),
    ):
        with pytest.raises(BadMessage) as caught:
            read_arguments(_SAIL, args)
        assert (caught.value.code, caught.value.details["path"]) == ("invalid_message", path)


def test_bytes_come_and_go_as_base64() -> None:
    chart = {"name": "m.png", "type": "image/png", "data": "aGk="}
    assert read_arguments(_SAIL, {"knots": 1, "map": chart})["map"] == chart


def test_words_become_what_their_fields_take() -> None:
    words = {"knots": "3", "to": "3", "cargo": '["tea"]', "fast": "true"}
    assert read_words(_SAIL, words) == {"knots": 3, "to": "3", "cargo": ["tea"], "fast": True}
    assert read_words(_SAIL, {"knots": "3", "to": "[north]"}) == {"knots": 3, "to": "[north]"}
    for words, path in (
        ({"knots": "x"}, "$.args.knots"),
        ({"cargo": "[tea"}, "$.args.cargo"),
        ({"cargo": "[3]"}, "$.args.cargo[0]"),
        ({"speed": "3"}, "$.args"),
    ):
        with pytest.raises(BadMessage) as caught:
            read_words(_SAIL, words)
        assert caught.value.details["path"] == path


def test_an_unknown_name_is_told_the_ones_that_come_near() -> None:
    with pytest.raises(BadMessage, match=r"message\.edit") as caught:
        find_command("mesage.edit")
    assert caught.value.code == "unknown_command"
    assert "message.edit" in caught.value.details["near"]
    with pytest.raises(BadMessage, match=r"command\.list"):
        find_command("zzz")


def test_a_row_that_contradicts_itself_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="Sail"):
        command("Sail", _Sail, _Sail, lane="visible", scope="control", about="Sails.", example={})
    with pytest.raises(ValueError, match=r"boat\.sink"):
        command(
            "boat.sink",
            _Sail,
            _Sail,
            lane="visible",
            scope="chat:write",
            about="Sinks.",
            example={},
            destructive=True,
        )
