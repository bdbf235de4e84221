"""Control characters, which a terminal obeys instead of showing them: cut out of what others wrote.

A name, a message or a line of the log may hold an escape sequence that moves the cursor, clears the screen or fills
the clipboard. Whatever writes to a terminal passes texts that are not its own through here.
"""

from __future__ import annotations

from typing import Final

__all__ = ["without_controls"]

_ALL: Final = (*range(0x20), 0x7F, *range(0x80, 0xA0))
_CUT: Final = {code: None for code in _ALL if chr(code) not in "\n\t"}


def without_controls(text: str) -> str:
    """Return the text without control characters; ends of lines and tabs stay."""
    return text if text.isprintable() else text.translate(_CUT)
