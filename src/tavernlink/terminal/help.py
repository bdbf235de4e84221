"""A sheet over the screen to read: what the keys do, or all that is known of a row."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tavernlink.terminal.language import Words

__all__ = ["Help"]


class Help(ModalScreen[None]):
    """Two columns; any of a few keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,f1,question_mark", "dismiss", show=False),
        Binding("up,k", "scroll('scroll_up')", show=False),
        Binding("down,j", "scroll('scroll_down')", show=False),
    ]

    def __init__(self, words: Words, rows: list[tuple[str, str]], *, title: str | None = None) -> None:
        super().__init__()
        self._title = words("help.title") if title is None else title
        self._words = words
        self._rows = rows

    def compose(self) -> ComposeResult:
        """One box."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        for keys, about in self._rows:
            table.add_row(Text(keys), Text(about))
        with VerticalScroll(classes="sheet") as sheet:
            sheet.border_title = self._title
            sheet.border_subtitle = self._words("help.close")
            yield Static(table)

    def action_scroll(self, how: str) -> None:
        """Scroll by one line."""
        getattr(self.query_one(VerticalScroll), f"action_{how}")()
