"""What apps ask about schedules. A key sees and changes its own; an admin's every one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tavernlink.core.access.rights import check_send
from tavernlink.core.schedules.book import Schedule, Schedules
from tavernlink.core.schedules.run import check_action
from tavernlink.core.schedules.timing import check_timing
from tavernlink.errors import NotFound, Unavailable
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.routing import CUSTOM, is_custom
from tavernlink.protocol.schedules import (
    ScheduleCreate,
    ScheduleList,
    SchedulePause,
    ScheduleRemove,
    ScheduleResume,
    ScheduleRun,
    ScheduleRuns,
    ScheduleSet,
)

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Key, Keyring
    from tavernlink.core.limits import HubLimits
    from tavernlink.core.messages.handlers import Asked
    from tavernlink.core.peers.peer import App
    from tavernlink.core.seams import Ack, Clock

__all__ = ["ScheduleMessages"]

_TIMES = ("at", "every", "cron")


class ScheduleMessages:
    """Handlers of `schedule.*`."""

    def __init__(
        self, book: Schedules, *, keyring: Keyring, audit: Audit, clock: Clock, limits: HubLimits
    ) -> None:
        self._book = book
        self._keyring = keyring
        self._audit = audit
        self._clock = clock
        self._limits = limits
        self.handlers: Mapping[str, Asked] = {
            "schedule.create": self._create,
            "schedule.set": self._set,
            "schedule.list": self._list,
            "schedule.remove": self._remove,
            "schedule.pause": self._pause,
            "schedule.resume": self._resume,
            "schedule.run": self._run,
            "schedule.runs": self._runs,
        }

    def _create(self, app: App, message: ScheduleCreate, ack: Ack) -> None:
        most = self._limits.schedules_per_key
        if len(self._book.of_key(app.key.id)) >= most:
            raise Unavailable("quota", f"This key has {most} schedules, which is as many as it may.")
        spec = msgspec.structs.replace(message, timezone=message.timezone or self._limits.timezone)
        self._check(app.key, spec, timed=True)
        schedule = self._book.create(app.key.id, spec)
        self._audit.record("schedule.created", app, target=schedule.id, type=spec.do.type)
        ack(Success(result=schedule.info()))

    def _set(self, app: App, message: ScheduleSet, ack: Ack) -> None:
        schedule = self._mine(app, message.schedule)
        given: dict[str, Any] = {
            name: getattr(message, name)
            for name in ScheduleCreate.__struct_fields__
            if getattr(message, name) is not None
        }
        timed = any(name in given for name in _TIMES)
        if timed:
            given = {**dict.fromkeys(_TIMES), **given}
        spec = msgspec.structs.replace(schedule.spec, **given)
        # It runs under its maker's key, whoever changes it.
        key = self._keyring.find(schedule.record.key_id) or app.key
        retime = timed or "timezone" in given
        self._check(key, spec, timed=retime)
        self._book.change(schedule, spec, retime=retime or "jitter" in given)
        self._audit.record("schedule.changed", app, target=schedule.id, type=spec.do.type)
        ack(Success(result=schedule.info()))

    def _check(self, key: Key, spec: ScheduleCreate, *, timed: bool) -> None:
        check_action(spec.do)
        check_send(key, CUSTOM if is_custom(spec.do.type) else spec.do.type)
        if timed:
            zone = spec.timezone or self._limits.timezone
            check_timing(spec, zone, now=self._clock.wall(), shortest=self._limits.schedule_shortest)

    def _list(self, app: App, message: ScheduleList, ack: Ack) -> None:
        found = self._book.of_key(None if "admin" in app.key.held else app.key.id)
        ack(Success(result=[schedule.info() for schedule in found]))

    def _remove(self, app: App, message: ScheduleRemove, ack: Ack) -> None:
        schedule = self._mine(app, message.schedule)
        self._book.remove(schedule)
        self._audit.record("schedule.removed", app, target=schedule.id)
        ack(Success())

    def _pause(self, app: App, message: SchedulePause, ack: Ack) -> None:
        schedule = self._mine(app, message.schedule)
        self._book.pause(schedule)
        self._audit.record("schedule.paused", app, target=schedule.id)
        ack(Success(result=schedule.info()))

    def _resume(self, app: App, message: ScheduleResume, ack: Ack) -> None:
        schedule = self._mine(app, message.schedule)
        self._book.resume(schedule)
        self._audit.record("schedule.resumed", app, target=schedule.id)
        ack(Success(result=schedule.info()))

    def _run(self, app: App, message: ScheduleRun, ack: Ack) -> None:
        schedule = self._mine(app, message.schedule)
        ack(Success(result=self._book.run_now(schedule)))

    def _runs(self, app: App, message: ScheduleRuns, ack: Ack) -> None:
        ack(Success(result=self._mine(app, message.schedule).latest()))

    def _mine(self, app: App, id_: str) -> Schedule:
        schedule = self._book.find(id_)
        if schedule.record.key_id != app.key.id and "admin" not in app.key.held:
            raise NotFound(
                "unknown_schedule", f"There is no schedule {id_!r} of this key.", {"schedule": id_}
            )
        return schedule
