"""Messages about how the hub is doing: its figures, and who talks to whom."""

from __future__ import annotations

from typing import Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name

__all__ = [
    "Delivery",
    "EndKind",
    "Stats",
    "StatsChanged",
    "StatsError",
    "StatsGet",
    "TavernFigures",
    "TrafficEdge",
    "TrafficFlowed",
    "TrafficPeer",
]

EndKind = Literal["hub", "tavern", "app", "room"]


class TavernFigures(Message, omit_defaults=False):
    """One tavern in figures."""

    tavern: Id
    name: Name
    online: bool
    queued: Count
    running: Count
    tokens: float
    """Pieces of text per second; models send about one for each token."""


class Delivery(Message, omit_defaults=False):
    """How long messages took through the hub, in milliseconds: from arrival until every receiver's line had them."""

    p50: float
    p99: float


class StatsError(Message, omit_defaults=False):
    """Something that was refused or failed. Never holds a secret."""

    time: float
    """Seconds since 1970."""
    code: str
    message: str
    who: Name
    """Name of the peer or key, or the address of somebody who has none."""
    about: str
    """What was wanted: a message type, a command, `connect`, or an HTTP path."""
    count: Count = 1
    """How often, where it was the same again and again."""


class Stats(Message, omit_defaults=False):
    """The hub's figures, as far as the key may see them: a key without `admin`, or limited to some taverns or rooms,
    sees those that it reaches, apps and errors of its own, and neither messages per second nor memory.
    """

    time: float
    """When they were taken, seconds since 1970."""
    uptime: float
    """Seconds since the hub started."""
    taverns: Count
    """Taverns that are online."""
    apps: Count
    """Programs that are connected; callers of REST come and go and are not counted."""
    rooms: Count
    queued: Count
    running: Count
    streams: Count
    """Generations that are being written."""
    tokens: float
    """Pieces of text per second, of all these taverns."""
    received: float | None = None
    """Messages and HTTP requests per second that came in."""
    sent: float | None = None
    """Messages and HTTP answers per second that went out."""
    delivery: Delivery | None = None
    """During the last ten seconds; null: nothing was measured."""
    memory: Count | None = None
    """Bytes of memory that the hub takes; null where the system does not say."""
    by_tavern: list[TavernFigures] = msgspec.field(default_factory=list)
    """The busiest, at most a hundred."""
    errors: list[StatsError] | None = None
    """The last fifty, newest first. In `stats.changed` null means: the same as before."""


class StatsGet(Message):
    """app → hub, ack: `Stats`."""


class StatsChanged(Message):
    """hub → app: the figures of this second, once a second, to apps that subscribed to `stats.*` or `stats.changed`.

    A wider glob such as `*` does not bring it. Not kept for an app that is away or reads too slowly.
    """

    stats: Stats


class TrafficPeer(Message, omit_defaults=False):
    """One end of an edge."""

    id: Id
    """A tavern's, app's or room's id, `hub`, or `key:ID` for the REST callers of one key."""
    kind: EndKind
    name: Name


class TrafficEdge(Message, omit_defaults=False):
    """What went from one to another."""

    source: Id
    target: Id
    """`*`: more than 32 receivers at once; then `count` is of messages, not of deliveries."""
    count: Count
    kinds: dict[str, int]
    """Kind → messages: `stream`, `chat`, `event`, `state`, `request`, `room`, `message`, `function`, `question`."""


class TrafficFlowed(Message, omit_defaults=False):
    """hub → app: who talked to whom lately, twice a second while there is something to tell; for apps of an admin key
    that subscribed to `traffic.*` or `traffic.flowed`. A wider glob such as `*` does not bring it.
    """

    seconds: float
    """The time that it covers."""
    edges: list[TrafficEdge]
    """The busiest, at most two hundred."""
    peers: list[TrafficPeer]
    """Who stands at their ends."""
    left_out: Count = 0
    """Messages on edges that are not listed."""
