"""The golden files: for each message type, examples of its content and of its result, as they go over the wire.

They are read three times: by pytest (decoding and encoding gives the same again), by vitest (they fit the schema and
the TypeScript types) and by the reference page (its examples).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).resolve().parent.parent.parent / "tests" / "golden"


class Golden(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One file: tests/golden/TYPE.json."""

    type: str
    contents: list[dict[str, Any]]
    """At least one; the first is the example of the reference page."""
    results: list[Any] = []
    """Of types whose ack carries a result."""


def read_golden() -> dict[str, Golden]:
    """Return all golden files by message type."""
    golden = {}
    for path in sorted(FOLDER.glob("*.json")):
        one = msgspec.json.decode(path.read_bytes(), type=Golden)
        if path.stem != one.type:
            message = f"{path} is about {one.type!r}; a golden file is named for its type."
            raise ValueError(message)
        golden[one.type] = one
    return golden
