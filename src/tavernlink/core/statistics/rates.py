"""Rates: how much text each tavern writes, and how many messages go through the hub, per second."""

from __future__ import annotations

from collections.abc import Mapping

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.relay.streams import Stream

__all__ = ["Meter", "TokenRates"]


class Meter:
    """The rate of a number that only grows."""

    __slots__ = ("_last", "rate")

    def __init__(self) -> None:
        self._last: int | None = None
        self.rate = 0.0

    def take(self, total: int, seconds: float) -> None:
        """The number is `total` now, `seconds` after the last look."""
        if self._last is not None and seconds > 0:
            self.rate = max(0, total - self._last) / seconds
        self._last = total


class TokenRates:
    """Counts by what streams keep anyway: looked at once a second, nothing is done per token."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._ended: dict[str, int] = {}
        """Tavern → pieces of streams that ended since the last look, without those that were counted before."""
        self._seen: dict[Stream, int] = {}
        """Running stream → its pieces at the last look."""
        self._rates: dict[str, float] = {}

    @property
    def rates(self) -> Mapping[str, float]:
        """Pieces per second by tavern; those that write none are not in it."""
        return self._rates

    def ended(self, tavern: Tavern, stream: Stream) -> None:
        """A stream is over."""
        fresh = stream.pieces - self._seen.pop(stream, 0)
        self._ended[tavern.id] = self._ended.get(tavern.id, 0) + fresh

    def take(self, seconds: float) -> None:
        """Look, `seconds` after the last time."""
        counts, self._ended = self._ended, {}
        seen: dict[Stream, int] = {}
        for tavern in self._directory.taverns.values():
            for stream in tavern.streams.values():
                fresh = stream.pieces - self._seen.get(stream, 0)
                seen[stream] = stream.pieces
                counts[tavern.id] = counts.get(tavern.id, 0) + fresh
        self._seen = seen
        self._rates = (
            {name: count / seconds for name, count in counts.items() if count} if seconds > 0 else {}
        )
