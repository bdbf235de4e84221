"""What the generated namespaces of `commands` and `sync_commands` stand on: one noun of a tavern's commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import msgspec

from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.sdk.request import Request

if TYPE_CHECKING:
    from tavernlink.sdk.sync_tavern import SyncTavern
    from tavernlink.sdk.tavern import Tavern

__all__ = ["Noun", "RunOptions", "SyncNoun"]

T = TypeVar("T")


class RunOptions(TypedDict, total=False):
    """What every command takes beside its arguments."""

    revision: int | None
    """Fail with `Conflict("stale_revision")` unless the open chat is still at this revision."""
    timeout: float | None
    """Seconds that the hub gives the work once it runs."""
    priority: int
    """Higher goes first; for admins."""
    request_id: str | None
    """An idempotency key of your own; asked twice, done once."""


class Noun:
    """Commands of one noun, for one tavern."""

    def __init__(self, tavern: Tavern) -> None:
        self._tavern = tavern

    def _run(self, name: str, args: Mapping[str, Any], result: type[T], options: RunOptions) -> Request[T]:
        return self._tavern.start(
            name, given(name, args), lambda raw: msgspec.convert(raw, result), **options
        )


class SyncNoun:
    """Commands of one noun, for one tavern; each waits for its result."""

    def __init__(self, tavern: SyncTavern) -> None:
        self._tavern = tavern

    def _run(self, name: str, args: Mapping[str, Any], result: type[T], options: RunOptions) -> T:
        return self._tavern.finish(
            name, given(name, args), lambda raw: msgspec.convert(raw, result), **options
        )


def given(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that differ from their defaults: a hub that is older need not know the others."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(COMMANDS[name].args)}
    return {word: value for word, value in args.items() if not _is_default(fields[word], value)}


def _is_default(field: msgspec.structs.FieldInfo, value: Any) -> bool:
    if field.default is not msgspec.NODEFAULT:
        return bool(value == field.default and type(value) is type(field.default))
    return not field.required and value is None
