"""Which dialogs of SillyTavern are answered, and how. What no rule fits waits for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["HARMLESS", "DialogRule", "answer_to"]


@dataclass(frozen=True, slots=True)
class DialogRule:
    """A pattern, looked for anywhere in the dialog's text, and the answer to give."""

    pattern: re.Pattern[str]
    answer: str
    """`ok`, `cancel`, `close`, or what stands on one of its buttons."""


def _rule(pattern: str, answer: str) -> DialogRule:
    return DialogRule(re.compile(pattern, re.IGNORECASE), answer)


# Only what changes nothing, or what SillyTavern would do anyway; in English and in SillyTavern's Chinese.
HARMLESS: Final[tuple[DialogRule, ...]] = (
    # Questions about what a card brings with it: no, as it was before the card was opened.
    _rule(r"has an embedded World/Lorebook", "cancel"),
    _rule(r"has embedded regex script\(s\)|此角色含有内置正则|此预设包含内置正则", "cancel"),
    # It only tells something.
    _rule(r"Character data length limit reached", "ok"),
    _rule(r"Encountered an error while processing your request", "ok"),
    # "The page will be refreshed": there is nothing else to choose, and nothing is lost by it.
    _rule(r"The active character is no longer available", "ok"),
)
"""Answered where nothing else is said."""


def answer_to(rules: Sequence[DialogRule], text: str) -> str | None:
    """Return the answer of the first rule that fits; None: a person must say."""
    return next((rule.answer for rule in rules if rule.pattern.search(text)), None)
