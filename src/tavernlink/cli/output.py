"""What the commands print: plain where a program reads, with colours where a person looks."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tavernlink.controls import without_controls

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["AsJson", "console", "fail", "note", "print_json", "print_result", "print_table"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def console(*, stderr: bool = False) -> Console:
    """Return a rich console; it writes no colours where nobody sees them."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one value, msgspec Structs in it too, as JSON on one line, in ASCII so that every console can show it."""
    import msgspec

    print(json.dumps(msgspec.to_builtins(value)), flush=True)


def print_result(result: Any) -> None:
    """Print what a function or command gave: readable on a terminal, else as `print_json` does."""
    if sys.stdout.isatty():
        print(without_controls(json.dumps(result, indent=2, ensure_ascii=False)))
    else:
        print_json(result)


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """Print aligned columns without borders. A line may be longer than the terminal is wide: nothing is cut off."""
    from rich.cells import cell_len
    from rich.text import Text

    lines = [[without_controls(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(cell_len, cells)) for cells in zip(*lines, strict=True)]
    out = console()
    for number, row in enumerate(lines):
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        # Text, since names may hold what looks like rich's markup.
        out.print(Text("  ".join(cells).rstrip(), style="bold" if number == 0 else ""))


def note(text: str) -> None:
    """Say something beside the result, on standard error."""
    print(without_controls(text), file=sys.stderr, flush=True)


def fail(message: str, *, code: str | None = None, status: int = 1) -> NoReturn:
    """Say on standard error what happened, and end the command."""
    note(f"error: {message}" + (f" [{code}]" if code else ""))
    raise SystemExit(status)
