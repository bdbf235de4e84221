"""The pages and files of the site in one language, as Zensical reads them.

docs/ is laid out for people who read it in the repository: a page may link to the README or to a source file, and the
Chinese pages stand under docs/zh/ at the paths of the English ones. Here links out of docs/ get their place in the
site, and a page that is not there in Chinese is the English one with a line that says so.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pymdownx.slugs import slugify

from scripts.docs.chinese import joined_lines
from scripts.docs.reference import is_generated, reference_in_chinese

__all__ = ["CHINESE", "ENGLISH", "ROOT", "Tree", "read_tree"]

ROOT = Path(__file__).resolve().parent.parent.parent
ENGLISH, CHINESE = "en", "zh"

_OWN = {"docs/README.md", "docs/nav.toml"}
"""Files of docs/ that are for those who write it."""

_HOME = "index.md"
_PLACES = {
    "README.md": _HOME,
    "README.zh-CN.md": _HOME,
    "docs/README.md": _HOME,
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/README.md": "examples/README.md",
}
"""Where a file that is not in docs/ stands in the site, or which page stands for it."""

_COPIED = ("CHANGELOG.md", "CONTRIBUTING.md", "examples/README.md")

_NOT_YET = '\n!!! note "这一页还没有中文版"\n\n    下面是英文原文。\n\n'
_FENCE = re.compile(r"(^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?^[ \t]*\2[ \t]*$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(
    r'(\]\()([^)\s#]*)(#[^)\s]*)?((?: "[^"]*")?\))'  # Markdown's
    r'|(<(?:img|a)\b[^>]*?\b(?:src|href)=")([^"#]*)(#[^"]*)?(?=")'  # HTML's
)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//")


class Tree(dict[str, str | Path]):
    """Path in the site → a page's text, or the file to copy."""

    @property
    def pages(self) -> list[str]:
        """Paths of the pages."""
        return [path for path in self if path.endswith(".md")]


def read_tree(language: str) -> Tree:
    """Return everything of the site in this language, whole: no page links to what is not in it."""
    tree = Tree()
    sources = {path: path for path in _files("docs")} | {_PLACES[name]: name for name in _COPIED}
    for place, source in sorted(sources.items()):
        name = place.removeprefix("docs/")
        if source in _OWN or name.startswith("zh/"):
            continue
        own = f"docs/zh/{name}"
        if language == CHINESE and (ROOT / own).is_file():
            tree[name] = outside_of_code(_staged(own, name, tree, _chinese), joined_lines)
        elif name.endswith(".md"):
            text = _staged(source, name, tree, _as_it_is if language == ENGLISH else _chinese)
            if language == CHINESE:
                text = reference_in_chinese(text) if is_generated(text) else _with_note(text)
            tree[name] = text
        else:
            tree[name] = ROOT / source
    return tree


@cache
def _files(folder: str) -> list[str]:
    return [
        Path(at, name).relative_to(ROOT).as_posix()
        for at, _, names in os.walk(ROOT / folder)
        for name in names
        if not name.startswith(".")
    ]


def _staged(source: str, place: str, tree: Tree, headings: Callable[[str, str], str]) -> str:
    """Return the text of a page with its links as they must be at that place; what they need goes into the tree."""

    def led(target: str, heading: str) -> str:
        there = _place_of(source, target, tree)
        if there is None:
            return f"{target}{heading}"
        # A README has headings of its own: the home page stands for it without them.
        heading = "" if there == _HOME else headings(there, heading)
        return posixpath.relpath(there, posixpath.dirname(place) or ".") + heading

    return outside_of_code(
        (ROOT / source).read_text(encoding="utf-8"), lambda text: _LINK.sub(_rewrite(led), text)
    )


def _as_it_is(_: str, heading: str) -> str:
    return heading


def _chinese(there: str, heading: str) -> str:
    """Return the address of a heading on a page's Chinese: pages in both languages have the same ones in order."""
    if f"docs/zh/{there}" in _files("docs") and heading:
        english, own = _anchors(f"docs/{there}"), _anchors(f"docs/zh/{there}")
        if heading[1:] not in own and heading[1:] in english[: len(own)]:
            return f"#{own[english.index(heading[1:])]}"
    return heading


@cache
def _anchors(source: str) -> list[str]:
    """Return the addresses of a page's headings, as the site makes them."""
    text = _FENCE.sub("", (ROOT / source).read_text(encoding="utf-8"))
    slug = slugify(case="lower")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [str(slug(heading.replace("`", ""), "-")) for heading in headings]


def _rewrite(led: Callable[[str, str], str]) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        if found[1]:
            return f"{found[1]}{led(found[2], found[3] or '')}{found[4]}"
        return f"{found[5]}{led(found[6], found[7] or '')}"

    return replace


def _place_of(source: str, target: str, tree: Tree) -> str | None:
    """Return the path in the site of what a link leads to; None where it is not ours to say."""
    if not target or _ELSEWHERE.match(target) or target.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path in _PLACES:
        return _PLACES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/").removeprefix("zh/")
    if (ROOT / path).is_file() and not path.startswith(".."):
        place = f"source/{path}.txt"  # which browsers show
        tree[place] = ROOT / path
        return place
    return None


def outside_of_code(text: str, change: Callable[[str], str]) -> str:
    """Return the text with all of it changed that is not in a fenced block."""
    parts = _FENCE.split(text)
    # split() gives text, block, mark of the block, text, …
    return "".join(part if at % 3 == 1 else change(part) for at, part in enumerate(parts) if at % 3 != 2)


def _with_note(text: str) -> str:
    """Return the page with a line below its title: it is not in Chinese yet."""
    head, line, rest = text.partition("\n")
    return f"{head}{line}{_NOT_YET}{rest}" if head.startswith("# ") else f"{_NOT_YET}{text}"
