"""Messages about access: keys, pairing, the audit log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.message import Id, Message, Name

__all__ = [
    "AuditEntry",
    "AuditList",
    "AuditWritten",
    "KeyCreate",
    "KeyInfo",
    "KeyList",
    "KeyMade",
    "KeyRevoke",
    "PairingApprove",
    "PairingChanged",
    "PairingInfo",
    "PairingList",
    "PairingRefuse",
]

_KeyName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Words = Annotated[list[Id], msgspec.Meta(max_length=200)]
_Code = Annotated[str, msgspec.Meta(min_length=4, max_length=20)]


class KeyInfo(Message, omit_defaults=False):
    """One key, without its secret, which is nowhere kept. Every field is always there; times are seconds since 1970."""

    id: Id
    role: Literal["admin", "tavern", "app", "viewer"]
    name: Name
    scopes: list[str]
    """What it may do: its role's scopes, or the fewer that it was narrowed to."""
    created: float
    taverns: list[Id] | None = None
    """Ids or names of the taverns that it may use, or be; null: every one."""
    rooms: list[Id] | None = None
    """Ids or names of the rooms that it may use; null: every one."""
    expires: float | None = None
    last_used: float | None = None
    revoked: float | None = None
    made_by: Id | None = None
    """Id of the key under which it was made; null: on the hub's own machine."""
    source: Name | None = None
    """Where it is declared, e.g. "keys.d/bots.toml"; null: in the hub's store."""


class KeyMade(Message, omit_defaults=False):
    """A new key."""

    key: str
    """Its text. Shown only now."""
    info: KeyInfo


class KeyCreate(Message):
    """peer → hub, ack: `KeyMade`. Nobody can make a key that may do more than their own; a tavern's is for itself."""

    name: _KeyName
    """Whose key it is, for people."""
    role: Literal["admin", "tavern", "app", "viewer"] = "app"
    scopes: Annotated[list[str], msgspec.Meta(max_length=50)] | None = None
    """Those of the role that it is to have; absent: all of them."""
    taverns: _Words | None = None
    """Ids or names of the taverns that it may use; absent: every one that the maker may."""
    rooms: _Words | None = None
    expires_in: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Seconds until it ends by itself; absent: when its maker's key does."""


class KeyList(Message):
    """peer → hub, ack: `[KeyInfo]`, oldest first; a tavern gets those that it made."""

    all: bool = False
    """Revoked and expired ones too."""


class KeyRevoke(Message):
    """peer → hub, ack: `[KeyInfo]` of those revoked. Their connections end within a second."""

    key: Id
    """Id of the key, or its name: then every key of that name."""


class PairingInfo(Message, omit_defaults=False):
    """A SillyTavern that asked for a key and shows this code to its person."""

    code: str
    name: Name
    """As it calls itself."""
    address: str
    """Where it asked from."""
    asked: float
    expires: float
    origin: Name | None = None
    """The web origin of its page."""


class PairingList(Message):
    """app → hub, ack: `[PairingInfo]` of those that wait."""


class PairingChanged(Message):
    """hub → app: somebody asked for a code, or one was answered; for apps of an admin key that subscribed."""

    waiting: list[PairingInfo]
    """Those that wait now."""


class PairingApprove(Message):
    """app → hub, ack: `PairingInfo`. The one who shows the code receives a key for a tavern, once."""

    code: _Code
    """As shown; small letters, spaces and dashes do not matter."""
    name: _KeyName | None = None
    """Name of its key; absent: as it calls itself."""


class PairingRefuse(Message):
    """app → hub, ack: `PairingInfo`. The one who shows the code is told no."""

    code: _Code


class AuditEntry(Message, omit_defaults=False):
    """Who did what to whom, when, from where. Never holds a secret."""

    id: Id
    time: float
    """Seconds since 1970."""
    action: str
    """`noun.verb`, e.g. `key.created`, `room.deleted`, `permission.refused`."""
    key: str
    """Id of the key under which it was done; empty where there was none."""
    role: str
    """Role of that key; `hub`: the hub itself; `command line`: a command on its machine; empty: unknown."""
    name: Name
    """Name of the key or of the peer."""
    address: str
    target: str
    """Id or name of what it was done to."""
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


class AuditList(Message):
    """app → hub, ack: `[AuditEntry]`, newest first. What is given must fit, all of it."""

    action: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    """Glob, e.g. `key.*`."""
    who: Name | None = None
    """Id or name of a key, or name of a peer."""
    target: Name | None = None
    address: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    since: float | None = None
    """Seconds since 1970, this moment included."""
    until: float | None = None
    """This moment not included."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100


class AuditWritten(Message):
    """hub → app: something was written into the audit log; for apps of an admin key that subscribed."""

    entry: AuditEntry
