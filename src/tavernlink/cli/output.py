"""What the commands print: plain where a program reads, with colours where a person looks."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "fail", "note", "print_json", "print_table"]


def console(*, stderr: bool = False) -> Console:
    """Return a rich console; it writes no colours where nobody sees them."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON value on one line, in ASCII so that every console can show it."""
    print(json.dumps(value), flush=True)


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """Print aligned columns without borders."""
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*[_plain(cell) for cell in row])
    console().print(table)


def _plain(cell: str) -> Any:
    from rich.text import Text

    return Text(cell)  # names may hold what looks like rich's markup


def note(text: str) -> None:
    """Say something beside the result, on standard error."""
    print(text, file=sys.stderr, flush=True)


def fail(message: str, *, code: str | None = None, status: int = 1) -> NoReturn:
    """Say on standard error what happened, and end the command."""
    note(f"error: {message}" + (f" [{code}]" if code else ""))
    raise SystemExit(status)
