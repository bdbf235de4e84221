"""What a streaming client has been given, against what SillyTavern says the text is.

OpenAI's streams can only add. SillyTavern may take text back (clean-up, regex scripts, a trimmed end), and then says
the whole text again with `replace`. The policy:

- what extends the text already sent is sent;
- a text that is a beginning of what was sent waits until it grows past it again: nothing is sent twice;
- a text that differs inside is not sent again; what is added to it afterwards is.

At the end, where what was sent is not the final text (but for blanks at the end), the last chunk carries the final text
in the extra field `tavernlink.text`.
"""

from __future__ import annotations

__all__ = ["Transcript"]


class Transcript:
    """One channel of one answer."""

    __slots__ = ("_ahead", "_sent", "_text")

    def __init__(self) -> None:
        self._sent: list[str] = []
        self._text: str | None = None
        """SillyTavern's text, while it is a beginning of what was sent; None: they agree, or never will."""
        self._ahead = ""
        """What was sent, joined, while `_text` is set."""

    @property
    def sent(self) -> str:
        """Everything that was sent."""
        return "".join(self._sent)

    def __bool__(self) -> bool:
        return bool(self._sent)

    def add(self, text: str) -> str:
        """Take added text; return what to send of it."""
        if self._text is None:
            self._sent.append(text)
            return text
        return self._catch_up(self._text + text, text)

    def replace(self, text: str) -> str:
        """Take the whole text so far; return what to send of it."""
        self._ahead = self.sent
        return self._catch_up(text, "")

    def finish(self, text: str) -> str:
        """Take the final text; return what is still to be sent."""
        sent = self.sent
        if not text.startswith(sent):
            return ""
        self._text = None
        rest = text[len(sent) :]
        self._sent.append(rest)
        return rest

    def differs(self, text: str) -> bool:
        """True if a client that joined what it was sent would not have this text."""
        return self.sent.rstrip() != text.rstrip()

    def _catch_up(self, whole: str, added: str) -> str:
        if whole.startswith(self._ahead):
            rest, self._text = whole[len(self._ahead) :], None
        elif self._ahead.startswith(whole):
            rest, self._text = "", whole
        else:
            rest, self._text = added, None
        if rest:
            self._sent.append(rest)
        return rest
