"""What a key may do: keys held against the rows of `permissions`. `may_…` answers, `check_…` raises and says why."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from tavernlink.core.access.permissions import (
    ANY_KEY,
    COMMANDS,
    CONNECT,
    OPEN,
    ROLES,
    ROUTES,
    SEND,
    Need,
    Role,
    Scope,
)
from tavernlink.errors import AuthError
from tavernlink.protocol.catalogue import CATALOGUE

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key

__all__ = [
    "check_command",
    "check_connect",
    "check_route",
    "check_scope",
    "check_send",
    "is_of_hub",
    "may_hear",
    "may_run",
    "may_send",
    "may_use_route",
    "scopes_of",
]


def scopes_of(role: Role, narrowed: tuple[str, ...] | None) -> frozenset[str]:
    """Return what a key of this role holds; narrowing never adds."""
    return ROLES[role] if narrowed is None else ROLES[role] & frozenset(narrowed)


def may_send(key: Key, type_: str) -> bool:
    """True if this key may send this type, connected as whichever kind of peer sends it and the key may be."""
    need = SEND[type_]
    return (not need or not need.isdisjoint(key.held)) and _may_come(key.role, type_)


@cache
def _may_come(role: Role, type_: str) -> bool:
    return any(role in CONNECT[kind] for kind in CATALOGUE[type_].senders)


def may_run(key: Key, command: str) -> bool:
    """True if this key may run this command by its name."""
    return may_send(key, "command.run") and not COMMANDS[command].isdisjoint(key.held)


def may_use_route(key: Key | None, method: str, template: str) -> bool:
    """True if this key, or somebody without one, may use this route."""
    need = ROUTES["GET" if method == "HEAD" else method, template]
    if need is OPEN:
        return True
    if key is None:
        return False
    if isinstance(need, str):
        return may_send(key, need) if need in SEND else may_run(key, need)
    return not need or not need.isdisjoint(key.held)


_LISTED: Final[Mapping[str, str]] = {
    "pairing": "pairing.list",
    "audit": "audit.list",
    "log": "log.list",
    "webhook": "webhook.list",
    "schedule": "schedule.list",
    "stats": "stats.get",
}
"""First word of a topic → the message that shows the same: who may not ask is not told either."""


def may_hear(key: Key, topic: str) -> bool:
    """True if a subscription under this key may bring this topic: a message type, or `event.NAME`."""
    if topic == "request.changed":
        return may_send(key, "request.list")
    listed = _LISTED.get(topic.partition(".")[0])
    if listed is not None:
        return may_send(key, listed)
    if topic.startswith("traffic."):
        return "admin" in key.held
    return ("events:read" if topic.startswith("event.") else "chat:read") in key.held


def is_of_hub(topic: str) -> bool:
    """True if a topic is about the hub itself, whichever taverns a key is limited to."""
    return topic.partition(".")[0] in _LISTED


def check_connect(role: Role, as_: str) -> None:
    """Raise `forbidden` unless a key of this role may connect as a `tavern` or `app`."""
    if role not in CONNECT[as_]:
        raise AuthError(
            "forbidden",
            f"A key of the role {role!r} may not connect as {as_!r}. "
            f"Use a key of the role {' or '.join(sorted(CONNECT[as_]))}.",
        )


def check_send(key: Key, type_: str) -> None:
    """Raise `forbidden` unless this key may send this type."""
    if not may_send(key, type_):
        raise _forbidden(key, f"send {type_!r}", SEND[type_], {"type": type_})


def check_command(key: Key, command: str) -> None:
    """Raise `forbidden` unless this key may run this command by its name."""
    if not may_run(key, command):
        raise _forbidden(key, f"run {command!r}", COMMANDS[command], {"command": command})


def check_scope(key: Key, scope: Scope, what: str) -> None:
    """Raise `forbidden` unless the key has the scope; `what` reads on after "may not"."""
    if scope not in key.held:
        raise _forbidden(key, what, frozenset({scope}), {})


def check_route(key: Key | None, method: str, template: str) -> None:
    """Raise `forbidden` unless this key may use this route, `unauthorized` without one where it needs one."""
    if may_use_route(key, method, template):
        return
    if key is None:
        raise AuthError("unauthorized")
    need = ROUTES["GET" if method == "HEAD" else method, template]
    what = need if isinstance(need, str) else f"{method} {template}"
    raise _forbidden(key, f"do {what!r}", _scopes_for(need), {"type": what})


def _scopes_for(need: str | Need | None) -> Need:
    if isinstance(need, str):
        return SEND[need] if need in SEND else COMMANDS[need]
    return need or ANY_KEY


def _forbidden(key: Key, what: str, need: Need, details: dict[str, str]) -> AuthError:
    if need.isdisjoint(ROLES[key.role]) or not need.isdisjoint(key.held):
        return AuthError("forbidden", f"A key of the role {key.role!r} may not {what}.", details)
    return AuthError(
        "forbidden",
        f"This key may not {what}: it was made without the scope {' or '.join(sorted(need))}.",
        {**details, "scopes": sorted(need)},
    )
