"""The site's navigation, from docs/nav.toml and the pages that there are."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

__all__ = ["navigation"]


def navigation(file: Path, pages: Iterable[str], language: str) -> tuple[list[Any], list[str]]:
    """Return the navigation in Zensical's form, and the pages that no line of it reaches."""
    left = sorted(pages)
    named = _named(tomllib.loads(file.read_text(encoding="utf-8"))["section"])
    tree = _sections(tomllib.loads(file.read_text(encoding="utf-8"))["section"], left, named, language)
    return tree, left


def _named(sections: list[dict[str, Any]]) -> set[str]:
    """Pages that a line names in full: no pattern takes them before."""
    names = {name for section in sections for name in section["pages"] if "*" not in name}
    return names.union(*(_named(section.get("section", [])) for section in sections))


def _sections(sections: list[dict[str, Any]], left: list[str], named: set[str], language: str) -> list[Any]:
    tree = []
    for section in sections:
        inside: list[Any] = []
        for pattern in section["pages"]:
            found = [page for page in left if _fits(page, pattern, named)]
            inside += found
            left[:] = [page for page in left if page not in found]
        inside += _sections(section.get("section", []), left, named, language)
        if inside:
            tree.append({section[language]: inside})
    return tree


def _fits(page: str, pattern: str, named: set[str]) -> bool:
    return page == pattern or ("*" in pattern and page not in named and fnmatchcase(page, pattern))
