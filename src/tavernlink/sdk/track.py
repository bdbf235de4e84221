"""The text of one channel of a stream as its reader has seen it: what to show next, and never anything twice.

The hub may say a thing again (a resumed or re-attached request) or take it back (`replace`, where SillyTavern changed
earlier text). The policy: what only adds to the text seen so far is shown as an addition; a text that is merely
shorter shows nothing, since it often grows back; one that goes another way is shown whole, marked `replace`.
"""

from __future__ import annotations

__all__ = ["Track"]


class Track:
    """One channel. `receive` and `finish` return what its reader has to be shown: `(text, replaces)` or None."""

    __slots__ = ("_seen", "_seq", "_true")

    def __init__(self) -> None:
        self._seen: list[str] = []
        """What the reader was shown since the last replacement, in pieces."""
        self._true: str | None = None
        """The channel's text where it is not what was shown; None: it is."""
        self._seq = 0

    @property
    def text(self) -> str:
        """The channel's text as the hub last told it."""
        return "".join(self._seen) if self._true is None else self._true

    def receive(self, text: str, seq: int, *, replace: bool) -> tuple[str, bool] | None:
        """Take a delta; one that was received before is ignored."""
        if seq < self._seq or (seq == self._seq and not replace):
            return None
        self._seq = seq
        if replace:
            return self._receive_whole(text)
        if self._true is not None:
            return self._receive_whole(self._true + text)
        self._seen.append(text)
        return (text, False) if text else None

    def finish(self, text: str) -> tuple[str, bool] | None:
        """Take the authoritative text at the end; one that was merely trimmed shows nothing."""
        if text.strip() == "".join(self._seen).strip():
            self._true = text
            return None
        return self._receive_whole(text)

    def _receive_whole(self, text: str) -> tuple[str, bool] | None:
        seen = "".join(self._seen)
        if seen.startswith(text) and seen != text:
            self._seen, self._true = [seen], text
            return None
        self._seen, self._true = [text], None
        if not text.startswith(seen):
            return text, True
        return (text[len(seen) :], False) if len(text) > len(seen) else None
