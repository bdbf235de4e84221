"""What the hub does at a time, on an interval, or as cron says: `hub.schedules`."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tavernlink.protocol.message import Message
from tavernlink.protocol.schedules import (
    RunInfo,
    ScheduleAction,
    ScheduleCreate,
    ScheduleInfo,
    ScheduleList,
    SchedulePause,
    ScheduleRemove,
    ScheduleResume,
    ScheduleRun,
    ScheduleRuns,
    ScheduleSet,
)
from tavernlink.sdk.calls import Repeat

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Schedules"]


class Schedules:
    """`hub.schedules`: needs the scope `automate`. A key sees its own, an admin's every one."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def create(
        self,
        type: str,  # noqa: A002 (as the message has it)
        content: Message | dict[str, Any] | None = None,
        *,
        at: datetime | float | str | None = None,
        every: float | None = None,
        cron: str | None = None,
        timezone: str | None = None,
        name: str = "",
        jitter: float = 0.0,
        missed: Literal["once", "skip"] = "once",
        away: Literal["wait", "fail"] = "wait",
        patience: float = 3_600.0,
        app: str | None = None,
    ) -> ScheduleInfo:
        """Have a message of this type sent under this program's key: exactly one of `at`, `every`, `cron`.

        `at`: a moment; a `datetime` without a time zone is this machine's. `every`: seconds. `missed`: what is done
        about runs that were due while the hub was off; `away`: when the tavern is away, for `patience` seconds.
        """
        asked = ScheduleCreate(
            do=ScheduleAction(type=type, content=msgspec.to_builtins(content or {})),
            name=name,
            at=_moment(at),
            every=every,
            cron=cron,
            timezone=timezone,
            jitter=jitter,
            missed=missed,
            away=away,
            patience=patience,
            app=app,
        )
        return await self._hub.ask("schedule.create", asked, ScheduleInfo, repeat=Repeat.NEVER)

    async def set(self, schedule: str, **changes: Any) -> ScheduleInfo:
        """Change what is given, under the names that `create` has; what it does as `do={"type", "content"}`."""
        if "at" in changes:
            changes["at"] = _moment(changes["at"])
        if isinstance(changes.get("do"), dict):
            changes["do"] = msgspec.convert(changes["do"], ScheduleAction)
        return await self._hub.ask("schedule.set", ScheduleSet(schedule=schedule, **changes), ScheduleInfo)

    async def list(self) -> builtins.list[ScheduleInfo]:
        """Return them, oldest first."""
        return await self._hub.ask("schedule.list", ScheduleList(), builtins.list[ScheduleInfo])

    async def remove(self, schedule: str) -> None:
        """Remove it; a run that is under way goes on. Raises `NotFound`."""
        await self._hub.call("schedule.remove", ScheduleRemove(schedule=schedule))

    async def pause(self, schedule: str) -> ScheduleInfo:
        """Let it begin nothing."""
        return await self._hub.ask("schedule.pause", SchedulePause(schedule=schedule), ScheduleInfo)

    async def resume(self, schedule: str) -> ScheduleInfo:
        """Go on from its next moment."""
        return await self._hub.ask("schedule.resume", ScheduleResume(schedule=schedule), ScheduleInfo)

    async def run(self, schedule: str) -> RunInfo:
        """Run it now, beside its times."""
        return await self._hub.ask(
            "schedule.run", ScheduleRun(schedule=schedule), RunInfo, repeat=Repeat.NEVER
        )

    async def runs(self, schedule: str) -> builtins.list[RunInfo]:
        """Return its last runs, newest first."""
        return await self._hub.ask("schedule.runs", ScheduleRuns(schedule=schedule), builtins.list[RunInfo])


def _moment(at: datetime | float | str | None) -> float | str | None:
    return at.timestamp() if isinstance(at, datetime) else at
