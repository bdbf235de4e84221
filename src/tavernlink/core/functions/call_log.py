"""Calls in the audit log: one entry for each, as long as there are few.

A bot that calls one function a thousand times a minute must neither wear the disk nor push everything else out of the
log. So of one caller and one function, the calls of a minute that go past the first ten are counted in one entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.functions.call import Call
    from tavernlink.core.seams import Clock

__all__ = ["CallLog"]

_SPAN: Final = 60.0  # seconds
_EACH: Final = 10  # entries of their own in that time


class _Tally:
    __slots__ = ("calls", "failed", "last", "more", "since")

    def __init__(self, since: float, last: Call) -> None:
        self.since = since
        self.last = last
        self.calls = 0
        self.more = 0
        self.failed = 0


class CallLog:
    """Writes calls that are over into the audit log."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        """(key, caller, address) → its calls of the last minute."""

    def record(self, call: Call) -> None:
        """A call has its result."""
        now = self._clock.now()
        key = call.asker.key
        name = (key.id if key is not None else "", call.caller.id, call.function.address)
        tally = self._tallies.get(name)
        if tally is not None and now - tally.since >= _SPAN:
            self._close(tally)
            tally = None
        if tally is None:
            tally = self._tallies[name] = _Tally(now, call)
        tally.calls += 1
        error = call.outcome.error if call.outcome is not None else None
        if tally.calls <= _EACH:
            self._write(
                call, call=call.asker_id, seconds=round(now - call.began, 3), error=error and error.code
            )
            return
        tally.last = call
        tally.more += 1
        tally.failed += error is not None

    def tick(self, now: float) -> None:
        """Write down what was counted, a minute after it began."""
        for name, tally in list(self._tallies.items()):
            if now - tally.since >= _SPAN:
                self._close(tally)
                del self._tallies[name]

    def close(self) -> None:
        """Write down everything that was counted."""
        for tally in self._tallies.values():
            self._close(tally)
        self._tallies.clear()

    def _close(self, tally: _Tally) -> None:
        if tally.more:
            self._write(tally.last, calls=tally.more, failed=tally.failed)

    def _write(self, about: Call, /, **facts: object) -> None:
        asker = about.asker
        who = asker.key if asker.key is not None else "hub"
        self._audit.record(
            "function.called",
            who,
            target=about.function.address,
            address=asker.address,
            caller=asker.caller.name or asker.caller.id,
            **facts,
        )
