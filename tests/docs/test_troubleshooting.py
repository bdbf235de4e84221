"""Trouble-shooting names every error code with a cause, in both languages, and no code that does not exist."""

from __future__ import annotations

import re

import pytest

from tavernlink.errors import CODES
from tests.docs.markdown import ROOT


@pytest.mark.parametrize("page", ["docs/troubleshooting.md", "docs/zh/troubleshooting.md"])
def test_every_error_code_is_explained_once(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) ?\|$", text, re.MULTILINE)
    codes = [code for code, _, _ in rows]
    explained = [code for code in codes if code in CODES]
    assert sorted(explained) == sorted({*explained})
    assert set(CODES) - set(explained) == set()
    assert [code for code, cause, _ in rows if not cause.strip()] == []
