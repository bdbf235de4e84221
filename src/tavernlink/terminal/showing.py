"""The last step before the terminal: whatever a widget draws of what others wrote, it is shown and never obeyed."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tavernlink.controls import without_controls

__all__ = ["OnlyShown"]


class OnlyShown(LineFilter):
    """Cuts control characters out of every line of the screen; they take no room, so nothing moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the same list where there are none."""
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment if segment.control else Segment(without_controls(segment.text), segment.style)
            for segment in segments
        ]
