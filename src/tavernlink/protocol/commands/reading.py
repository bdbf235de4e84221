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

    Raises `invalid_message` with the path, for a name that is not known too; what is missing, the hub says.
    """
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(spec.args)}
    read = {}
    for name, word in words.items():
        if name not in fields:
            known = f"It takes {', '.join(fields)}." if fields else "It takes none."
            raise BadMessage(
                "invalid_message",
                f"{spec.name!r} has no argument {name!r}. {known}",
                {"command": spec.name, "path": "$.args"},
            )
        try:
            read[name] = msgspec.to_builtins(_value(fields[name], word))
        except msgspec.ValidationError as error:
            raise _invalid(spec, error, name) from None
    return read


def _value(type_: Any, word: str) -> Any:
    """What a word is: a text where its field takes one, else what it is as JSON."""
    try:
        return msgspec.convert(word, type_)
    except msgspec.ValidationError:
        if word[:1] in ("[", "{"):
            try:
                return msgspec.json.decode(word, type=type_)
            except msgspec.ValidationError:
                raise
            except msgspec.DecodeError:
                pass  # not JSON
        return msgspec.convert(word, type_, strict=False)


def _invalid(spec: CommandSpec, error: msgspec.ValidationError, name: str = "") -> BadMessage:
    what, _, path = str(error).partition(" - at `")
    path = f"$.args{f'.{name}' if name else ''}{path.rstrip('`').removeprefix('$')}"
    return BadMessage(
        "invalid_message",
        f"The arguments of {spec.name!r} have the wrong shape: {what} (at {path}).",
        {"command": spec.name, "path": path},
    )
