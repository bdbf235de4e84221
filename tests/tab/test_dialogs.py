"""Dialogs as a page tells of them."""

from __future__ import annotations

import pytest

from tavernlink.tab.dialogs import Dialogs
from tavernlink.tab.rules import HARMLESS


def told(id_: str, text: str = "Really?") -> dict[str, object]:
    return {"id": id_, "text": text, "answers": ["Yes", "No"], "asksText": False}


def test_what_no_rule_answers_waits_and_what_one_answers_does_not() -> None:
    lines: list[str] = []
    dialogs = Dialogs(HARMLESS, lines.append)
    assert dialogs.receive_opened(told("1")) is None
    assert dialogs.receive_opened(told("2", "Character data length limit reached")) == "ok"
    assert [each.id for each in dialogs.open] == ["1"]
    assert (dialogs.answered, len(lines)) == (1, 2)


def test_a_page_that_tells_of_endless_dialogs_fills_nothing() -> None:
    dialogs = Dialogs(HARMLESS, lambda _: None)
    for number in range(1_000):
        facts = {"id": f"{number}" + "x" * 10_000, "text": "y" * 10_000, "answers": ["z" * 10_000] * 1_000}
        dialogs.receive_opened(facts)
    assert len(dialogs.open) == 100
    (first, *_) = dialogs.open
    assert (len(first.id), len(first.text), len(first.answers), len(first.answers[0])) == (40, 300, 20, 300)


@pytest.mark.parametrize(
    ("kind", "text", "accepted"),
    [
        ("beforeunload", "", True),
        ("alert", "Hello", True),
        ("confirm", "Delete everything?", False),
        ("confirm", "Character data length limit reached", True),
    ],
)
def test_dialogs_of_the_browser_itself_are_answered_at_once(kind: str, text: str, *, accepted: bool) -> None:
    assert Dialogs(HARMLESS, lambda _: None).receive_native(kind, text) is accepted
