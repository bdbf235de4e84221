"""What was refused or failed lately, so that somebody who looks can see why."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tavernlink.protocol.stats import StatsError

__all__ = ["Failures"]

_KEPT = 50
_LONGEST = 300  # characters of a message


class Failures:
    """The last fifty; the runtime and the core both add to them. The same again counts as one."""

    def __init__(self, cut_secrets: Callable[[str], str] = str) -> None:
        """`cut_secrets`: what a text passes through before it is kept: taverns quote what a model's API said."""
        self._cut = cut_secrets
        self._last: dict[_Same, StatsError] = {}
        """Oldest first."""
        self.count = 0
        """Grows with each."""

    def add(self, *, time: float, code: str, message: str, who: str, about: str, key_id: str = "") -> None:
        """Keep one; the oldest goes. `key_id`: under which it happened; empty: none that the hub knows."""
        self.count += 1
        same = _Same(
            key_id, code, self._short(message, _LONGEST), self._short(who, 200), self._short(about, 100)
        )
        # Who knocks a thousand times must not push everything else out.
        before = self._last.pop(same, None)
        self._last[same] = StatsError(
            time=time,
            code=code,
            message=same.message,
            who=same.who,
            about=same.about,
            count=1 if before is None else before.count + 1,
        )
        if len(self._last) > _KEPT:
            del self._last[next(iter(self._last))]

    def _short(self, text: str, most: int) -> str:
        """Looks at a little more than it keeps, so that what is left of a secret at the end is none."""
        return self._cut(text[: most + 500])[:most]

    def listed(self, key_id: str | None = None) -> list[StatsError]:
        """Newest first, of one key or of all."""
        return [shown for same, shown in reversed(self._last.items()) if key_id in (None, same.key_id)]


class _Same(NamedTuple):
    """What two that are counted as one have in common."""

    key_id: str
    code: str
    message: str
    who: str
    about: str
