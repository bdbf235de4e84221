"""When a tab that works is opened anew all the same: too much memory, too old, told to.

Only decides; `kept` measures and acts. Nothing is interrupted for it but by the hard limit of memory.
"""

from __future__ import annotations

from typing import Final

from tavernlink.tab.options import HARD_LIMIT, TabOptions

__all__ = ["IDLE_SECONDS", "PATIENCE_SECONDS", "Watch"]

IDLE_SECONDS: Final = 5.0
"""A tab that has waited for no model for so long is idle; between the rounds of a tool call it is not."""
GROWN_SECONDS: Final = 300.0
"""A tab that is above its limit earlier was never below: opening it anew would not help, and over and over."""
PATIENCE_SECONDS: Final = 60.0
"""Who asks for a restart waits so long for what is generated."""


class Watch:
    """The limits of one tab, from its opening on."""

    def __init__(self, options: TabOptions) -> None:
        self._options = options
        self._asked: tuple[str, float] | None = None

    def overload(self, memory: int | None) -> str | None:
        """Return why it must be closed whatever it does; None: it goes on."""
        limit = self._options.memory_limit
        if limit is None or memory is None or memory <= limit * HARD_LIMIT:
            return None
        return f"its browser takes {_mb(memory)}, far more than {_mb(limit)}"

    def ask(self, why: str, *, deadline: float) -> None:
        """Somebody wants it opened anew: when idle, but by this time in any case (a time of up-time, in seconds)."""
        if self._asked is None or deadline < self._asked[1]:
            self._asked = (why, deadline)

    def verdict(self, *, uptime: float, idle: float, memory: int | None) -> str | None:
        """Return why it is to be opened anew now; None: it goes on."""
        limit = self._options.memory_limit
        if self._asked is not None and uptime >= self._asked[1]:
            return self._asked[0]
        if idle < IDLE_SECONDS:
            return None
        if self._asked is not None:
            return self._asked[0]
        if limit is not None and memory is not None and memory > limit and uptime > GROWN_SECONDS:
            return f"its browser takes {_mb(memory)}, more than {_mb(limit)}"
        old = self._options.recycle_seconds
        if old is not None and uptime > old:
            return f"it has been open for {uptime / 3600:.1f} hours"
        return None


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
