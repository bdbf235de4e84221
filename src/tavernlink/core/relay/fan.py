"""A fan: the sessions that get the same events one after another, made ready for the next one.

What does not change from event to event is found once: whose line takes events at all, and how each kind of line
writes to many at a time (`Carrier`). What is left for each receiver is to keep the event and one write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tavernlink.core.peers.session import LINES, Session
from tavernlink.core.seams import Link
from tavernlink.protocol.event import Event

__all__ = ["Carrier", "Fan"]


class Carrier(Protocol):
    """Writes one event to many of its links at once. A link that one carries has it as the attribute `carrier`."""

    def spread(self, links: Sequence[Link]) -> Callable[[Event], None]:
        """Return what sends an event on each of these links, as long as none of them is closed or blocked."""


class Fan:
    """An ordered set of sessions that does not change; what they can take at a moment does."""

    __slots__ = ("_changes", "_ready", "_rest", "_spreads", "sessions")

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = sessions
        self._changes = -1
        """`LINES.changes` when the rest of this was found."""
        self._ready: list[Session] = []
        """Those that the spreads write to."""
        self._spreads: list[Callable[[Event], None]] = []
        self._rest: Sequence[Session] = sessions
        """Those that take events one by one."""

    def deliver(self, event: Event) -> None:
        """Send everyone a counted event, now or when they can take it."""
        if self._changes != LINES.changes:
            self._prepare()
        Session.keep(self._ready, event)
        for spread in self._spreads:
            spread(event)
        for session in self._rest:
            session.deliver(event)

    def _prepare(self) -> None:
        """Sort the sessions by what carries them just now."""
        self._changes = LINES.changes
        links: dict[Carrier, list[Link]] = {}
        self._ready, rest = [], []
        for session in self.sessions:
            link = session.link
            carrier: Carrier | None = getattr(link, "carrier", None)
            if link is None or carrier is None or session.blocked:
                rest.append(session)
            else:
                links.setdefault(carrier, []).append(link)
                self._ready.append(session)
        self._spreads = [carrier.spread(each) for carrier, each in links.items()]
        self._rest = rest
