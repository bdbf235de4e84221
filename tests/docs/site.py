"""The built site as a test reads it: its pages, their links, their anchors."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from scripts.docs.build import SITE


class Page(NamedTuple):
    """What a page leads to and what can be led to in it."""

    links: tuple[str, ...]
    loads: tuple[str, ...]
    anchors: frozenset[str]


_TAG = re.compile(r"<([a-z][a-z0-9]*)\s([^>]*)>")
_TOLD = re.compile(r"(?:^|\s)(id|href|src|rel)=(?:\"([^\"]*)\"|([^\s\"'>]+))")


@cache
def read(path: Path) -> Page:
    """Read a page of the site. By hand: Python's own reader takes half a minute for them all."""
    links, loads, anchors = [], [], set()
    for tag, rest in _TAG.findall(path.read_text(encoding="utf-8")):
        told = {name: unescape(a or b) for name, a, b in _TOLD.findall(rest)}
        anchors.add(told.get("id", ""))
        if tag == "a" and told.get("href"):
            links.append(told["href"])
        elif tag == "link" and told.get("rel") not in ("canonical", "prev", "next"):
            loads.append(told["href"])
        elif told.get("src"):
            loads.append(told["src"])
    return Page(tuple(links), tuple(loads), frozenset(anchors))


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
