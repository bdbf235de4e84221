"""The list of slash words that opens over the line as soon as a slash is typed."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tavernlink.terminal.chat.slash import fitting
from tavernlink.terminal.language import Words

__all__ = ["Palette"]


class Palette(OptionList, can_focus=False):
    """Follows what is typed. The keys for it come from the composer."""

    def __init__(self, words: Words) -> None:
        super().__init__(id="palette", compact=True)
        self._words = words
        self.display = False

    def follow(self, typed: str) -> None:
        """Show the words that fit the text, or nothing."""
        asked = typed.startswith("/") and not typed.startswith("//") and not any(c.isspace() for c in typed)
        found = fitting(typed[1:]) if asked else []
        self.display = bool(found)
        self.clear_options()
        if found:
            width = max(len(each.name) for each in found) + 3
            self.add_options(
                Option(
                    Text.assemble(
                        (f"/{each.name}".ljust(width), "bold"),
                        self._words(f"slash.{each.name}"),
                        (f"  {each.keys}", "dim"),
                    ),
                    id=each.name,
                )
                for each in found
            )
            self.highlighted = 0

    @property
    def marked(self) -> str | None:
        """The word that Enter or Tab takes."""
        if not self.display or self.highlighted is None:
            return None
        return self.get_option_at_index(self.highlighted).id
