"""Reads the repository's Markdown files: marked examples, links, headings."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")


def pages() -> list[Path]:
    """Return every page that is part of the project."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def examples(page: Path) -> dict[str, str]:
    """Return the code of each block marked `<!-- example: NAME -->`."""
    marked = re.findall(
        r"^<!-- example: (\S+) -->\n```\w+\n(.*?)^```$",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return dict(marked)


def links(page: Path) -> list[str]:
    """Return the targets of all links and pictures that point into the repository."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
