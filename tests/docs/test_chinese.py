"""Chinese lines that a source breaks are one line on the site; everything else stays as it is."""

from __future__ import annotations

import re

import pytest

from scripts.docs.build import squeezed
from scripts.docs.chinese import joined_lines
from scripts.docs.tree import CHINESE, outside_of_code, read_tree

_CODE = re.compile(r"^[ \t]*```.*?^[ \t]*```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("中枢接受\n连接", "中枢接受连接"),
        ("第一句。\n第二句", "第一句。第二句"),
        ("第一句。\n`chat.get` 说", "第一句。`chat.get` 说"),
        ("见 `chat.get`\n，然后", "见 `chat.get`，然后"),
        ("- 一项\n  的续行", "- 一项的续行"),
        ("见[控制台](a.md)\n的页面", "见[控制台](a.md)的页面"),
        ("**粗体**\n之后，\n**粗体**", "**粗体**之后，**粗体**"),
        ("一\n二\n三", "一二三"),
    ],
)
def test_a_break_inside_a_sentence_goes(source: str, shown: str) -> None:
    assert joined_lines(source) == shown


@pytest.mark.parametrize(
    "source",
    [
        "中文\nTavernlink",
        "Tavernlink\n中文",
        "一段。\n\n另一段。",
        "# 标题\n正文",
        "冒号：\n- 一项\n- 二项",
        "冒号：\n1. 一项",
        "| 表 | 头 |\n|---|---|\n| 一 | 二 |",
        '!!! note "注意"\n    中文',
        '=== "标签"\n    中文',
        "说：\n> 引用",
        "说：\n<div>",
    ],
)
def test_everything_else_stays(source: str) -> None:
    assert joined_lines(source) == source


def test_code_stays_as_it_is() -> None:
    source = "说：\n\n```python\nprint('中')  # 注释，\n# 注释\n```\n\n然后\n结束"
    assert outside_of_code(source, joined_lines) == source.replace("然后\n结束", "然后结束")


def test_no_chinese_page_breaks_between_two_characters() -> None:
    broken = re.compile(r"^(?![#|!?=]).*[一-鿿，。：；、]\n[ \t]*[一-鿿，。：；、]", re.MULTILINE)
    lost = []
    for name, text in read_tree(CHINESE).items():
        if isinstance(text, str):
            lost += [f"{name}: {found}" for found in broken.findall(_CODE.sub("", text))]
    assert lost == []


def test_a_page_is_squeezed_but_for_its_code() -> None:
    page = "<p>\n\n  a\n   b</p>\n<pre><code>x\n\n  y\n</code></pre>\n\n<script>a\n\nb</script>\n"
    assert squeezed(page) == "<p>\na\nb</p>\n<pre><code>x\n\n  y\n</code></pre>\n<script>a\n\nb</script>\n"
