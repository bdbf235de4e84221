"""How much of the hub one key takes: requests that wait and requests that run, over all taverns."""

from __future__ import annotations

from collections import Counter

from tavernlink.errors import Unavailable

__all__ = ["Quota"]

_RETRY_AFTER = 5  # seconds


class Quota:
    """Counts for each key. The lanes keep them right; whoever asks for more is refused here."""

    def __init__(self, *, waiting: int, running: int) -> None:
        self.most_waiting = waiting
        self.most_running = running
        self.waiting: Counter[str] = Counter()
        self.running: Counter[str] = Counter()

    def check(self, key_id: str, more: int = 1) -> None:
        """Raise `quota` unless this many more requests of the key may wait."""
        if self.waiting[key_id] + more > self.most_waiting:
            raise Unavailable(
                "quota",
                f"{self.waiting[key_id]} requests of this key wait already; it may have {self.most_waiting}. "
                "Try again when some of them are done.",
                {"retry_after": _RETRY_AFTER, "limit": self.most_waiting},
            )

    def may_run(self, key_id: str) -> bool:
        """True if one more request of the key may run now."""
        return self.running[key_id] < self.most_running

    def count(self, counter: Counter[str], key_id: str, change: int) -> None:
        """Add to one of the two counters; a key at zero takes no memory."""
        counter[key_id] += change
        if counter[key_id] <= 0:
            del counter[key_id]
