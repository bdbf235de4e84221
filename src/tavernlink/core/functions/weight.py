"""What it may cost to hold a value against a schema, known before the first value comes.

References make a short schema long: twenty definitions that each name the next one twice are a million steps. So every
reference is followed once for each place that names it, and what comes to too much is refused. A schema that refers to
itself goes as deep as the value does; the more often it does so, the less deep a value may be.
"""

from __future__ import annotations

import math
from typing import Any, Final

__all__ = ["depth_limit", "is_deeper"]

_MOST_STEPS: Final = 50_000
_DEEPEST: Final = 256  # levels of a value, where its schema is recursive


def depth_limit(schema: dict[str, Any]) -> int | None:
    """Return how deep values may be nested; None: as deep as they like. Raises `ValueError` for what costs too much."""
    count = _Count(schema)
    count.walk(schema, ())
    if count.returns < 2:
        return _DEEPEST if count.returns else None
    return int(math.log(_MOST_STEPS) / math.log(count.returns))


def is_deeper(value: Any, limit: int) -> bool:
    """True if a value is nested more than so many levels."""
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


class _Count:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._steps = 0
        self.returns = 0
        """References to a schema from within itself."""

    def walk(self, schema: Any, within: tuple[str, ...]) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise ValueError(f"with its references followed it has more than {_MOST_STEPS} parts")
        if isinstance(schema, list):
            for each in schema:
                self.walk(each, within)
        elif isinstance(schema, dict):
            for word, each in schema.items():
                if word == "$ref" and isinstance(each, str):
                    self._follow(each, within)
                elif word in ("$dynamicRef", "$recursiveRef"):
                    raise ValueError(f"`{word}` is not taken here")
                elif word not in ("$defs", "definitions", "enum", "const", "default", "examples"):
                    self.walk(each, within)

    def _follow(self, ref: str, within: tuple[str, ...]) -> None:
        if ref != "#" and not ref.startswith("#/"):
            raise ValueError(f"the reference {ref[:100]!r} leads out of it; only `#/…` is taken here")
        if ref in within or ref == "#":
            self.returns += 1
            return
        found: Any = self._root
        for part in ref[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        if found is not None:
            self.walk(found, (*within, ref))
