"""A question over the screen before what cannot be had back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tavernlink.terminal.language import Words

__all__ = ["Sure"]


class Sure(ModalScreen[bool]):
    """Ends with whether it is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", show=False),
        Binding("n,escape,q", "dismiss(False)", show=False),
    ]

    def __init__(self, question: str, words: Words) -> None:
        super().__init__()
        self._question = question
        self._words = words

    def compose(self) -> ComposeResult:
        """The question, and the keys that answer it."""
        with Vertical(classes="sheet small") as sheet:
            sheet.border_subtitle = self._words("sure.keys")
            yield Static(self._question, markup=False)
