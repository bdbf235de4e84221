"""What the store keeps of schedules. Times are seconds since 1970."""

from __future__ import annotations

from typing import Literal

import msgspec

from tavernlink.protocol.schedules import RunInfo, ScheduleCreate

__all__ = ["ScheduleRecord", "ScheduleStanding"]


class ScheduleStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a schedule fares."""

    state: Literal["active", "paused", "finished", "stopped"] = "active"
    why: str | None = None
    next: float | None = None
    """Its next moment, without jitter."""
    starts: float | None = None
    """That with jitter."""
    running: RunInfo | None = None
    """The run that is under way."""
    runs: list[RunInfo] = msgspec.field(default_factory=list)
    """Those that are over, newest first."""


class ScheduleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule."""

    id: str
    key_id: str
    made: float
    spec: ScheduleCreate
    """With its time zone, and with `at` as it was said."""
    standing: ScheduleStanding
