"""What a docstring says of a function and of its parameters: Google's, NumPy's and Sphinx's ways of writing it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

__all__ = ["read_docstring"]

_SECTION = re.compile(
    r"^(Args|Arguments|Parameters|Params|Returns?|Yields?|Raises|Examples?|Notes?|See Also|Warnings?):?\s*$"
)
_PARAMETERS = {"Args", "Arguments", "Parameters", "Params"}
_GOOGLE = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_NUMPY = re.compile(r"^(\w+)(?:\s*:\s*.+)?$")
_SPHINX = re.compile(r"^:(?:param|parameter|arg)\s+(?:[^:]*\s)?(\w+):\s*(.*)$")
_FIELD = re.compile(r"^:(\w+)[^:]*:")


def read_docstring(function: Callable[..., object]) -> tuple[str, dict[str, str]]:
    """Return the description, and parameter → what is said of it."""
    lines = (inspect.getdoc(function) or "").splitlines()
    about: list[str] = []
    parameters: dict[str, str] = {}
    for name, block in _sections(lines):
        if name == "":
            about = _without_fields(block, parameters)
        elif name in _PARAMETERS:
            parameters.update(_listed(block))
    return "\n".join(about).strip(), parameters


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    name, block = "", list[str]()
    for line in lines:
        found = _SECTION.match(line)
        if found is not None:
            yield name, block
            name, block = found[1], []
        elif not (name and set(line.strip()) == {"-"}):  # NumPy underlines
            block.append(line)
    yield name, block


def _without_fields(lines: list[str], parameters: dict[str, str]) -> list[str]:
    """Take Sphinx's fields out of the text."""
    kept: list[str] = []
    last: str | None = None
    within = False
    for line in lines:
        found = _SPHINX.match(line.strip())
        if found is not None:
            last, within = found[1], True
            parameters[last] = found[2].strip()
        elif _FIELD.match(line.strip()):
            last, within = None, True
        elif within and line.startswith((" ", "\t")):
            if last is not None:
                parameters[last] = f"{parameters[last]} {line.strip()}".strip()
        else:
            within = False
            kept.append(line)
    return kept


def _listed(lines: list[str]) -> dict[str, str]:
    """Read `name: text` or NumPy's `name : type` with the text below; what is indented further goes on."""
    found: dict[str, str] = {}
    last: str | None = None
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    for line in lines:
        text = line.strip()
        if not text:
            continue
        further = len(line) - len(line.lstrip()) > margin
        if not further:
            google = _GOOGLE.match(text) if margin else None
            numpy = None if google or margin else _NUMPY.match(text)
            match = google or numpy
            last = match[1] if match is not None else last
            if match is not None:
                found[match[1]] = google[2].strip() if google is not None else ""
                continue
        if last is not None:
            found[last] = f"{found[last]} {text}".strip()
    return found
