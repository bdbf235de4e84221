"""What differs between two contents, field by field, in words that a person reads.

The extension compares by the same rules (js/packages/extension/src/profiles/differences.ts); tests/profiles holds
examples that both are tested with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tavernlink.protocol.profiles import FieldChange

__all__ = ["MOST_FIELDS", "differences"]

MOST_FIELDS = 40
"""Fields that are shown of one item; the rest is counted."""

_EXCERPT = 400
_AROUND = 60
_IDENTIFIERS = ("identifier", "uid", "id", "name", "label")
_Side = Any
_ABSENT = object()


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[list[FieldChange], int]:
    """Return the first fields that differ, and how many further ones do."""
    found = list(_walk(before, after, ""))
    return found[:MOST_FIELDS], max(0, len(found) - MOST_FIELDS)


def _walk(before: _Side, after: _Side, path: str) -> Iterator[FieldChange]:
    if before is not _ABSENT and after is not _ABSENT and _code(before) == _code(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            inner = f"{path}.{name}" if path else name
            yield from _walk(before.get(name, _ABSENT), after.get(name, _ABSENT), inner)
        return
    if isinstance(before, list) and isinstance(after, list):
        named = _named(before, after)
        if named is not None:
            old, new = named
            for name in [*old, *(name for name in new if name not in old)]:
                yield from _walk(old.get(name, _ABSENT), new.get(name, _ABSENT), f"{path}[{name}]")
            if [name for name in old if name in new] != [name for name in new if name in old]:
                yield _change(list(old), list(new), f"{path}[order]")
            return
    yield _change(before, after, path)


def _named(before: list[Any], after: list[Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return both lists by what identifies their parts; None where nothing does."""
    for field in _IDENTIFIERS:
        sides = [_by(field, side) for side in (before, after)]
        if sides[0] is not None and sides[1] is not None and (before or after):
            return sides[0], sides[1]
    return None


def _by(field: str, side: list[Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for part in side:
        name = part.get(field) if isinstance(part, dict) else None
        if not isinstance(name, str | int) or isinstance(name, bool) or str(name) in found:
            return None
        found[str(name)] = part
    return found


def _change(before: _Side, after: _Side, path: str) -> FieldChange:
    start = 0
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > _EXCERPT:
        common = next(
            (at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
            min(len(before), len(after)),
        )
        start = max(0, common - _AROUND)
    return FieldChange(path=path[:1_000], before=_excerpt(before, start), after=_excerpt(after, start))


def _excerpt(value: _Side, start: int) -> str | None:
    if value is _ABSENT:
        return None
    if isinstance(value, str):
        value = ("…" if start else "") + value[start:]
    text = _code(value).decode()
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"


def _code(value: _Side) -> bytes:
    return b"" if value is _ABSENT else msgspec.json.encode(value, order="sorted")
