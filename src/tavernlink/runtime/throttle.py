"""Slows down those who try keys: so many failures from one address, and it must wait."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["FailureThrottle"]


class FailureThrottle:
    """Counts failures of each address in a sliding window; remembers a bounded number of addresses."""

    def __init__(self, *, failures: int = 20, seconds: float = 60.0, addresses: int = 4_096) -> None:
        self._failures = failures
        self._seconds = seconds
        self._addresses = addresses
        self._seen: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Return the seconds that this address must wait before its next try; 0: none."""
        times = [time for time in self._seen.get(address, ()) if now - time < self._seconds]
        return max(0.0, times[0] + self._seconds - now) if len(times) >= self._failures else 0.0

    def failed(self, address: str, now: float) -> None:
        """Count a failure."""
        times = [time for time in self._seen.pop(address, ()) if now - time < self._seconds]
        self._seen[address] = [*times, now][-self._failures :]
        while len(self._seen) > self._addresses:
            self._seen.popitem(last=False)
