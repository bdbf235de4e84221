"""The permission table: which role may connect as what, and send which message type. One place, one row each.

A test fails for a message type of the catalogue that no row names.
"""

from __future__ import annotations

from collections.abc import Mapping

from tavernlink.core.access.keys import Role
from tavernlink.errors import AuthError

__all__ = ["CONNECT", "SEND", "check_connect", "check_send"]

_READ = frozenset({"admin", "app", "viewer"})
_WRITE = frozenset({"admin", "app"})
_TAVERN = frozenset({"admin", "tavern"})
_ANY = frozenset({"admin", "tavern", "app", "viewer"})

CONNECT: Mapping[str, frozenset[str]] = {
    # connect as → roles of keys that may
    "tavern": _TAVERN,
    "app": _READ,
}

SEND: Mapping[str, frozenset[str]] = {
    # message type → roles of keys that may send it
    "hello": _ANY,
    "confirm": _ANY,
    "tavern.list": _READ,
    "character.list": _READ,
    "context.get": _READ,
    "subscribe": _READ,
    "unsubscribe": _READ,
    "chat.get": _READ,
    "chat.send": _WRITE,
    "chat.edit": _WRITE,
    "chat.delete": _WRITE,
    "generate": _WRITE,
    "generation.stop": _WRITE,
    "request.get": _READ,
    "request.cancel": _WRITE,
    "tavern.state": _TAVERN,
    "characters.changed": _TAVERN,
    "chat.update": _TAVERN,
    "event": _TAVERN,
    "stream.start": _TAVERN,
    "stream.delta": _TAVERN,
    "stream.end": _TAVERN,
    "command.done": _TAVERN,
}


def check_connect(role: Role, as_: str) -> None:
    """Raise `forbidden` unless a key of this role may connect as a `tavern` or `app`."""
    if role not in CONNECT[as_]:
        raise AuthError(
            "forbidden",
            f"A key of the role {role!r} may not connect as {as_!r}. "
            f"Use a key of the role {' or '.join(sorted(CONNECT[as_]))}.",
        )


def check_send(role: Role, type_: str) -> None:
    """Raise `forbidden` unless a key of this role may send this type."""
    if role not in SEND[type_]:
        raise AuthError("forbidden", f"A key of the role {role!r} may not send {type_!r}.", {"type": type_})
