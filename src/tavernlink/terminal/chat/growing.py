"""The reply that is being written in the open chat, put together from a tavern's stream."""

from __future__ import annotations

from typing import Literal

from tavernlink.protocol.chat import ChatMessage
from tavernlink.protocol.message import Message
from tavernlink.protocol.streams import StreamDelta, StreamEnd, StreamStart
from tavernlink.sdk.track import Track

__all__ = ["Growing", "Place"]

Place = Literal["new", "add", "replace"]
"""A message of its own, more of the last one, or in the place of the last one."""

_PLACES: dict[str, Place] = {"reply": "new", "regenerate": "new", "continue": "add", "swipe": "replace"}


class Growing:
    """What of a stream is to be seen at the end of the chat; one at a time, as SillyTavern has it."""

    def __init__(self) -> None:
        self.stream_id: str | None = None
        self.place: Place = "new"
        self.speaker = ""
        self.over = False
        """Its stream has ended; it stays on screen until the chat holds it."""
        self._text, self._reasoning = Track(), Track()

    def __bool__(self) -> bool:
        return self.stream_id is not None

    @property
    def text(self) -> str:
        """Its text so far."""
        return self._text.text

    def receive(self, event: Message) -> bool:
        """Take one event of a stream of this tavern; returns whether something is to be drawn."""
        if isinstance(event, StreamStart) and event.kind in _PLACES:
            self.stream_id, self.place, self.over = event.stream_id, _PLACES[event.kind], False
            self.speaker = event.character or ""
            self._text, self._reasoning = Track(), Track()
            return True
        if isinstance(event, StreamDelta) and event.stream_id == self.stream_id:
            track = self._reasoning if event.channel == "reasoning" else self._text
            track.receive(event.text, event.seq, replace=event.replace)
            return True
        if isinstance(event, StreamEnd) and event.stream_id == self.stream_id:
            self._text.finish(event.text)
            self.over = True
            return True
        return False

    def clear(self) -> None:
        """It is in the chat now, or will never be."""
        self.stream_id = None

    def over_last(self, last: ChatMessage | None) -> ChatMessage:
        """Return it as a message; `last` is what stands at the end of the chat."""
        reasoning = self._reasoning.text or None
        if self.place == "new" or last is None:
            return ChatMessage(name=self.speaker, role="assistant", text=self.text, reasoning=reasoning)
        before = last.text if self.place == "add" else ""
        return ChatMessage(
            name=last.name, role=last.role, text=before + self.text, reasoning=reasoning, time=last.time
        )
