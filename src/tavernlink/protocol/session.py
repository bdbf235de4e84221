"""Messages of a connection itself: who connects, what it may expect, how far each side is.

Counting is implicit (docs/adr): each side counts the events it received in the session, all but `welcome`, `resync`,
`confirm` and `closing`. Acks are not events and are not counted. Nothing carries a number, so one frame serves every
receiver.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name

__all__ = ["Auth", "Closing", "Confirm", "HubInfo", "Limits", "Resume", "Resync", "Versions", "Welcome"]


class Resume(Message):
    """The session to go on with."""

    session: Id
    """From the last `welcome`."""
    count: Count
    """Events that the peer received in that session."""


class Versions(Message):
    """Versions at the tavern's end, for people who look for a mismatch."""

    extension: Name = ""
    sillytavern: Name = ""


class Auth(Message):
    """What a peer says of itself when it connects (Socket.IO `auth`, or the first frame `hello` on `/ws`)."""

    key: Annotated[str, msgspec.Meta(max_length=400)] = ""
    """The key as it was shown once. May be absent on `/ws` where the Authorization header carries it."""
    role: Literal["tavern", "app"] = "app"
    name: Name = ""
    """A name that people read, e.g. "Discord bot"."""
    protocol: int = 1
    """Version of the protocol that the peer speaks."""
    id: Id | None = None
    """The peer's own stable id (`tavern_id` or `app_id`); the hub makes one where it is absent."""
    resume: Resume | None = None
    versions: Versions | None = None
    """Sent by taverns."""
    reports: bool = False
    """From a tavern: it sends `commands.known` at the beginning of each new session."""
    commands: Annotated[list[Name], msgspec.Meta(max_length=1_000)] | None = None
    """From a tavern: the commands of the catalogue that it can do."""


class HubInfo(Message):
    """Facts about the hub."""

    version: str


class Limits(Message, omit_defaults=False):
    """What the hub allows, so that a peer need not guess."""

    max_payload: int
    """Largest message, in bytes."""
    session_seconds: float
    """How long a session outlives its connection."""
    confirm_every: int
    """After how many events a peer should send `confirm`."""
    reconnect_min: float = 0.5
    """First delay before a new try, in seconds; jitter is the peer's."""
    reconnect_max: float = 15.0
    """Longest delay between tries, in seconds."""


class Welcome(Message, omit_defaults=False):
    """First event after an accepted connect; not counted."""

    session: Id
    id: Id
    """The `tavern_id` or `app_id` that this peer now has."""
    protocol: int
    hub: HubInfo
    server_time: float
    """The hub's clock, seconds since 1970."""
    resumed: bool
    """True: the named session goes on and what was missed follows. False: a new session."""
    count: Count = 0
    """Events that the hub received from this peer in the session; the peer sends the later ones again."""
    limits: Limits | None = None


class Confirm(Message):
    """How many events the sender received in this session; what came before may be forgotten. Not counted."""

    count: Count


class Resync(Message):
    """What was missed cannot be replayed: fetch snapshots (`tavern.list`, `chat.get`) again. Not counted."""

    reason: str = msgspec.field(default="")
    """`session_expired`, `session_unknown` or `backlog_overflow`."""


class Closing(Message):
    """hub → peer: the hub ends this connection, and why; the line closes after it. Not counted."""

    code: str
    """`replaced`, `slow_consumer`, `key_revoked`, `hub_stopping`, …, see `tavernlink.errors`."""
    message: str
