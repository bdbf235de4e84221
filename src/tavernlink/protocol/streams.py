"""The tokens of one generation: start, deltas, end.

A delta is relayed the moment it arrives. `seq` counts the deltas of a stream from 1 and only ever grows; it may skip
where the hub merged deltas for a slow reader. `stream.end` carries the authoritative final text.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, LongText, Message, Name, Text
from tavernlink.protocol.outcome import ErrorInfo

__all__ = ["Channel", "EndReason", "StreamDelta", "StreamEnd", "StreamKind", "StreamStart", "Usage"]

StreamKind = Literal["reply", "regenerate", "swipe", "continue", "impersonate", "quiet", "raw", "detached"]
EndReason = Literal["stop", "length", "cancelled", "error", "tool_calls"]
Channel = Literal["text", "reasoning"]

_Seq = Annotated[int, msgspec.Meta(ge=0)]


class StreamStart(Message):
    """tavern → hub → app: a generation began."""

    stream_id: Id
    """Unique for ever; made by the tavern."""
    kind: StreamKind
    request_id: Id | None = None
    """The request that asked for it; shown to its asker only. Absent: the person in SillyTavern did."""
    character: Name | None = None
    """Who speaks."""
    tavern: Id | None = None
    """Filled in by the hub."""


class StreamDelta(Message):
    """tavern → hub → app: new text."""

    stream_id: Id
    seq: _Seq
    text: Text
    """What was added on this channel since the delta before."""
    channel: Channel = "text"
    replace: bool = False
    """True: `text` is the whole text of the channel so far, since earlier text changed."""


class Usage(Message):
    """Token counts as the model's API reported them."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    total_tokens: Count = 0


class StreamEnd(Message):
    """tavern → hub → app: the generation is over; exactly one for each start."""

    stream_id: Id
    seq: Count
    """Number of the last delta."""
    text: LongText
    """The final text; right even where the deltas' concatenation differs (SillyTavern trims after the last token)."""
    reason: EndReason
    reasoning: LongText | None = None
    error: ErrorInfo | None = None
    usage: Usage | None = None
    message_index: Count | None = None
    """Index in the open chat of the message that it became, where it became one."""
