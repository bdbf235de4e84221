"""Messages of programs' own making, from peer to peer, and the rules that lead them.

A type of one's own stands under `x.`: `x.dice.roll`. The hub gives it no meaning; it says who sent it and brings it
there. A rule looks at such messages, and at some of the catalogue's own, and forwards, copies, drops or renames them,
or calls a function.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name
from tavernlink.protocol.outcome import ErrorInfo

__all__ = [
    "CUSTOM",
    "CUSTOM_PREFIX",
    "CustomMessage",
    "PeerKind",
    "Route",
    "RouteAction",
    "RouteInfo",
    "RouteList",
    "RouteOrigin",
    "RouteRemove",
    "RouteStep",
    "RouteTest",
    "RouteTrace",
    "RouteVerdict",
    "Routed",
    "Sender",
    "Sent",
    "Target",
    "is_custom",
]

CUSTOM: Final = "x.message"
"""The catalogue's row that stands for every type under `x.`."""
CUSTOM_PREFIX: Final = "x."

_CUSTOM = r"^x(\.[A-Za-z0-9_-]{1,40}){1,6}$"
_is_custom = re.compile(_CUSTOM).match

CustomType = Annotated[str, msgspec.Meta(pattern=_CUSTOM, max_length=100)]
PeerKind = Literal["app", "tavern"]
RouteAction = Literal["forward", "copy", "drop", "rename", "call"]
RouteOrigin = Literal["settings", "api"]

_Glob = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Expression = Annotated[str, msgspec.Meta(max_length=2_000)]


def is_custom(type_: str) -> bool:
    """True for a message type that a program may make up: `x.` and one to six words."""
    return len(type_) <= 100 and _is_custom(type_) is not None


class Target(Message):
    """Who is to get a message: exactly one of `peer`, `peers`, `room` and `all`. The sender itself never is."""

    peer: Id | None = None
    """An app's or tavern's id, or its name; a name that several bear reaches all of them."""
    peers: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=100)] | None = None
    """Several of those."""
    room: Id | None = None
    """A room's id or name: its members that are connected."""
    all: bool = False
    """Everybody who is connected."""
    kind: PeerKind | None = None
    """Of those, only apps or only taverns."""


class Sender(Message, omit_defaults=False):
    """Who sent a message. The hub fills it in, so it cannot be forged."""

    id: Id
    name: Name
    kind: PeerKind
    role: str
    """Of the sender's key: `admin`, `tavern`, `app`."""


class CustomMessage(Message):
    """peer → hub → peers, ack: whom it reached. A sender gives `to` and `content`, the hub fills in the rest."""

    to: Target
    content: Any = None
    """Any JSON value; its size has a limit in the settings (`message_bytes`)."""
    message_id: Id | None = None
    """Sent twice under one key, a message is delivered once. The hub makes one where it is absent."""
    type: str = ""
    """The message's own type."""
    sender: Sender | None = msgspec.field(default=None, name="from")
    sent: float | None = None
    """When the hub took it, in seconds since 1970."""
    route: Id | None = None
    """The rule that brought it here, where one did."""


class Sent(Message, omit_defaults=False):
    """Whom a message reached."""

    message_id: Id
    reached: Count
    """Peers that were connected."""
    kept: Count = 0
    """Peers that are away; they get it when they come back in time."""
    unknown: list[Id] = msgspec.field(default_factory=list)
    """Of `peers`, those that the hub does not know."""


class Route(Message):
    """A rule: what it looks at, and what it does with that."""

    types: Annotated[list[_Glob], msgspec.Meta(min_length=1, max_length=32)]
    """Globs over message types: `x.*`, `chat.send`, `stream.end`, `event.message_sent`."""
    action: RouteAction
    """`forward`: elsewhere instead; `copy`: elsewhere too; `drop`: nowhere; `rename`: under another type; `call`: on as
    it is, and a function is called."""
    id: Annotated[str, msgspec.Meta(max_length=100, pattern="^[A-Za-z0-9._-]*$")] = ""
    """Made by the hub where it is absent."""
    when: _Expression = ""
    """A CEL expression over `type`, `source`, `role`, `target`, `content`, `hops`; empty: always."""
    to: Target | None = None
    """For `forward` and `copy`."""
    as_: CustomType | None = msgspec.field(default=None, name="as")
    """For `rename`, and for what `forward` and `copy` send: the new type, under `x.`."""
    function: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    """For `call`: name or address."""
    args: dict[str, Any] = msgspec.field(default_factory=dict)
    """For `call`: its arguments. A text that begins with `$` is a part of the message: `$content.text`, `$source.name`,
    `$type`, `$content`; `$$` is a dollar."""
    order: int = 0
    """Rules are tried from the smallest on; equal ones as they were made, the settings' first."""
    enabled: bool = True
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """For people; what `drop` tells the sender."""


class RouteList(Message):
    """app → hub, ack: every rule, in the order in which they are tried."""


class RouteRemove(Message):
    """app → hub, ack: nothing. A rule of the settings is removed there."""

    id: Id


class RouteInfo(Message, omit_defaults=False):
    """A rule and how it fares."""

    route: Route
    origin: RouteOrigin
    matched: Count = 0
    """Messages that it applied to since the hub started."""
    failed: Count = 0
    """Messages on which its expression failed; those count as not matched."""
    problem: str | None = None
    """The last failure."""
    suspended: bool = False
    """It took too long and is not tried any more until it is changed."""


class RouteVerdict(Message, omit_defaults=False):
    """Whether a rule can be."""

    problem: ErrorInfo | None = None
    """Why not: `details.path` is its field, e.g. `$.when`, with `line` and `column` in an expression; null: it can."""


class RouteTest(Message):
    """app → hub, ack: what the rules would do with this message. Nothing is sent."""

    type: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    content: Any = None
    to: Target | None = None
    sender: Sender | None = msgspec.field(default=None, name="from")
    """Absent: whoever asks."""


class RouteStep(Message, omit_defaults=False):
    """One rule that was tried on one message."""

    route: Id
    type: str
    """The message's type at that moment."""
    hops: Count
    matched: bool
    action: RouteAction
    problem: str | None = None
    """Why its expression could not be evaluated."""


class Routed(Message):
    """A message as it would be delivered."""

    type: str
    to: Target | None = None
    content: Any = None
    hops: Count = 0
    route: Id | None = None


class RouteTrace(Message, omit_defaults=False):
    """What the rules do with a message."""

    steps: list[RouteStep]
    results: list[Routed]
    """What comes of it, the message itself included."""
    dropped: Id | None = None
    """The rule that dropped the message itself."""
    error: str | None = None
    """Why it would be refused, e.g. a loop."""
