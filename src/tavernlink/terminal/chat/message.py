"""One message of the chat, as it is drawn."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from rich.console import Group, RenderableType
from rich.text import Text
from textual.widgets import Static

from tavernlink.protocol.chat import ChatMessage
from tavernlink.terminal.chat.prose import Prose

if TYPE_CHECKING:
    from tavernlink.terminal.chat.app import ChatApp

__all__ = ["MessageView"]


class MessageView(Static):
    """Name, thoughts (folded), text, alternatives. `draw` shows a message; `selected` and `unfolded` are its state."""

    def __init__(self, message: ChatMessage) -> None:
        super().__init__(markup=False)
        self.message = message
        self.unfolded = False
        self.growing = False
        self.last = False
        self.index = 0

    @property
    def _face(self) -> ChatApp:
        return cast("ChatApp", self.app)

    def draw(self, message: ChatMessage, index: int, *, last: bool = False, growing: bool = False) -> None:
        """Show this message at this place, unless it is shown so already."""
        drawn = (self.message is message, self.index == index, self.last == last, self.growing == growing)
        self.message, self.index, self.last, self.growing = message, index, last, growing
        self.set_class(message.role == "user", "user")
        self.set_class(message.role == "system", "hidden-from-model")
        if not all(drawn) or growing:
            self.redraw()

    def on_mount(self) -> None:
        """Draw it for the first time."""
        self.redraw()

    def redraw(self) -> None:
        """Draw it anew, e.g. in other colours."""
        parts: list[RenderableType] = [self._head()]
        if self.message.reasoning:
            parts.append(self._thoughts(self.message.reasoning))
        if self.message.text.strip():
            parts.append(Prose(self.message.text))
        if self.growing:
            parts.append(Text("▍", style=self._face.colour("primary")))
        elif self.last and (self.message.swipes or 0) > 1:
            parts.append(self._alternatives(self.message.swipe or 0, self.message.swipes or 0))
        self.update(Group(*parts))

    def toggle(self) -> None:
        """Fold or unfold the thoughts."""
        self.unfolded = not self.unfolded
        self.redraw()

    def _head(self) -> Text:
        who = "secondary" if self.message.role == "user" else "primary"
        head = Text.assemble((self.message.name, f"bold {self._face.colour(who)}"))
        soft = self._face.colour("soft")
        if not self.growing:
            head.append(f"  #{self.index}", style=soft)
        if time := _clock(self.message.time):
            head.append(f"  {time}", style=soft)
        if self.message.role == "system":
            head.append(f"  {self._face.words('chat.hidden')}", style=f"italic {soft}")
        return head

    def _thoughts(self, reasoning: str) -> Text:
        soft = self._face.colour("soft")
        if self.unfolded or (self.growing and not self.message.text):
            return Text(
                f"▾ {self._face.words('chat.thoughts')}\n{reasoning.strip()}\n", style=f"italic {soft}"
            )
        return Text(f"▸ {self._face.words('chat.thoughtsFolded', count=len(reasoning))}", style=soft)

    def _alternatives(self, swipe: int, swipes: int) -> Text:
        return Text(f"‹ {swipe + 1}/{swipes} ›", style=self._face.colour("soft"))


def _clock(time: str | None) -> str:
    """Hour and minute where SillyTavern's time is of the form that new chats have."""
    try:
        moment = dt.datetime.fromisoformat(time or "")
    except ValueError:
        return ""
    return moment.astimezone().strftime("%H:%M") if moment.tzinfo else moment.strftime("%H:%M")
