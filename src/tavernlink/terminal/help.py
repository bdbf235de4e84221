"""A sheet over the screen that says what the keys do."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tavernlink.terminal.language import Words

__all__ = ["Help"]


class Help(ModalScreen[None]):
    """Keys and words in two columns; any of a few keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,f1,question_mark", "dismiss", show=False),
        Binding("up,k", "scroll('scroll_up')", show=False),
        Binding("down,j", "scroll('scroll_down')", show=False),
    ]

    def __init__(self, words: Words, rows: list[tuple[str, str]]) -> None:
        super().__init__()
        self._words = words
        self._rows = rows

    def compose(self) -> ComposeResult:
        """One box."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        for keys, about in self._rows:
            table.add_row(keys, about)
        with VerticalScroll(classes="sheet") as sheet:
            sheet.border_title = self._words("help.title")
            sheet.border_subtitle = self._words("help.close")
            yield Static(table)

    def action_scroll(self, how: str) -> None:
        """Scroll by one line."""
        getattr(self.query_one(VerticalScroll), f"action_{how}")()
