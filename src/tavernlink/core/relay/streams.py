"""Running generations of a tavern, as far as the hub must know them: the text so far and who receives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tavernlink.core.relay.fan import Fan
from tavernlink.protocol.event import Event
from tavernlink.protocol.streams import StreamDelta, StreamStart, StreamToolCall

if TYPE_CHECKING:
    from tavernlink.core.work.requests import Request

__all__ = ["PRIVATE_KINDS", "Stream"]

PRIVATE_KINDS = frozenset({"detached", "raw", "quiet"})
"""What never shows in SillyTavern."""


class Stream:
    """One generation between `stream.start` and `stream.end`."""

    __slots__ = (
        "_calls",
        "_reasoning",
        "_text",
        "epoch",
        "fan",
        "pieces",
        "private",
        "request",
        "seq",
        "start",
    )

    def __init__(self, start: StreamStart, request: Request | None, *, asked: bool = False) -> None:
        self.start = start
        self.request = request
        self.private = start.kind in PRIVATE_KINDS and (asked or request is not None)
        """Never shows in SillyTavern: only its asker hears of it, and nobody where the hub knows of no asker."""
        self.seq = -1
        """Number of the last delta."""
        self.pieces = 0
        """How many deltas there were."""
        self.fan = Fan(())
        """Who receives its deltas."""
        self.epoch = -1
        """State of the subscriptions for which `fan` was made."""
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, StreamToolCall] = {}
        """By index, each joined from its pieces."""

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        """The thoughts so far."""
        return "".join(self._reasoning)

    def asker_start(self) -> StreamStart:
        """Return the start as its asker sees it: with the request's own id."""
        named = self.request.request_id if self.request else None
        return msgspec.structs.replace(self.start, request_id=named)

    def add(self, delta: StreamDelta) -> bool:
        """Take a delta; False if it is an old one that came again."""
        if delta.seq <= self.seq:
            return False
        self.seq = delta.seq
        self.pieces += 1
        parts = self._text if delta.channel == "text" else self._reasoning
        if delta.replace:
            parts.clear()
        parts.append(delta.text)
        return True

    def add_call(self, piece: StreamToolCall) -> bool:
        """Take a piece of a tool call; False if it is an old one that came again."""
        if piece.seq <= self.seq:
            return False
        self.seq = piece.seq
        before = self._calls.get(piece.index)
        if before is None or piece.replace:
            self._calls[piece.index] = msgspec.structs.replace(piece, replace=True)
        else:
            self._calls[piece.index] = msgspec.structs.replace(
                before, seq=piece.seq, arguments=before.arguments + piece.arguments
            )
        return True

    def catch_up(self) -> list[Event]:
        """What brings a late listener to where the stream is."""
        stream_id = self.start.stream_id
        deltas = []
        if self._reasoning:
            deltas.append(
                StreamDelta(
                    stream_id=stream_id,
                    seq=max(self.seq, 0),
                    text=self.reasoning,
                    channel="reasoning",
                    replace=True,
                )
            )
        if self._text:
            deltas.append(
                StreamDelta(stream_id=stream_id, seq=max(self.seq, 0), text=self.text, replace=True)
            )
        told = [Event("stream.delta", delta) for delta in deltas]
        return told + [Event("stream.tool_call", call) for call in self._calls.values()]
