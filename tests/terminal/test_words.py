"""Texts: two languages with the same names, none missing, none too many; which one a person reads."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import tavernlink.terminal
from tavernlink.errors import NotFound
from tavernlink.protocol.catalogue import CATALOGUE
from tavernlink.terminal.language import Words, find_language
from tavernlink.terminal.top.panels import PANELS
from tavernlink.terminal.words import CHINESE, ENGLISH

SOURCE = "\n".join(
    file.read_text("utf-8")
    for file in Path(tavernlink.terminal.__path__[0]).rglob("*.py")
    if file.name != "words.py"
)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    assert ENGLISH.keys() == CHINESE.keys()
    for name, text in ENGLISH.items():
        assert places(text) == places(CHINESE[name]), name


def test_every_text_that_is_asked_for_is_there_and_every_one_is_asked_for() -> None:
    asked = set(re.findall(r"""["']([a-z]+(?:\.[A-Za-z.]+)+|yes)["']""", SOURCE))
    made = {f"panel.{each.name}" for each in PANELS} | {f"nothing.{each.name}" for each in PANELS}
    made |= {f"column.{name}" for each in PANELS for name in each.columns}
    unknown = {name for name in asked if name.partition(".")[0] in {n.partition(".")[0] for n in ENGLISH}}
    unknown = {name for name in unknown - ENGLISH.keys() if not name.endswith(".tcss")}
    assert unknown <= CATALOGUE.keys()
    built = ("slash.", "state.", "help.")  # put together from the names of things
    unused = {name for name in ENGLISH if name not in asked | made and not name.startswith(built)}
    assert unused == set()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh"),
    ],
)
def test_the_language_is_the_systems(environment: dict[str, str], language: str) -> None:
    assert find_language(environment) == language


def test_an_error_keeps_its_code_and_is_chinese_where_its_code_is_known() -> None:
    assert Words("zh").error(NotFound("unknown_thing", "No such thing.")) == "No such thing. [unknown_thing]"
    assert Words("en").error(NotFound("unknown_room")) == "There is no such room. [unknown_room]"
    assert Words("zh").error(NotFound("unknown_room")) == "没有此房间。 [unknown_room]"
    named = NotFound("unknown_room", "There is no room 'den'.")
    assert Words("zh").error(named) == "没有此房间。（There is no room 'den'.） [unknown_room]"
