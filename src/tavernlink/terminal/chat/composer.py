"""Where the person types: Enter sends, Ctrl+J begins a new line."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from tavernlink.terminal.chat.palette import Palette

__all__ = ["Composer"]

_NEW_LINE = frozenset({"ctrl+j", "shift+enter", "alt+enter", "ctrl+enter", "newline"})
"""Shift+Enter is told apart from Enter by some terminals only; Ctrl+J by all."""


class Composer(TextArea):
    """A text of some lines, with the palette over it."""

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Escape was pressed."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(id="composer", soft_wrap=True, show_line_numbers=False, compact=True)
        self.tab_behavior = "focus"
        self.palette = palette

    async def _on_key(self, event: events.Key) -> None:
        if self.palette.display and self._goes_to_palette(event.key):
            event.stop()
            event.prevent_default()
        elif event.key == "enter" and not self.read_only:
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted(self.text))
        elif event.key in _NEW_LINE and not self.read_only:
            event.stop()
            event.prevent_default()
            self.insert("\n")
        elif event.key == "escape":
            event.stop()
            event.prevent_default()
            self.post_message(self.Left())
        else:
            await super()._on_key(event)

    def on_text_area_changed(self) -> None:
        """Let the palette follow."""
        self.palette.follow(self.text)

    def replace_text(self, text: str) -> None:
        """Put another text there, with the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)

    def _goes_to_palette(self, key: str) -> bool:
        if key in ("up", "down"):
            getattr(self.palette, f"action_cursor_{key}")()
        elif key == "tab":
            self.replace_text(f"/{self.palette.marked} ")
        elif key == "enter":
            self.post_message(self.Submitted(f"/{self.palette.marked}"))
        elif key == "escape":
            self.palette.display = False
        else:
            return False
        return True
