"""Messages about requests: asking for a generation, following it, cancelling it.

Asked twice under one `request_id` by the same key, it is done once, and both askers see the same request.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, LongText, Message, Name
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.protocol.streams import EndReason, ToolCall, Usage

__all__ = [
    "Accepted",
    "Generate",
    "GenerateMode",
    "GenerationResult",
    "GenerationStop",
    "Priority",
    "PromptMessage",
    "RequestCancel",
    "RequestChanged",
    "RequestGet",
    "RequestInfo",
    "RequestList",
    "RequestState",
    "RequestUpdate",
]

GenerateMode = Literal["reply", "regenerate", "swipe", "continue", "impersonate", "quiet", "raw", "detached"]
RequestState = Literal["queued", "running", "done", "failed", "cancelled"]
Priority = Annotated[int, msgspec.Meta(ge=-100, le=100)]
"""Higher goes first; other than 0 it is for admins, and in a room for its owner and managers."""


class PromptMessage(Message):
    """One message of a prompt or history, in OpenAI's shape."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    """Text, or content parts (`text`, `image_url` with a data URL)."""
    name: Name | None = None
    tool_calls: list[ToolCall] | None = None
    """With role `assistant`: the tools that it asked for. Messages with role `tool` that answer them follow."""
    tool_call_id: Id | None = None
    """With role `tool`: the call that it answers."""


class Generate(Message):
    """app → hub, ack: Accepted.

    `reply`, `regenerate`, `swipe`, `continue` and `impersonate` work on the open chat and wait for their turn.
    `quiet` (prompt with the open chat as context), `raw` (just what is given) and `detached` (`messages` replace the
    history; card, persona, world info and preset are SillyTavern's) leave the open chat alone; `raw` and `detached`
    run side by side.
    """

    mode: GenerateMode = "reply"
    tavern: Id | None = None
    """Id or name. `*` or `any`: whichever the pool chooses; so it is too where only `character` is given. Neither: the
    default tavern."""
    room: Id | None = None
    """With `reply`, `regenerate`, `swipe` and `continue`: in the taverns of this room, with its private context."""
    prompt: LongText | None = None
    """With `quiet` and `raw`: what to ask."""
    messages: list[PromptMessage] | None = None
    """With `detached`: the history. With `raw`: the whole prompt."""
    character: Name | None = None
    """With `detached`: id or name of the character or group; default the open one."""
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    """Overrides for this request: temperature, max_tokens, stop, seed, response_format, tools, tool_choice, …"""
    json_schema: dict[str, Any] | None = None
    """With `quiet`, `raw` and `detached`: the answer must be JSON of this schema; it comes in the result's `data`. Such
    an answer is not streamed. What does not fit is the error `invalid_output`."""
    priority: Priority = 0
    request_id: Id | None = None
    timeout: float | None = None
    """Seconds that the work may take once it runs."""


class Accepted(Message):
    """Ack of everything that becomes a request. The rest arrives as `request.update` and `stream.*`."""

    request_id: Id
    position: Count
    """Requests before it in the queue; 0: it runs."""
    state: RequestState = msgspec.field(default_factory=lambda: "queued")
    """Always sent (a default made by a factory is not left out)."""
    held: bool = False
    """Of a message to a room: it waits for the turn, and its reply comes to the room with that of others."""
    also: list[Id] = msgspec.field(default_factory=list)
    """Where the hub's policy is to broadcast: ids of the same request in the other taverns."""


class RequestUpdate(Message):
    """hub → app: a request's state; one final state (`done`, `failed`, `cancelled`), exactly once."""

    request_id: Id
    state: RequestState
    tavern: Id | None = None
    position: Count | None = None
    result: Any = None
    """With `done`: of a generation, GenerationResult."""
    error: ErrorInfo | None = None
    dropped: bool = False
    """With `done`, long after: the result was too large to be kept."""


class GenerationResult(Message):
    """`result` of a request that generated text."""

    text: LongText
    reason: EndReason = "stop"
    reasoning: LongText | None = None
    character: Name | None = None
    usage: Usage | None = None
    tool_calls: list[ToolCall] | None = None
    """With `reason` `tool_calls`: what the model asks for; nothing was called."""
    message_index: Count | None = None
    chat_id: Id | None = None
    data: Any = None
    """With `json_schema`: the answer, read."""


class RequestGet(Message):
    """app → hub, ack: RequestUpdate."""

    request_id: Id
    watch: bool = False
    """True: from now on this connection gets the request's updates and stream too, from its beginning."""


class RequestCancel(Message):
    """peer → hub, ack: RequestUpdate. Its owner or an admin may, and the tavern that it is for."""

    request_id: Id
    """From a tavern: as its `command` and `queue.changed` name it."""


class RequestList(Message):
    """app → hub, ack: [RequestInfo], newest first: requests of this key, or of every key for an admin."""

    tavern: Id | None = None
    open: bool = True
    """True: only those without a final state."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100


class RequestInfo(Message, omit_defaults=False):
    """One request without its result."""

    request_id: Id
    state: RequestState
    type: Name
    """What the tavern is to do, e.g. `send`, `generate`, `session.turn`."""
    tavern: Id | None = None
    position: Count | None = None
    """While it waits: requests before it."""
    key: Name | None = None
    """Id of the key that asked for it."""
    asker: Name | None = None
    """What the app that asked calls itself."""
    session: Name | None = None
    character: Name | None = None
    priority: int = 0
    asked: float = 0.0
    """Seconds since 1970."""
    started: float | None = None
    """When its command went to a tavern."""
    finished: float | None = None
    """When it got its final state."""
    tokens: Count | None = None
    """Once it is over: generated tokens as the model's API counted them, else the pieces of text that came."""
    error: ErrorInfo | None = None


class RequestChanged(Message):
    """hub → app: a request began to wait or to run, has another position, or is over. Subscribed apps hear of their
    key's own, admins of everybody's; `request.list` has those that are there already.
    """

    request: RequestInfo


class GenerationStop(Message):
    """app → hub, ack: `{stopped: bool}`. Presses Stop in SillyTavern, whoever started the generation."""

    tavern: Id | None = None
