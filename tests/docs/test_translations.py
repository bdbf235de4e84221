"""A Chinese page is the English one again: the same headings, tables and blocks of code, in its own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT

CHINESE = ROOT / "docs" / "zh"
BLOCK = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def pages() -> list[str]:
    return sorted(page.relative_to(CHINESE).as_posix() for page in CHINESE.rglob("*.md"))


def shape(page: Path) -> list[str]:
    """Return the levels of the headings and the widths of the rows of tables, in order."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    lines = re.findall(r"^(#+ |\|.*\|$)", text, re.MULTILINE)
    return [line if line.startswith("#") else str(len(re.findall(r"(?<!\\)\|", line))) for line in lines]


def code(page: Path) -> list[tuple[str, str]]:
    """Return language and text of each block, without comments."""
    blocks = BLOCK.findall(page.read_text("utf-8"))
    return [(language, _without_words(language, text)) for _, language, text in blocks]


def _without_words(language: str, text: str) -> str:
    """Comments are in the page's language; so is a drawing, of which the number of lines is left."""
    return str(text.count("\n")) if language == "text" else re.sub(r" *#.*| *//.*", "", text)


@pytest.mark.parametrize("name", pages())
def test_a_chinese_page_has_what_the_english_one_has(name: str) -> None:
    english, chinese = ROOT / "docs" / name, CHINESE / name
    assert english.exists(), "the English page is gone"
    assert shape(chinese) == shape(english)
    assert code(chinese) == code(english)


@pytest.mark.parametrize("name", pages())
def test_a_chinese_page_is_in_chinese(name: str) -> None:
    text = BLOCK.sub("", (CHINESE / name).read_text("utf-8"))
    title = text.splitlines()[0]
    assert re.search(r"[一-鿿]", text) is not None
    assert title.startswith("# ")


def test_what_people_read_first_is_in_chinese() -> None:
    wanted = {
        page.relative_to(ROOT / "docs").as_posix()
        for folder in ("start", "how-to", "recipes", "migration")
        for page in (ROOT / "docs" / folder).glob("*.md")
    }
    assert wanted | {"security.md", "troubleshooting.md", "architecture.md"} <= {*pages()}
