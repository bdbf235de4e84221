"""Reading what was given as a command: its name, and its arguments from JSON or from words."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from tavernlink.errors import BadMessage
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.commands.entry import CommandSpec

__all__ = ["find_command", "read_arguments", "read_words"]


def find_command(name: str) -> CommandSpec:
    """Return the row of a command. Raises `unknown_command` with the names that come near."""
    spec = COMMANDS.get(name)
    if spec is not None:
        return spec
    near = get_close_matches(name, COMMANDS, n=3)
    advice = f"Is it {' or '.join(near)}?" if near else "`command.list` shows those there are."
    raise BadMessage(
        "unknown_command", f"There is no command {name!r}. {advice}", {"command": name, "near": near}
    )


def read_arguments(spec: CommandSpec, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments that came as JSON, with the defaults filled in. Raises `invalid_message` with the path."""
    try:
        read = msgspec.convert(args, spec.args)
    except msgspec.ValidationError as error:
        raise _invalid(spec, error) from None
    filled: dict[str, Any] = msgspec.to_builtins(read)
    return filled


def read_words(spec: CommandSpec, words: Mapping[str, str]) -> dict[str, Any]:
    """Return arguments that came as words, of a command line or an address: `3` may be a number, `[…]` a list.

    Raises `invalid_message` with the path.
    """
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(spec.args)}
    given = {name: _value(fields.get(name, str), word) for name, word in words.items()}
    try:
        read = msgspec.convert(given, spec.args, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(spec, error) from None
    filled: dict[str, Any] = msgspec.to_builtins(read)
    return {name: value for name, value in filled.items() if name in given}


def _value(type_: Any, word: str) -> Any:
    """The word itself where its field takes a text, else what it is as JSON, where that is a list or an object."""
    if word[:1] not in ("[", "{"):
        return word
    try:
        msgspec.convert(word, type_)
    except msgspec.ValidationError:
        try:
            return msgspec.json.decode(word)
        except msgspec.DecodeError:
            return word  # the check of the whole says what is wrong with it
    return word


def _invalid(spec: CommandSpec, error: msgspec.ValidationError) -> BadMessage:
    what, _, path = str(error).partition(" - at `")
    path = f"$.args{path.rstrip('`').removeprefix('$')}"
    return BadMessage(
        "invalid_message",
        f"The arguments of {spec.name!r} have the wrong shape: {what} (at {path}).",
        {"command": spec.name, "path": path},
    )
