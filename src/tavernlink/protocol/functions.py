"""Messages about functions: offering them, calling them, serving the calls.

    caller                      hub                       provider
      │ function.call ──────────► │ args checked             │
      │ ◄── ack: CallAccepted     │ function.invoke ───────► │
      │                           │ ◄────── function.progress│
      │ ◄── function.progress     │                          │
      │                           │ ◄────── function.done    │
      │ ◄── function.result       │                          │

An address is `PROVIDER/NAME`: `hub/roll`, `Dice bot/roll`, `tavern:t-1/swipe.next`. The provider is `hub`, or an id or
name of an app, tavern or MCP server, where needed with its kind before it (`app:…`, `tavern:…`, `mcp:…`). The name
alone will do where it says enough.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name
from tavernlink.protocol.outcome import ErrorInfo

__all__ = [
    "CallAccepted",
    "CallState",
    "Caller",
    "CallerKind",
    "FunctionCall",
    "FunctionCancel",
    "FunctionDone",
    "FunctionInfo",
    "FunctionInvoke",
    "FunctionList",
    "FunctionName",
    "FunctionProgress",
    "FunctionRegister",
    "FunctionResult",
    "FunctionSpec",
    "FunctionUnregister",
    "FunctionsChanged",
    "ProviderInfo",
    "ProviderKind",
]

ProviderKind = Literal["hub", "app", "tavern", "mcp"]
CallerKind = Literal["app", "tavern", "rule", "hub"]
CallState = Literal["queued", "running", "done"]

FunctionName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=128)]
"""Letters, digits, `_`, `.` and `-`: what models and MCP take, too."""
_Address = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class FunctionSpec(Message):
    """A function as its provider describes it."""

    name: FunctionName
    description: Annotated[str, msgspec.Meta(max_length=10_000)] = ""
    """What it does and when to use it; people and models read it."""
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    """JSON Schema of the arguments, an object; the hub checks every call against it. Empty: any object."""
    returns: dict[str, Any] | None = None
    """JSON Schema of the result; the hub checks it where it is given."""
    title: Name | None = None
    """A name for people."""
    tool: bool = False
    """Offer it to models as a tool."""
    stealth: bool = False
    """With `tool`: the model's turn ends with the call; neither call nor result is shown, and no reply follows."""
    scopes: list[Name] = msgspec.field(default_factory=list)
    """Scopes that a caller's key needs, all of them, besides `functions:call`."""
    timeout: _Seconds | None = None
    """Longest time of one call, in seconds, waiting included; default the hub's."""
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=1_000)] | None = None
    """Calls that run at once; more wait in order. Default: the hub's; in a tavern one at a time, in order with its
    other functions that do not say it."""
    queue: Count | None = None
    """Calls that may wait, default the hub's; 0: what cannot run at once is refused with `busy`."""


class ProviderInfo(Message, omit_defaults=False):
    """Who carries a function out."""

    kind: ProviderKind
    id: Id
    """With `hub` always `hub`."""
    name: Name = ""
    online: bool = True
    """False while its line is down; calls wait for it until its session ends."""


class FunctionInfo(FunctionSpec, kw_only=True, omit_defaults=False):
    """A function that can be called."""

    address: _Address
    """Names it and its provider, whatever else is registered."""
    provider: ProviderInfo


class FunctionRegister(Message):
    """peer → hub, ack: the addresses in the same order. A function of the same name of this peer is replaced.

    They are there until they are taken back or the peer's session ends.
    """

    functions: Annotated[list[FunctionSpec], msgspec.Meta(min_length=1, max_length=256)]


class FunctionUnregister(Message):
    """peer → hub, ack: `{removed: count}`. Its running calls fail with `provider_gone`."""

    names: list[FunctionName] = msgspec.field(default_factory=list)
    """None: all of this peer's."""


class FunctionList(Message):
    """peer → hub, ack: [FunctionInfo], those that the key may call, by address."""

    tool: bool | None = None
    """Only those that are (not) offered to models."""
    provider: Id | None = None
    """Only those of this provider; of a tavern also its commands."""
    commands: bool = False
    """With every tavern's commands."""


class FunctionsChanged(Message):
    """hub → peer: what changed among the functions that the peer may call.

    Sent to every tavern, and to apps that subscribed to `functions.changed`. A list once, then this, is always right.
    """

    functions: list[FunctionInfo] = msgspec.field(default_factory=list)
    """New ones, and changed ones as they now are."""
    removed: list[_Address] = msgspec.field(default_factory=list)


class FunctionCall(Message):
    """peer → hub, ack: CallAccepted.

    The result follows as `function.result`, exactly once; with `wait` it is the ack instead.
    """

    name: _Address
    """A name or an address."""
    args: dict[str, Any] = msgspec.field(default_factory=dict)
    provider: Id | None = None
    """Instead of an address: the function of this provider."""
    call_id: Id | None = None
    """Called twice under one key, it is carried out once, and both callers get its result."""
    timeout: _Seconds | None = None
    """Seconds until the caller has its result or the error `timeout`; at most what the function allows."""
    wait: bool = False
    parent: Id | None = None
    """From within a call that the peer carries out: that call's id. Calls within calls have a limit to their depth."""
    again: bool = False
    """Only the call that was made before under this id; `unknown_call` where there is none, rather than a new one."""


class CallAccepted(Message):
    """Ack of a call."""

    call_id: Id
    state: CallState
    function: _Address
    """The address that the name was found to be."""
    result: Any = None
    """With `wait`. A failed call is a failed outcome."""


class FunctionResult(Message):
    """hub → peer: the result of a call, exactly once."""

    call_id: Id
    ok: bool
    result: Any = None
    """Any JSON value. Bytes in it are `{"type": "file", "mime", "data": base64}`."""
    error: ErrorInfo | None = None


class FunctionProgress(Message):
    """provider → hub → caller: how far a call is. To the hub under the id of `function.invoke`."""

    call_id: Id
    progress: float
    total: float | None = None
    message: Annotated[str, msgspec.Meta(max_length=10_000)] | None = None


class FunctionCancel(Message):
    """caller → hub, ack: `{state}`; hub → provider: nobody waits for this call any more.

    The caller has its result (`cancelled`, `timeout`) at once. A provider stops working on it and still says
    `function.done`; until then, or until a short grace is over, the call counts as running.
    """

    call_id: Id


class Caller(Message, omit_defaults=False):
    """Who calls. The hub fills it in, so it cannot be forged."""

    kind: CallerKind
    id: Id
    name: Name
    role: str
    """Of the caller's key: `admin`, `tavern`, `app`; `hub` for rules."""
    taverns: list[Id] | None = None
    """Ids or names of the taverns that the caller's key may use; null: every one. For functions that show or do
    something to a tavern on the provider's own account."""


class FunctionInvoke(Message):
    """hub → provider: carry this out, and say `function.done` exactly once."""

    call_id: Id
    """The hub's own id of the call; `function.done`, `function.progress` and `function.cancel` name it."""
    name: FunctionName
    args: dict[str, Any]
    """They fit the schema."""
    caller: Caller
    timeout: float
    """Seconds that are left."""


class FunctionDone(Message):
    """provider → hub: the outcome of a call. One that the hub does not wait for is ignored."""

    call_id: Id
    ok: bool
    result: Any = None
    error: ErrorInfo | None = None
    """Any code; `function_failed` where there is no better one."""
