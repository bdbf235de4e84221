"""Tickets: the hub's own process opens the console signed in, by an address that works once and soon.

A key in an address would stay in the browser's history; a ticket is worth nothing when it lands there. The key for
which it is exchanged is made at that moment and ends by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tavernlink.core.limits import RateLimit
from tavernlink.errors import AuthError, BadMessage

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Keyring
    from tavernlink.core.seams import Clock, Ids

__all__ = ["KEY_SECONDS", "SECONDS", "Tickets"]

SECONDS = 120.0
"""How long a ticket is good."""
KEY_SECONDS = 12 * 3600.0
"""How long the key is good for which it is exchanged."""
_MOST = 20
_RATE = (
    0.5,
    10,
)  # tries per second and at once, of everybody together: only the hub's own machine makes tickets


class Tickets:
    """Those that were given out and not used."""

    def __init__(self, keyring: Keyring, audit: Audit, clock: Clock, ids: Ids) -> None:
        self._keyring = keyring
        self._audit = audit
        self._clock = clock
        self._ids = ids
        self._until: dict[str, float] = {}
        self._tries = RateLimit(*_RATE, clock.now())

    def issue(self) -> str:
        """Return a new ticket for an admin's console; the oldest goes where there are too many."""
        while len(self._until) >= _MOST:
            del self._until[next(iter(self._until))]
        ticket = self._ids.secret()
        self._until[ticket] = self._clock.now() + SECONDS
        return ticket

    def redeem(self, ticket: str, address: str) -> str:
        """Return an admin key. Raises `AuthError` (`invalid_auth`) and `BadMessage` (`rate_limited`)."""
        now = self._clock.now()
        if not self._tries.spend() and not self._tries.refill(now):
            raise BadMessage(
                "rate_limited", "Too many tickets were tried. Wait a moment.", {"retry_after": 2}
            )
        if self._until.pop(ticket, 0.0) <= now:
            raise AuthError(
                "invalid_auth",
                "This address to sign in was used, or its two minutes are over. Sign in with a key.",
            )
        key, text = self._keyring.create(
            "admin", "console on this computer", expires=self._clock.wall() + KEY_SECONDS
        )
        self._audit.record("key.created", key, target=key.id, address=address, role="admin", by="ticket")
        return text
