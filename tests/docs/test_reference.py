"""On the Chinese site the generated reference has its fixed words in Chinese, and says what is English and why."""

from __future__ import annotations

import re

from scripts.docs.reference import is_generated
from scripts.docs.tree import CHINESE, ENGLISH, outside_of_code, read_tree
from tavernlink.errors import CODES

# As `make generate` writes them on page after page.
FIXED = re.compile(
    r"^(?:## (?:Fields|Result|Example|Errors|What .*)|Its outcome:|No (?:fields|arguments)\.|Needs .*|Answers \d.*"
    r"|Body:.*|Among others .*|Lane `.*|Result: .*|Errors: `.*|A property\. .*"
    r"|\| (?:Direction|Scope|Roles that hold it|Doors|field|parameter|command|code|class|method) \|.*)$",
    re.MULTILINE,
)


def generated(language: str) -> dict[str, str]:
    tree = read_tree(language)
    return {name: text for name, text in tree.items() if isinstance(text, str) and is_generated(text)}


def test_no_fixed_word_of_the_reference_is_left_in_english() -> None:
    english, chinese = generated(ENGLISH), generated(CHINESE)
    assert len(chinese) == len(english) > 180
    kept = {
        f"{name}: {line}"
        for name, text in chinese.items()
        for line in FIXED.findall(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    }
    assert kept == set()
    assert sum(len(FIXED.findall(text)) for text in english.values()) > 1_000


def test_every_such_page_says_that_its_descriptions_are_english_and_two_are_all_chinese() -> None:
    pages = generated(CHINESE)
    assert {name for name, text in pages.items() if "说明文字是英文原文" not in text} == {
        "guide/settings.md",
        "protocol/errors.md",
    }
    rows = [row for row in pages["protocol/errors.md"].splitlines() if row.startswith("| `")]
    assert len(rows) == len(CODES)
    assert all(re.search("[\u4e00-\u9fff]", row) for row in rows)


def test_titles_and_headings_keep_their_addresses() -> None:
    chinese = generated(CHINESE)
    assert "## 字段 {#fields}" in chinese["protocol/messages/chat.send.md"]
    assert chinese["reference/rest/rooms.md"].startswith("# 房间 {#rooms}\n")
    bare = [
        name
        for name, text in chinese.items()
        if re.match(r"# [A-Z][a-z ]+\n", text) and not name.startswith("protocol/messages/")
    ]
    assert bare == []


def test_code_of_the_reference_stays_as_it_is() -> None:
    english, chinese = generated(ENGLISH), generated(CHINESE)

    def code(text: str) -> list[str]:
        return re.findall(r"^```.*?^```$", text, re.MULTILINE | re.DOTALL)

    assert outside_of_code("a", str.upper) == "A"
    assert [name for name, text in english.items() if code(text) != code(chinese[name])] == []
