"""The words of a CEL expression and where they stand: enough to bound what evaluating it can cost.

The grammar itself is the CEL library's. Below it stands nothing; `expression` uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

__all__ = ["Token", "place_of", "read_tokens"]

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<string>[rRbB]{0,2}(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>[0-9][0-9A-Za-z_.]*)
  | (?P<sign>&&|\|\||[=!<>]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(msgspec.Struct, frozen=True):
    """One word or sign."""

    kind: str
    """`string`, `name`, `number`, `sign`."""
    text: str
    start: int
    """Characters before it."""


def read_tokens(text: str) -> list[Token]:
    """Return the words of an expression; blanks and comments are left out."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(text):
        if found.lastgroup is not None and found.lastgroup != "space":
            yield Token(found.lastgroup, found.group(), found.start())


def place_of(text: str, start: int) -> tuple[int, int]:
    """Return line and column, both from 1."""
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
