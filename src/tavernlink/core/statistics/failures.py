"""What was refused or failed lately, so that somebody who looks can see why."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

from tavernlink.protocol.stats import StatsError

__all__ = ["Failed", "Failures"]

_KEPT = 50
_LONGEST = 300  # characters of a message


class Failed(NamedTuple):
    """One entry, with the key under which it happened; empty: none that the hub knows."""

    key_id: str
    shown: StatsError


class Failures:
    """The last fifty; the runtime and the core both add to them."""

    def __init__(self) -> None:
        self._last: deque[Failed] = deque(maxlen=_KEPT)
        self.count = 0
        """Grows with each."""

    def add(self, *, time: float, code: str, message: str, who: str, about: str, key_id: str = "") -> None:
        """Keep one; the oldest goes."""
        self.count += 1
        shown = StatsError(time=time, code=code, message=message[:_LONGEST], who=who[:200], about=about[:100])
        # Who knocks a thousand times must not push everything else out.
        for place, (key, before) in enumerate(self._last):
            if key == key_id and _same(before, shown):
                del self._last[place]
                shown = msgspec.structs.replace(shown, count=before.count + 1)
                break
        self._last.append(Failed(key_id, shown))

    def listed(self, key_id: str | None = None) -> list[StatsError]:
        """Newest first, of one key or of all."""
        return [each.shown for each in reversed(self._last) if key_id is None or each.key_id == key_id]


def _same(one: StatsError, other: StatsError) -> bool:
    return (one.code, one.who, one.about, one.message) == (other.code, other.who, other.about, other.message)
