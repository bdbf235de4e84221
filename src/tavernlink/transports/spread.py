"""One event on many lines of one door: encoded once, written in one loop.

The doors' links offer a `LinkCarrier` to the core (`core.relay.fan.Carrier`). Below it, `connection.Spread` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tavernlink.core.seams import Link
from tavernlink.protocol.event import Event
from tavernlink.transports.connection import Connection, Spread
from tavernlink.transports.frame import Frame

__all__ = ["CarriedLink", "LinkCarrier"]


class CarriedLink(Link, Protocol):
    """A door's link that a `LinkCarrier` carries."""

    @property
    def carrier(self) -> LinkCarrier:
        """Whose it is."""

    @property
    def connection(self) -> Connection | None:
        """The WebSocket that frames for it go to as they are, for as long as the link is open; None: no such."""


class LinkCarrier:
    """One door's way to reach many at once."""

    def __init__(self, frame: Callable[[Event], Frame]) -> None:
        self._frame = frame

    def spread(self, links: Sequence[CarriedLink]) -> Callable[[Event], None]:
        """Return what sends an event on each of these links."""
        frame = self._frame
        others = [link for link in links if link.connection is None]
        write = Spread([link.connection for link in links if link.connection is not None]).write

        def send(event: Event) -> None:
            write(frame(event))
            for link in others:
                link.send(event)

        return send
