"""How long to wait before the next try: doubling, jittered, bounded, and without an end.

Jitter spreads the apps that one restart of the hub cut off, so that they do not come back in the same moment.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Backoff"]


class Backoff:
    """A sequence of delays in seconds; `reset` starts it again after a success."""

    def __init__(self, random: Callable[[], float], *, shortest: float = 0.5, longest: float = 15.0) -> None:
        self._random = random
        """Returns a number from 0 up to 1."""
        self.limit(shortest, longest)
        self._tries = 0

    def limit(self, shortest: float, longest: float) -> None:
        """Take the bounds that the hub's `welcome` names."""
        self.shortest = max(0.01, shortest)
        self.longest = max(self.shortest, longest)

    def reset(self) -> None:
        """Begin again with the shortest delay."""
        self._tries = 0

    def next(self) -> float:
        """Return the next delay: between a half and the whole of the doubled bound."""
        bound = min(self.longest, self.shortest * 2.0 ** min(self._tries, 30))
        self._tries += 1
        return bound * (0.5 + self._random() / 2)
