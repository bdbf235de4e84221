"""Cumulative texts to deltas: the ChatBridge dialect sends the whole text again with every token.

Sans I/O: it is given texts and returns messages of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable

from tavernlink.protocol.streams import StreamDelta, StreamEnd, StreamStart

__all__ = ["CumulativeStream"]


class CumulativeStream:
    """The generations of one extension, of which one at a time is open."""

    __slots__ = ("_ended", "_new_id", "_seq", "_stream_id", "_text")

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._stream_id: str | None = None
        self._seq = 0
        self._text = ""
        self._ended: str | None = None
        """Final text of the last generation: updates that come late repeat it."""

    @property
    def open(self) -> bool:
        """True between the first text of a generation and its end."""
        return self._stream_id is not None

    def update(
        self, text: str, *, character: str | None, request_id: str | None
    ) -> list[StreamStart | StreamDelta]:
        """Take the text so far."""
        messages: list[StreamStart | StreamDelta] = []
        if self._stream_id is None:
            if not text or (self._ended is not None and self._ended.startswith(text.strip())):
                return []
            self._stream_id = self._new_id()
            self._seq, self._text, self._ended = 0, "", None
            messages.append(
                StreamStart(
                    stream_id=self._stream_id, kind="reply", character=character, request_id=request_id
                )
            )
        if text == self._text:
            return messages
        grown = text.startswith(self._text)
        self._seq += 1
        messages.append(
            StreamDelta(
                stream_id=self._stream_id,
                seq=self._seq,
                text=text[len(self._text) :] if grown else text,
                replace=not grown,
            )
        )
        self._text = text
        return messages

    def end(self, text: str, message_index: int) -> StreamEnd | None:
        """The finished message stands in the chat; None if nothing was open."""
        self._ended = text
        stream_id, self._stream_id = self._stream_id, None
        if stream_id is None:
            return None
        return StreamEnd(
            stream_id=stream_id, seq=self._seq, text=text, reason="stop", message_index=message_index
        )

    def forget_last(self) -> None:
        """Something else happened since the last generation: the same text would be a new one."""
        self._ended = None
