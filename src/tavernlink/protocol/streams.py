"""The tokens of one generation: start, deltas, end.

A delta is relayed the moment it arrives. `seq` counts the deltas of a stream from 1 and only ever grows; it may skip
where the hub merged deltas for a slow reader. `stream.end` carries the authoritative final text.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, LongText, Message, Name, Text
from tavernlink.protocol.outcome import ErrorInfo

__all__ = [
    "CalledFunction",
    "Channel",
    "EndReason",
    "StreamDelta",
    "StreamEnd",
    "StreamKind",
    "StreamStart",
    "StreamToolCall",
    "ToolCall",
    "Usage",
]

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


class StreamToolCall(Message):
    """tavern → hub → app: the model asks for a tool. The first piece of a call has `id` and `name`; pieces join by
    `index`. Only generations that were given tools (`detached`, `raw`) have them; `stream.end` has the whole calls.
    """

    stream_id: Id
    seq: _Seq
    """Counts on with the deltas' own."""
    index: Annotated[int, msgspec.Meta(ge=0, le=1_000)]
    """Which of the reply's calls, from 0."""
    arguments: Text
    """What was added to the call's arguments, a text of JSON."""
    id: Id | None = None
    name: Name | None = None
    replace: bool = False
    """True: `arguments` is all of it so far, for who listens again."""


class CalledFunction(Message):
    """The function of a tool call."""

    name: Name
    arguments: LongText
    """A text of JSON as the model wrote it: it may be wrong."""


class ToolCall(Message):
    """One call that the model asks for, in OpenAI's shape."""

    id: Id
    type: Literal["function"]
    function: CalledFunction
    extra_content: dict[str, Any] | None = None
    """What the model's interface wants back with the call, such as Gemini's signature of its thoughts."""


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
    tool_calls: list[ToolCall] | None = None
    """With `reason` `tool_calls`: what the model asks for."""
    message_index: Count | None = None
    """Index in the open chat of the message that it became, where it became one."""
