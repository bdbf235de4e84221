"""When a schedule runs: the moments that `at`, `every` and `cron` mean.

Cron is Debian's: where clocks go forward, what falls into the hour that is not there runs right after it; where they
go back, what has a fixed hour runs once. An interval is counted in real seconds and knows no clocks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tavernlink.errors import BadMessage
from tavernlink.protocol.schedules import ScheduleCreate

__all__ = ["check_timing", "moments_between", "next_moment", "zone_of"]

_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LAST: Final = datetime(9990, 1, 1, tzinfo=UTC).timestamp()
_MOST: Final = 10_000
_FIELDS: Final = 5


@lru_cache(256)
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of this IANA name. Raises `invalid_message`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, a folder of the zone files
        raise _bad(
            "timezone", f"there is no time zone {name!r}; take an IANA name such as Europe/Berlin"
        ) from None


def check_timing(spec: ScheduleCreate, zone: str, *, now: float, shortest: float) -> None:
    """Raise `invalid_message` unless exactly one of `at`, `every` and `cron` is given, and means something."""
    ways = [name for name in ("at", "every", "cron") if getattr(spec, name) is not None]
    if len(ways) != 1:
        raise _bad("at", "a schedule has exactly one of `at`, `every` and `cron`")
    zone_of(zone)
    if spec.at is not None and moment_of(spec.at, zone) <= now:
        raise _bad("at", f"{spec.at} is over already")
    if spec.every is not None and spec.every < shortest:
        raise _bad("every", f"the shortest interval of this hub is {shortest:g} s (`schedule_shortest`)")
    if spec.cron is not None:
        first = _after(spec.cron, zone, now)
        if first is None:
            raise _bad("cron", f"{spec.cron!r} never comes")


def next_moment(spec: ScheduleCreate, zone: str, after: float, last: float | None) -> float | None:
    """Return the next moment after `after`, None where there is none; `last`: the moment before it, where one was."""
    if spec.at is not None:
        moment = moment_of(spec.at, zone)
        return moment if moment > after else None
    if spec.every is not None:
        if last is None:
            return after + spec.every
        # On the grid of before, so that a late run does not move those after it.
        return last + spec.every * max(1, int((after - last) // spec.every) + 1)
    return None if spec.cron is None else _after(spec.cron, zone, after)


def moments_between(spec: ScheduleCreate, zone: str, first: float, until: float) -> int:
    """Return how many moments there are from `first`, which is one, to `until`."""
    if spec.every is not None:
        return int((until - first) // spec.every) + 1
    count, moment = 1, first
    while count < _MOST and spec.cron is not None:
        following = _after(spec.cron, zone, moment)
        if following is None or following > until:
            break
        count, moment = count + 1, following
    return count


def moment_of(at: float | str, zone: str) -> float:
    """Return what `at` means, in seconds since 1970. Raises `invalid_message`."""
    try:
        if isinstance(at, str):
            read = datetime.fromisoformat(at.strip())
            moment = (read if read.tzinfo is not None else read.replace(tzinfo=zone_of(zone))).timestamp()
        else:
            moment = float(at)
    except (ValueError, OverflowError):
        raise _bad("at", f"{at!r} is no moment; write it as 2027-01-31T18:30") from None
    if not 0 <= moment < _LAST:
        raise _bad("at", f"{at!r} is too far away")
    return moment


def _after(expression: str, zone: str, after: float) -> float | None:
    try:
        return next(_cron(expression, datetime.fromtimestamp(after, zone_of(zone)))).timestamp()
    except StopIteration:
        return None


def _cron(expression: str, start: datetime) -> CronSim:
    text = _NAMED.get(expression.strip().lower(), expression)
    if len(text.split()) != _FIELDS:
        raise _bad("cron", f"{expression!r} must have five fields: minute, hour, day, month, weekday")
    try:
        return CronSim(text, start)
    except CronSimError as error:
        raise _bad("cron", f"{expression!r} cannot be read: {str(error).lower()}") from None


def _bad(field: str, why: str) -> BadMessage:
    return BadMessage(
        "invalid_message", f"This schedule cannot be: {why} (at $.{field}).", {"path": f"$.{field}"}
    )
