"""From a Python function to the JSON Schema of its arguments, and from JSON arguments back to Python's.

Type hints say the types: what msgspec knows goes, so dataclasses, `Literal`, enums, dates and `Annotated[int,
msgspec.Meta(ge=1)]` do. The docstring says what each is for.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tavernlink.sdk.context import Context
from tavernlink.sdk.docstring import read_docstring

__all__ = ["Signature", "SignatureError"]

_CONTEXT_NAMES: Final = ("ctx", "context")
_TAKEN: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class SignatureError(TypeError):
    """A function cannot be offered as it is written; the message says why."""


class Signature:
    """What a function takes and gives."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Raises `SignatureError`."""
        self._name = getattr(function, "__name__", repr(function))
        self.description, documented = read_docstring(function)
        hints = self._hints(function)
        self.context: str | None = None
        """Name of the parameter that gets the `Context`."""
        fields: list[Any] = []
        for parameter in inspect.signature(function).parameters.values():
            if self._is_context(parameter, hints):
                self.context = parameter.name
                continue
            if parameter.kind not in _TAKEN:
                raise SignatureError(
                    f"{self._name}: `{parameter}` has no name that a caller could use. Write each parameter out."
                )
            hint = hints.get(parameter.name, Any)
            if parameter.default is parameter.empty:
                fields.append((parameter.name, hint))
            else:
                fields.append((parameter.name, hint, _default(parameter.default)))
        self._struct = msgspec.defstruct(
            "Arguments", fields, kw_only=True, forbid_unknown_fields=True, rename=None
        )
        self._names = [field[0] for field in fields]
        self.parameters = self._schema(self._struct, "parameters")
        for name, words in documented.items():
            if words and name in self.parameters["properties"]:
                self.parameters["properties"][name].setdefault("description", words)
        self.returns = self._returned(hints.get("return", Any))

    def bind(self, args: dict[str, Any]) -> dict[str, Any]:
        """Return Python's arguments. Raises `msgspec.ValidationError`."""
        read = msgspec.convert(args, self._struct, builtin_types=())
        return {name: getattr(read, name) for name in self._names}

    def _returned(self, hint: Any) -> dict[str, Any] | None:
        """What cannot be described (a class of another library) may still become JSON."""
        try:
            return None if hint is Any else self._schema(hint, "result")
        except SignatureError:
            return None

    def _hints(self, function: Callable[..., Any]) -> dict[str, Any]:
        try:
            return typing.get_type_hints(inspect.unwrap(function), include_extras=True)
        except (NameError, TypeError) as error:
            raise SignatureError(f"{self._name}: a type hint cannot be read: {error}.") from None

    @staticmethod
    def _is_context(parameter: inspect.Parameter, hints: dict[str, Any]) -> bool:
        hint = hints.get(parameter.name)
        return hint is Context or (hint is None and parameter.name in _CONTEXT_NAMES)

    def _schema(self, type_: Any, what: str) -> dict[str, Any]:
        try:
            schema: dict[str, Any] = msgspec.json.schema(type_)
        except TypeError as error:
            raise SignatureError(f"{self._name}: its {what} cannot be described as JSON: {error}") from None
        definitions: dict[str, Any] = schema.pop("$defs", {})
        root = str(schema.get("$ref", "")).rpartition("/")[2]
        if root in definitions:
            schema = definitions[root]
            if f'"#/$defs/{root}"' not in msgspec.json.encode(definitions).decode():
                del definitions[root]
        schema = dict(schema)
        schema.pop("title", None)
        return schema | ({"$defs": definitions} if definitions else {})


def _default(value: Any) -> Any:
    """Mutable defaults are made anew for each call, as msgspec wants it."""
    if isinstance(value, list | dict | set):
        return msgspec.field(default_factory=lambda: type(value)(value))
    return value
