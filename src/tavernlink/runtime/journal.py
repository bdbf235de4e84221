"""Where the core says what happened: into the log, and into the counters."""

from __future__ import annotations

from typing import Any

import structlog

from tavernlink.runtime.counts import Counts

__all__ = ["RunningJournal"]

_log = structlog.get_logger("tavernlink")


class RunningJournal:
    """The core's `Journal`."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def __call__(self, happening: str, /, **facts: Any) -> None:
        """Log a happening and count it."""
        if happening == "message.refused":
            self._counts.refused(
                facts["code"],
                facts["why"],
                who=facts["name"],
                about=facts["type"],
                key_id=facts["key"] or "",
            )
        elif happening == "peer.connected":
            self._counts.connects["new" if facts.get("lost") is None else "resync"] += 1
        elif happening == "peer.resumed":
            self._counts.connects["resumed"] += 1
        _log.info(happening, **{name: fact for name, fact in facts.items() if fact is not None})
