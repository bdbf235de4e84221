"""How often somebody may do something: token buckets by name, and a count of failures by address.

Both remember a bounded number of names, the ones seen last, so that nobody fills the memory by having many.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

__all__ = ["Buckets", "FailureThrottle", "group_of"]


class Buckets:
    """Token buckets: each name may do `rate` things in a second, and `burst` at once."""

    def __init__(self, rate: float, burst: float, *, most: int = 4_096) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Name → (tokens left, when that was so)."""

    def __len__(self) -> int:
        return len(self._left)

    def adopt(self, rate: float, burst: float) -> None:
        """Go on with another rate."""
        self._rate, self._burst = rate, burst

    def take(self, name: str, now: float) -> float:
        """Take a token; return 0.0, or the seconds until there is one."""
        left, since = self._left.pop(name, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        wait = 0.0
        if left >= 1.0:
            left -= 1.0
        else:
            wait = (1.0 - left) / self._rate
        self._left[name] = (left, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return wait


class FailureThrottle:
    """Counts failures of each address in a sliding window."""

    def __init__(self, *, failures: int = 20, seconds: float = 60.0, addresses: int = 4_096) -> None:
        self._failures = failures
        self._seconds = seconds
        self._addresses = addresses
        self._seen: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Return the seconds that this address must wait before its next try; 0: none."""
        address = group_of(address)
        times = [time for time in self._seen.get(address, ()) if now - time < self._seconds]
        return max(0.0, times[0] + self._seconds - now) if len(times) >= self._failures else 0.0

    def failed(self, address: str, now: float) -> None:
        """Count a failure."""
        address = group_of(address)
        times = [time for time in self._seen.pop(address, ()) if now - time < self._seconds]
        self._seen[address] = [*times, now][-self._failures :]
        while len(self._seen) > self._addresses:
            self._seen.popitem(last=False)


def group_of(address: str) -> str:
    """Return what counts as one address: one of IPv4, or the /64 network of an IPv6 one, which one machine fills."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
