"""What a SillyTavern that plays along answers to each command: the least that fits the result's type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from tavernlink.protocol.commands.catalogue import COMMANDS


class Answers(dict[str, Any]):
    """Command → answer; those that were set, and one for every other command that there is."""

    def __contains__(self, name: object) -> bool:
        return name in self.keys() or name in COMMANDS

    def __missing__(self, name: str) -> Any:
        return sample(inspect.type_info(COMMANDS[name].result))


def sample(kind: inspect.Type, depth: int = 0) -> Any:
    """Return a value of this type: required fields only, one item in each list."""
    match kind:
        case inspect.StructType():
            return dict(_fields(kind, depth))
        case inspect.ListType() | inspect.CollectionType():
            return [] if depth > 4 else [sample(kind.item_type, depth + 1)]
        case inspect.DictType():
            return {}
        case inspect.UnionType():
            return sample(kind.types[0], depth)
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.Metadata():
            return sample(kind.type, depth)
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return kind.ge or 0
        case inspect.FloatType():
            return 1.0
        case inspect.StrType():
            return "text"
        case inspect.BytesType():
            return ""
    return None


def _fields(kind: inspect.StructType, depth: int) -> Iterator[tuple[str, Any]]:
    if kind.tag_field is not None:
        yield kind.tag_field, kind.tag
    for field in kind.fields:
        if field.required:
            yield field.encode_name, sample(field.type, depth + 1)


def converted(name: str) -> Mapping[str, Any] | Any:
    """Return the sample as the SDK gives it; raises where it does not fit."""
    return msgspec.convert(Answers()[name], COMMANDS[name].result)
