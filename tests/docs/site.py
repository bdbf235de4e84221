"""The built site as a test reads it: its pages, their links, their anchors."""

from __future__ import annotations

import html.parser
import posixpath
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from scripts.docs.build import SITE


class Page(NamedTuple):
    """What a page leads to and what can be led to in it."""

    links: tuple[str, ...]
    loads: tuple[str, ...]
    anchors: frozenset[str]


class _Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.anchors.add(told.get("id", ""))
        if tag == "a" and told.get("href"):
            self.links.append(told["href"])
        elif tag == "link" and told.get("rel") not in ("canonical", "prev", "next"):
            self.loads.append(told["href"])
        elif told.get("src"):
            self.loads.append(told["src"])


@cache
def read(path: Path) -> Page:
    """Read a page of the site."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return Page(tuple(reader.links), tuple(reader.loads), frozenset(reader.anchors))


def pages() -> list[Path]:
    """Return every page of the site."""
    return sorted(SITE.rglob("*.html"))


def target(page: Path, link: str) -> tuple[Path, str]:
    """Return the file that a link of the page leads to, and the anchor in it."""
    path, _, anchor = link.partition("#")
    if not path:
        return page, unquote(anchor)
    there = posixpath.normpath(posixpath.join(page.parent.as_posix(), unquote(path)))
    found = Path(there)
    return (found / "index.html" if found.is_dir() else found), unquote(anchor)
