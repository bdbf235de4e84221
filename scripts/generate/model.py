"""Reads the protocol package into plain data: structs with their fields and words, rows, named literals.

The schema of a field is msgspec's own; the words come from the docstrings in the source, since Python forgets
the ones under fields.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import msgspec

from tavernlink import protocol
from tavernlink.protocol.catalogue import CATALOGUE, UNCOUNTED, MessageType
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.commands.entry import Arguments, CommandSpec
from tavernlink.protocol.message import Message

Schema = dict[str, Any]

_NOUNS = "tavernlink.protocol.commands."
_MESSAGES = frozenset({"asking", "wire"})


@dataclass(frozen=True)
class Field:
    """One field as it stands on the wire."""

    name: str
    schema: Schema
    required: bool
    """A sender must give it."""
    always: bool
    """Tavernlink itself always sends it, its default too."""
    doc: str
    literal: str | None
    """Name of the literal type that its annotation uses, e.g. "EndReason"."""


@dataclass(frozen=True)
class Struct:
    """One kind of content."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    of_command: bool = False
    """It is told on the page of the commands, not on that of the messages."""


@dataclass(frozen=True)
class Row:
    """One message type with the schema of its result (None: it has none)."""

    type: MessageType
    content: str
    result: Schema | None


@dataclass(frozen=True)
class CommandRow:
    """One command with the schema of its result."""

    spec: CommandSpec
    args: str
    result: Schema


@dataclass(frozen=True)
class Protocol:
    """The whole catalogue."""

    version: int
    rows: tuple[Row, ...]
    structs: tuple[Struct, ...]
    literals: dict[str, tuple[str, ...]]
    uncounted: tuple[str, ...]
    commands: tuple[CommandRow, ...]


def read_protocol() -> Protocol:
    """Import every module of tavernlink.protocol and collect what it states."""
    modules = [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(protocol.__path__, "tavernlink.protocol.")
    ]
    classes = [cls for module in modules for cls in _messages_of(module)]
    _check_names(classes)
    results = [row.result for row in CATALOGUE.values()] + [spec.result for spec in COMMANDS.values()]
    schemas, components = msgspec.json.schema_components(
        [*classes, *(result for result in results if result is not None)], ref_template="#/$defs/{name}"
    )
    literals = {name: values for module in modules for name, values in _literals_of(module).items()}
    literals.pop("Direction")  # a word of the catalogue itself, not of a message
    docs = {module.__name__: field_docs(module) for module in modules}
    result_schemas = iter(schemas[len(classes) :])
    rows = tuple(
        Row(row, row.content.__name__, None if row.result is None else dict(next(result_schemas)))
        for row in CATALOGUE.values()
    )
    commands = tuple(
        CommandRow(spec, spec.args.__name__, dict(next(result_schemas))) for spec in COMMANDS.values()
    )
    structs = tuple(_struct(cls, components[cls.__name__], docs[cls.__module__], literals) for cls in classes)
    return Protocol(protocol.PROTOCOL_VERSION, rows, structs, literals, tuple(sorted(UNCOUNTED)), commands)


def _check_names(classes: list[type[Message]]) -> None:
    """Raise `ValueError` for two structs of one name: schema and TypeScript know them by it."""
    modules: dict[str, str] = {}
    for cls in classes:
        if cls.__name__ in modules:
            message = f"{cls.__name__} is in {modules[cls.__name__]} and in {cls.__module__}. Rename one."
            raise ValueError(message)
        modules[cls.__name__] = cls.__module__


def _messages_of(module: ModuleType) -> list[type[Message]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Message)
        and value not in (Message, Arguments)
        and value.__module__ == module.__name__
    ]


def _literals_of(module: ModuleType) -> dict[str, tuple[str, ...]]:
    public = getattr(module, "__all__", [])
    return {
        name: get_args(vars(module)[name]) for name in public if get_origin(vars(module)[name]) is Literal
    }


def field_docs(module: ModuleType) -> dict[str, dict[str, str]]:
    """Return class name → field name → the string that stands under the field in the source."""
    docs: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = docs.setdefault(node.name, {})
        for statement, below in zip(node.body, node.body[1:], strict=False):
            match statement, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    fields[name] = inspect.cleandoc(text)
                case _:
                    pass
    return docs


def _is_left_out(cls: type[Message], info: msgspec.structs.FieldInfo) -> bool:
    """Return whether msgspec leaves the field out when it has its default: other factories than these are not run."""
    if not cls.__struct_config__.omit_defaults:
        return False
    return info.default is not msgspec.NODEFAULT or info.default_factory in (list, dict, set)


def _struct(
    cls: type[Message], schema: Schema, docs: dict[str, dict[str, str]], literals: dict[str, tuple[str, ...]]
) -> Struct:
    fields = []
    for info in msgspec.structs.fields(cls):
        annotation = str(cls.__annotations__.get(info.name, ""))
        named = [word for word in re.findall(r"\w+", annotation) if word in literals]
        fields.append(
            Field(
                name=info.encode_name,
                schema=schema["properties"][info.encode_name],
                required=info.required,
                always=info.required or not (issubclass(cls, Arguments) or _is_left_out(cls, info)),
                doc=docs.get(cls.__name__, {}).get(info.name, ""),
                literal=named[0] if named else None,
            )
        )
    of_command = cls.__module__.startswith(_NOUNS) and cls.__module__.removeprefix(_NOUNS) not in _MESSAGES
    return Struct(cls.__name__, inspect.cleandoc(cls.__doc__ or ""), tuple(fields), of_command)
