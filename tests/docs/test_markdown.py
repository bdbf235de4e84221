"""What the documentation says exists; both READMEs show the same programs. They are run in tests/e2e."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.docs.markdown import READMES, ROOT, anchors, examples, links, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


def test_both_readmes_show_the_same_programs() -> None:
    english, chinese = (examples(readme) for readme in READMES)
    assert set(english) == {"sdk", "curl", "openai"}
    assert english == chinese


@pytest.mark.parametrize("name", ["sdk", "openai"])
def test_a_python_example_is_python(name: str) -> None:
    ast.parse(examples(READMES[0])[name])


@pytest.mark.parametrize("name", ["sdk", "curl", "openai"])
def test_an_example_has_the_address_and_the_key_to_replace(name: str) -> None:
    code = examples(READMES[0])[name]
    assert "http://127.0.0.1:8001" in code
    assert "YOUR_KEY" in code


def test_both_readmes_are_built_alike() -> None:
    def shape(readme: Path) -> list[str]:
        kinds = {"#": "heading", "|": "row", "```": "fence", "![": "picture", "<det": "details"}
        lines = readme.read_text(encoding="utf-8").splitlines()
        return [kind for line in lines for start, kind in kinds.items() if line.strip().startswith(start)]

    assert shape(READMES[0]) == shape(READMES[1])


def test_every_picture_is_shown_somewhere_says_what_it_shows_and_all_are_light() -> None:
    text = "".join(page.read_text("utf-8") for page in pages())
    shown = {
        Path(target).name for said, target in re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", text) if len(said) > 1
    }
    pictures = [path for path in (ROOT / "docs" / "images").rglob("*") if path.is_file()]
    assert {path.name for path in pictures} - shown == {"icon.svg"}  # which the theme shows
    assert sum(path.stat().st_size for path in pictures) < 1_500_000
