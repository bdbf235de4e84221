"""A sheet over the screen to pick one of many: typing searches, arrows move, Enter takes."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tavernlink.terminal.language import Words

__all__ = ["Choice", "Picker"]


class Choice(NamedTuple):
    """One of them."""

    id: str
    name: str
    about: str = ""
    current: bool = False


class Picker(ModalScreen[str | None]):
    """Ends with the id of what was picked; None: nothing."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("up", "move('cursor_up')", show=False, priority=True),
        Binding("down", "move('cursor_down')", show=False, priority=True),
        Binding("pageup", "move('page_up')", show=False, priority=True),
        Binding("pagedown", "move('page_down')", show=False, priority=True),
    ]

    def __init__(self, title: str, choices: list[Choice], words: Words, *, typed: str = "") -> None:
        super().__init__()
        self._typed = typed
        self._title = title
        self._choices = choices
        self._words = words

    def compose(self) -> ComposeResult:
        """A line to type in, and the list."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = self._title
            sheet.border_subtitle = self._words("picker.keys")
            yield Input(self._typed, placeholder=self._words("picker.search"), compact=True)
            yield OptionList(compact=True)

    def on_mount(self) -> None:
        """Show all of them, the current one marked."""
        self.query_one(OptionList).can_focus = False
        self._show(self._typed)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show those in which every word that was typed stands."""
        self._show(event.value)

    def on_input_submitted(self) -> None:
        """Take the marked one."""
        listing = self.query_one(OptionList)
        if listing.highlighted is not None:
            self.dismiss(listing.get_option_at_index(listing.highlighted).id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the one that was clicked."""
        self.dismiss(event.option.id)

    def action_move(self, how: str) -> None:
        """Move the mark."""
        getattr(self.query_one(OptionList), f"action_{how}")()

    def _show(self, typed: str) -> None:
        listing = self.query_one(OptionList)
        found = [each for each in self._choices if _fits(each, typed)]
        listing.clear_options()
        listing.add_options([Option(_row(each), id=each.id) for each in found])
        if found:
            listing.highlighted = next((at for at, each in enumerate(found) if each.current), 0)
        else:
            listing.add_option(Option(Text(self._words("picker.none"), style="italic"), disabled=True))


def _fits(choice: Choice, typed: str) -> bool:
    text = f"{choice.name} {choice.about} {choice.id}".casefold()
    return all(word in text for word in typed.casefold().split())


def _row(choice: Choice) -> Text:
    row = Text("● " if choice.current else "  ", no_wrap=True, overflow="ellipsis")
    row.append(choice.name, style="bold")
    if choice.about:
        row.append(f"  {choice.about}", style="dim")
    return row
