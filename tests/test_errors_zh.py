"""Error codes in Chinese: every one of them, and with the names that a person must type left as they are."""

from __future__ import annotations

import re

import pytest

from tavernlink.errors import CODES, NotFound, TavernlinkError
from tavernlink.errors_zh import CHINESE, in_chinese


def test_every_code_has_its_chinese_in_the_same_order() -> None:
    assert list(CHINESE) == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_meaning_is_chinese_and_names_what_the_english_one_names(code: str) -> None:
    english, chinese = CODES[code].codes[code], CHINESE[code]
    assert re.search(r"[\u4e00-\u9fff].*[。？]$", chinese)
    assert re.findall(r"`[^`]+`", chinese) == re.findall(r"`[^`]+`", english)


def test_what_the_hub_says_beyond_the_code_is_kept() -> None:
    assert in_chinese(NotFound("unknown_room")) == "没有此房间。"
    assert in_chinese(NotFound("unknown_room", "No 'den' here.")) == "没有此房间。（No 'den' here.）"


def test_a_code_of_a_newer_hub_is_told_as_it_came() -> None:
    assert in_chinese(TavernlinkError("of_tomorrow", "Something new.")) == "Something new."
    assert in_chinese(TavernlinkError("of_tomorrow")) == "of_tomorrow"
