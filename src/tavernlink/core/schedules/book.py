"""Every schedule of the hub: made, changed, due, run, over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tavernlink.core.chance import chance
from tavernlink.core.limits import HubLimits
from tavernlink.core.schedules.records import ScheduleRecord, ScheduleStanding
from tavernlink.core.schedules.run import Entrance, Run, names_tavern
from tavernlink.core.schedules.timing import moments_between, next_moment
from tavernlink.errors import Conflict, NotFound, TavernlinkError, Unavailable
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.protocol.schedules import RunInfo, RunState, ScheduleCreate, ScheduleInfo

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Key, Keyring
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.seams import Clock, Ids, Journal, Store

__all__ = ["Schedule", "Schedules"]

_LATE: Final = 60.0
"""Seconds after which a run counts as missed: the hub was off, or its machine asleep."""
_KEPT: Final = 20
_BUSY: Final = ErrorInfo(code="busy", message="The run before was not over.")
_GONE: Final = Unavailable("tavern_gone", "The tavern was away for longer than the schedule waits.")


class Schedule:
    """One schedule at run time."""

    __slots__ = ("record", "run")

    def __init__(self, record: ScheduleRecord) -> None:
        self.record = record
        self.run: Run | None = None
        """What is under way in this process."""

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.id

    @property
    def spec(self) -> ScheduleCreate:
        """What it was asked to be."""
        return self.record.spec

    @property
    def zone(self) -> str:
        """Its time zone."""
        return self.spec.timezone or "UTC"

    @property
    def standing(self) -> ScheduleStanding:
        """How it fares."""
        return self.record.standing

    def stand(self, **changes: Any) -> None:
        """Fare otherwise from now on."""
        standing = msgspec.structs.replace(self.standing, **changes)
        self.record = msgspec.structs.replace(self.record, standing=standing)

    def latest(self) -> list[RunInfo]:
        """Return its runs, newest first, with the one that is under way."""
        running = self.standing.running
        return self.standing.runs if running is None else [running, *self.standing.runs]

    def info(self) -> ScheduleInfo:
        """Return what may be shown of it."""
        spec, standing = self.spec, self.standing
        return ScheduleInfo(
            id=self.id,
            name=spec.name,
            key=self.record.key_id,
            do=spec.do,
            at=spec.at,
            every=spec.every,
            cron=spec.cron,
            timezone=self.zone,
            jitter=spec.jitter,
            missed=spec.missed,
            away=spec.away,
            patience=spec.patience,
            app=spec.app,
            created=self.record.made,
            state=standing.state,
            why=standing.why,
            next=standing.starts if standing.state == "active" else None,
            last=next(iter(self.latest()), None),
        )


class Schedules:
    """Not thread-safe: the event loop's."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        journal: Journal,
        limits: HubLimits,
        keyring: Keyring,
        directory: Directory,
        audit: Audit,
        entrance: Entrance,
    ) -> None:
        self._shelf = store.schedules
        self._clock = clock
        self._ids = ids
        self._journal = journal
        self._limits = limits
        self._keyring = keyring
        self._directory = directory
        self._audit = audit
        self._entrance = entrance
        self.touched: Callable[[Schedule], None] = lambda _: None
        """Called when there is something new to show of one."""
        self._schedules: dict[str, Schedule] = {}
        for record in sorted(self._shelf.load(), key=lambda each: (each.made, each.id)):
            self._schedules[record.id] = Schedule(record)

    # Making and changing

    def find(self, id_: str) -> Schedule:
        """Return the schedule with this id. Raises `unknown_schedule`."""
        found = self._schedules.get(id_)
        if found is None:
            raise NotFound(
                "unknown_schedule", f"There is no schedule {id_!r} of this key.", {"schedule": id_}
            )
        return found

    def of_key(self, key_id: str | None) -> list[Schedule]:
        """Return those of a key, or every one, oldest first."""
        return [each for each in self._schedules.values() if key_id in (None, each.record.key_id)]

    def has(self, id_: str) -> bool:
        """True if there is one with this id."""
        return id_ in self._schedules

    def create(self, key_id: str, spec: ScheduleCreate) -> Schedule:
        """Make one; its timing was checked."""
        record = ScheduleRecord(
            id=self._ids.new("sch"),
            key_id=key_id,
            made=self._clock.wall(),
            spec=spec,
            standing=ScheduleStanding(),
        )
        schedule = Schedule(record)
        self._schedules[schedule.id] = schedule
        self._plan(schedule, None)
        self._keep(schedule)
        return schedule

    def change(self, schedule: Schedule, spec: ScheduleCreate, *, retime: bool) -> None:
        """Let it do or be something else from now on; `retime`: its moments are others."""
        schedule.record = msgspec.structs.replace(schedule.record, spec=spec)
        if retime:
            if schedule.standing.state == "finished":
                schedule.stand(state="active", why=None)
            self._plan(schedule, None)
        self._keep(schedule)

    def remove(self, schedule: Schedule) -> None:
        """Forget it; a run that is under way goes on."""
        del self._schedules[schedule.id]
        self._shelf.remove(schedule.id)
        self.touched(schedule)

    def pause(self, schedule: Schedule) -> None:
        """Let no run begin by itself."""
        self._give_up_waiting(schedule)
        schedule.stand(state="paused", why=None)
        self._keep(schedule)

    def resume(self, schedule: Schedule) -> None:
        """Go on from the next moment. Raises `owner_gone`."""
        if self._key(schedule) is None:
            raise Conflict("owner_gone")
        if schedule.standing.state == "active":
            return
        schedule.stand(state="active", why=None)
        self._plan(schedule, None)
        self._keep(schedule)

    def run_now(self, schedule: Schedule) -> RunInfo:
        """Run it beside its times. Raises `busy` while a run is under way, and what its key may not."""
        if schedule.standing.running is not None:
            raise Unavailable("busy", "A run of this schedule is under way.")
        key = self._key(schedule)
        if key is None:
            raise Conflict("owner_gone")
        self._begin(schedule, key, self._clock.wall(), asked=True)
        return schedule.latest()[0]

    # Time

    def tick(self) -> None:
        """Let time pass: run what is due, go on with what waits for its tavern or was under way before a restart."""
        now = self._clock.wall()
        for schedule in list(self._schedules.values()):
            standing = schedule.standing
            due = standing.state == "active" and standing.starts is not None and standing.starts <= now
            if not due and (standing.running is None or schedule.run is not None):
                continue
            key = self._key(schedule)
            if key is None:
                self._stop(schedule, self._why_ended(schedule))
                continue
            if standing.running is not None and schedule.run is None:
                self._go_on(schedule, key, standing.running, now)
            if due:
                self._come(schedule, key, now)

    def drop_ended(self) -> None:
        """Stop the schedules whose keys are no longer good."""
        for schedule in self._schedules.values():
            if schedule.standing.state in ("active", "paused") and self._key(schedule) is None:
                self._stop(schedule, self._why_ended(schedule))

    def _come(self, schedule: Schedule, key: Key, now: float) -> None:
        """A moment of it is here, or was while nobody looked."""
        standing, spec = schedule.standing, schedule.spec
        first = standing.next if standing.next is not None else now
        late = now - (standing.starts or now) > _LATE
        count = moments_between(spec, schedule.zone, first, now) if late else 1
        self._plan(schedule, first, now=now)
        if late and spec.missed == "skip":
            error = ErrorInfo(code="missed", message="The hub was not running when this was due.")
            self._over(schedule, self._run_info(schedule, first, missed=count), "skipped", error)
        elif schedule.standing.running is not None:
            self._over(schedule, self._run_info(schedule, first), "skipped", _BUSY)
        else:
            self._begin(schedule, key, first, missed=count - 1 if late else 0)

    def _plan(self, schedule: Schedule, last: float | None, *, now: float | None = None) -> None:
        """Find its next moment; without one it is finished."""
        moment = next_moment(schedule.spec, schedule.zone, now or self._clock.wall(), last)
        if moment is None:
            schedule.stand(state="finished", next=None, starts=None)
        else:
            later = schedule.spec.jitter * chance(self._ids)
            schedule.stand(next=moment, starts=moment + later)

    # Running

    def _begin(
        self, schedule: Schedule, key: Key, due: float, *, asked: bool = False, missed: int = 0
    ) -> None:
        info = self._run_info(schedule, due, asked=asked, missed=missed)
        schedule.stand(running=info)
        self._go_on(schedule, key, info, self._clock.wall())

    def _run_info(self, schedule: Schedule, due: float, *, asked: bool = False, missed: int = 0) -> RunInfo:
        id_ = f"{schedule.id}.{int(due * 1000) if asked else int(due)}"
        return RunInfo(due=due, state="waiting", id=id_, asked=asked, missed=missed)

    def _go_on(self, schedule: Schedule, key: Key, info: RunInfo, now: float) -> None:
        """Begin a run, or take it up again, unless its tavern is away."""
        if info.state == "waiting" and not self._is_there(schedule, key):
            if schedule.spec.away == "fail":
                self._over(schedule, info, "failed", ErrorInfo.of(self._why_away(schedule)))
            elif (
                now - max(info.due, info.started or 0.0) > schedule.spec.patience and info.started is not None
            ):
                self._over(schedule, info, "failed", ErrorInfo.of(_GONE))
            elif info.started is None:
                # Since when it waits; a run that was missed waits as long as any other.
                schedule.stand(running=msgspec.structs.replace(info, started=now))
                self._keep(schedule)
            return
        info = msgspec.structs.replace(
            info, state="running", started=now if info.state == "waiting" else info.started
        )
        schedule.stand(running=info)
        self._keep(schedule)
        ended = False

        def told(state: RunState, error: ErrorInfo | None) -> None:
            nonlocal ended
            ended = True
            schedule.run = None
            if schedule.standing.running == info:
                self._over(schedule, info, state, error)

        run = Run(self._entrance, key, schedule.spec.do, info, app=schedule.spec.app, told=told)
        if not ended:
            schedule.run = run
        self._audit.record(
            "schedule.ran", key, target=schedule.id, address="schedule", type=schedule.spec.do.type
        )

    def _is_there(self, schedule: Schedule, key: Key) -> bool:
        """True if the tavern that its message goes to is connected, or the message goes to none."""
        action = schedule.spec.do
        if not names_tavern(action):
            return True
        wanted = action.content.get("tavern")
        if wanted in (None, "*", "any", "default"):
            return any(tavern.online for tavern in self._directory.listed(key))
        try:
            return self._directory.resolve(wanted, key).online
        except TavernlinkError:
            return False

    def _why_away(self, schedule: Schedule) -> TavernlinkError:
        wanted = schedule.spec.do.content.get("tavern")
        named = f"The tavern {wanted!r}" if wanted else "Every tavern"
        return Unavailable("tavern_gone", f"{named} was away.")

    def _over(self, schedule: Schedule, info: RunInfo, state: RunState, error: ErrorInfo | None) -> None:
        over = msgspec.structs.replace(info, state=state, error=error, ended=self._clock.wall())
        running = schedule.standing.running
        schedule.stand(
            running=None if running is not None and running.id == info.id else running,
            runs=[over, *schedule.standing.runs][:_KEPT],
        )
        if self._schedules.get(schedule.id) is schedule:
            self._keep(schedule)
        if state == "failed":
            self._journal(
                "schedule.failed", schedule=schedule.id, code=error.code if error is not None else None
            )

    def _give_up_waiting(self, schedule: Schedule) -> None:
        running = schedule.standing.running
        if running is not None and running.state == "waiting":
            error = ErrorInfo(
                code="cancelled", message="The schedule was paused or stopped while this waited."
            )
            self._over(schedule, running, "cancelled", error)

    def _stop(self, schedule: Schedule, why: str) -> None:
        self._give_up_waiting(schedule)
        schedule.stand(state="stopped", why=why)
        if schedule.run is None:
            schedule.stand(running=None)
        self._keep(schedule)
        self._journal("schedule.stopped", schedule=schedule.id, why=why)

    def _key(self, schedule: Schedule) -> Key | None:
        key_id = schedule.record.key_id
        return self._keyring.find(key_id) if self._keyring.why_ended(key_id) is None else None

    def _why_ended(self, schedule: Schedule) -> str:
        ended = self._keyring.why_ended(schedule.record.key_id)
        return f"Its key {'has expired' if ended == 'key_expired' else 'was revoked'}."

    def _keep(self, schedule: Schedule) -> None:
        self._shelf.put(schedule.record)
        self.touched(schedule)
