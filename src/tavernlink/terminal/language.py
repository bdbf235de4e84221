"""Which language a person reads, and every text of the terminal's face in it."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from typing import Literal, get_args

from tavernlink.errors import TavernlinkError
from tavernlink.errors_zh import in_chinese
from tavernlink.terminal.words import CHINESE, ENGLISH

__all__ = ["LANGUAGES", "Language", "Words", "find_language"]

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_TEXTS: Mapping[Language, Mapping[str, str]] = {"en": ENGLISH, "zh": CHINESE}


class Words:
    """Texts of one language: `words("chat.queue", count=2)`."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts = _TEXTS[language]

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text with its places filled in."""
        text = self._texts[name]
        return text.format(**values) if values else text

    def error(self, error: TavernlinkError) -> str:
        """Return what a person reads of an error: the hub's sentence; in Chinese first what its code means."""
        told = in_chinese(error) if self.language == "zh" else error.message
        return f"{told} [{error.code}]"


def find_language(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the language that the system says its person reads; English where it says nothing known."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    system = locale.getlocale()[0] or ""  # Windows has none of these variables
    return "zh" if system.lower().startswith(("zh", "chinese")) else "en"
