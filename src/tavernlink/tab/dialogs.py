"""The dialogs of one tab: those that rules answer, and those that wait for a person.

A modal dialog that nobody answers blocks everything behind it. The page tells of each one (`scripts.WATCH_DIALOGS`) and
presses what it is told; what is open is looked up again with each heartbeat, as a dialog may vanish without a word.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from tavernlink.tab.rules import DialogRule, answer_to

__all__ = ["Dialogs", "OpenDialog"]

_REPEATS = 5
_REPEAT_SECONDS = 60.0
_KEPT = 100
_LONGEST = 300  # characters
_LONGEST_ID = 40
_ANSWERS = 20


class OpenDialog(msgspec.Struct, frozen=True, kw_only=True):
    """A dialog that waits for an answer."""

    id: str
    kind: Literal["popup"] = "popup"
    """Dialogs of the browser itself (`alert`, `confirm`) are answered at once, as they stop the page."""
    text: str
    answers: list[str]
    """What stands on its buttons."""
    asks_text: bool = False
    """It has a field for text."""
    opened: float = 0.0
    """Seconds since 1970."""


class Dialogs:
    """What was opened, what was answered, what is open."""

    def __init__(self, rules: Sequence[DialogRule], report: Callable[[str], None]) -> None:
        self.seen: deque[str] = deque(maxlen=_KEPT)
        """Texts of the dialogs that opened, oldest first."""
        self.answered = 0
        """How many of them rules answered."""
        self._rules = rules
        self._report = report
        self._open: dict[str, OpenDialog] = {}
        self._given: deque[tuple[float, str]] = deque(maxlen=_KEPT)

    @property
    def open(self) -> list[OpenDialog]:
        """Those that wait for a person, oldest first."""
        return list(self._open.values())

    def receive_opened(self, facts: Mapping[str, Any]) -> str | None:
        """Take in a dialog of the page; returns the answer that it is to press, or None."""
        dialog = _dialog(facts, time.time())
        if dialog.id in self._open or len(self._open) >= _KEPT:
            return None
        self.seen.append(dialog.text)
        answer = self._answer(dialog.text)
        if answer is None:
            self._open[dialog.id] = dialog
            self._report(f"SillyTavern opened a dialog that waits for a person: {dialog.text}")
        else:
            self._report(f"SillyTavern opened a dialog, answered with {answer!r}: {dialog.text}")
        return answer

    def receive_unanswered(self, facts: Mapping[str, Any]) -> None:
        """The answer that a rule gave is none that the dialog has."""
        dialog = _dialog(facts, time.time())
        self.answered = max(0, self.answered - 1)
        self._open[dialog.id] = dialog
        self._report(
            f"None of the dialog's buttons fits its rule's answer; it waits for a person: {dialog.text}"
        )

    def receive_native(self, kind: str, text: str) -> bool:
        """A dialog of the browser itself, which stops the page's scripts; True: accept it."""
        if kind == "beforeunload":  # leaving the page is never refused
            return True
        self.seen.append(text)
        answer = self._answer(text)
        accepted = kind == "alert" or answer == "ok"
        self._report(f"SillyTavern opened a dialog, {'accepted' if accepted else 'refused'}: {text}")
        return accepted

    def receive_open(self, found: Iterable[Mapping[str, Any]]) -> None:
        """Go by what the page says is open now; one that a rule is about to answer is left out."""
        now = time.time()
        before = self._open
        self._open = {}
        for facts in found:
            dialog = before.get(str(facts["id"])) or _dialog(facts, now)
            if dialog.id in before or not facts.get("pressed"):
                self._open[dialog.id] = dialog

    def forget(self) -> None:
        """Another document is there; what was open is not."""
        self._open = {}

    def _answer(self, text: str) -> str | None:
        answer = answer_to(self._rules, text)
        if answer is None:
            return None
        now = time.monotonic()
        self._given.append((now, text))
        often = sum(1 for at, given in self._given if given == text and now - at < _REPEAT_SECONDS)
        if often > _REPEATS:  # it comes again and again: the rule's answer does not help
            return None
        self.answered += 1
        return answer


def _dialog(facts: Mapping[str, Any], now: float) -> OpenDialog:
    """Any script in the page may tell of a dialog, so nothing is taken longer than the page's own watch tells it."""
    return OpenDialog(
        id=str(facts["id"])[:_LONGEST_ID],
        text=str(facts["text"])[:_LONGEST],
        answers=[str(answer)[:_LONGEST] for answer in list(facts["answers"])[:_ANSWERS]],
        asks_text=bool(facts.get("asksText")),
        opened=now,
    )
