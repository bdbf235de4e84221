"""Messages about schedules: what the hub is to do at a time, on an interval, or as cron says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name
from tavernlink.protocol.outcome import ErrorInfo

__all__ = [
    "RunInfo",
    "RunState",
    "ScheduleAction",
    "ScheduleChanged",
    "ScheduleCreate",
    "ScheduleInfo",
    "ScheduleList",
    "SchedulePause",
    "ScheduleRemove",
    "ScheduleResume",
    "ScheduleRun",
    "ScheduleRuns",
    "ScheduleSet",
    "ScheduleState",
]

ScheduleState = Literal["active", "paused", "finished", "stopped"]
"""`finished`: it has no next run; `stopped`: by the hub, `why` says why."""
RunState = Literal["waiting", "running", "done", "failed", "cancelled", "skipped"]
"""`waiting`: for its tavern; `skipped`: missed, or the run before was not over."""

_Moment = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Cron = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Zone = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Every = Annotated[float, msgspec.Meta(gt=0, le=31_622_400)]
_Jitter = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
_Patience = Annotated[float, msgspec.Meta(gt=0, le=604_800)]


class ScheduleAction(Message, omit_defaults=False):
    """A message that the key's owner could send."""

    type: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """`chat.send`, `generate`, `generation.stop`, `profile.apply`, `command.run`, `function.call`, or a program's own
    type under `x.`."""
    content: dict[str, Any] = msgspec.field(default_factory=dict)
    """As the type has it, without `request_id`, `call_id` or `message_id`: the hub names each run."""


class ScheduleCreate(Message):
    """app → hub, ack: ScheduleInfo. Runs under this key, with what it may. Exactly one of `at`, `every`, `cron`."""

    do: ScheduleAction
    name: Name = ""
    at: float | _Moment | None = None
    """Once: seconds since 1970, or ISO 8601 (without an offset: in `timezone`)."""
    every: _Every | None = None
    """Seconds between two runs; the first one is so long from now."""
    cron: _Cron | None = None
    """Minute, hour, day, month, weekday, as Debian's cron has them (`L`, `#` too), or `@hourly`, `@daily`, `@weekly`,
    `@monthly`, `@yearly`."""
    timezone: _Zone | None = None
    """IANA name, e.g. "Europe/Berlin"; absent: the hub's (`timezone` in its settings)."""
    jitter: _Jitter = 0.0
    """Up to so many seconds later, by chance."""
    missed: Literal["once", "skip"] = "once"
    """What is done about runs that were due while the hub was off: one for all of them, or none."""
    away: Literal["wait", "fail"] = "wait"
    """What is done when the tavern is away."""
    patience: _Patience = 3_600.0
    """Seconds that a run waits for its tavern."""
    app: Id | None = None
    """Under which app id it acts, where that matters (rooms); absent: as REST callers do."""


class ScheduleSet(Message):
    """app → hub, ack: ScheduleInfo. Changes what is given; one of `at`, `every`, `cron` replaces the one there was."""

    schedule: Id
    do: ScheduleAction | None = None
    name: Name | None = None
    at: float | _Moment | None = None
    every: _Every | None = None
    cron: _Cron | None = None
    timezone: _Zone | None = None
    jitter: _Jitter | None = None
    missed: Literal["once", "skip"] | None = None
    away: Literal["wait", "fail"] | None = None
    patience: _Patience | None = None
    app: Id | None = None


class ScheduleList(Message):
    """app → hub, ack: `[ScheduleInfo]`, oldest first: those of this key, of every key for an admin."""


class ScheduleRemove(Message):
    """app → hub, ack: nothing. A run that is under way goes on."""

    schedule: Id


class SchedulePause(Message):
    """app → hub, ack: ScheduleInfo."""

    schedule: Id


class ScheduleResume(Message):
    """app → hub, ack: ScheduleInfo. Goes on with the next moment; what was due meanwhile is not made up for."""

    schedule: Id


class ScheduleRun(Message):
    """app → hub, ack: RunInfo. Runs it now, beside its times; also a paused or finished one."""

    schedule: Id


class ScheduleRuns(Message):
    """app → hub, ack: `[RunInfo]`, newest first; the last 20 are kept."""

    schedule: Id


class RunInfo(Message, omit_defaults=False):
    """One run. Times are seconds since 1970."""

    due: float
    """When it was to begin; with `id`, it names the run."""
    state: RunState
    id: Id
    """Its `request_id`, `call_id` or `message_id`: `request.get` knows its result for a while."""
    started: float | None = None
    ended: float | None = None
    error: ErrorInfo | None = None
    asked: bool = False
    """By `schedule.run`."""
    missed: Count = 0
    """Runs that were due while the hub was off, and that this one stands for."""


class ScheduleInfo(Message, omit_defaults=False):
    """One schedule."""

    id: Id
    name: Name
    key: Id
    """Id of the key that made it, and under which it runs."""
    do: ScheduleAction
    at: float | str | None
    every: float | None
    cron: str | None
    timezone: str
    jitter: float
    missed: str
    away: str
    patience: float
    app: Id | None
    created: float
    state: ScheduleState
    why: str | None = None
    next: float | None = None
    """When it runs next, in seconds since 1970."""
    last: RunInfo | None = None
    """The run that is under way, else the last one."""


class ScheduleChanged(Message, omit_defaults=False):
    """hub → app: a schedule was made, changed, ran or was removed; to the key that made it and to admins."""

    id: Id
    schedule: ScheduleInfo | None = None
    """As it is now; null: it was removed."""
