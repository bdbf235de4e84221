"""`/api/schedules`: what the hub does at a time, on an interval, or as cron says."""

from __future__ import annotations

from typing import Literal

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller
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

__all__ = ["ScheduleRoutes"]


class ScheduleChange(msgspec.Struct, kw_only=True):
    """Body of a change: what is given becomes so; one of `at`, `every`, `cron` replaces the one there was."""

    do: ScheduleAction | None = None
    name: str | None = None
    at: float | str | None = None
    every: float | None = None
    cron: str | None = None
    timezone: str | None = None
    jitter: float | None = None
    missed: Literal["once", "skip"] | None = None
    away: Literal["wait", "fail"] | None = None
    patience: float | None = None
    app: str | None = None


class ScheduleRoutes(Controller):
    """Those of the caller's key; every one for an admin."""

    path = "/schedules"
    tags = ["schedules"]

    @get("/", summary="Schedules, with their next and last runs")
    async def show(self, caller: AsCaller) -> Answer[list[ScheduleInfo]]:
        """`schedule.list`."""
        return ok(await caller.ask("schedule.list", ScheduleList()))

    @post("/", summary="Make one; it runs under the caller's key", status_code=201)
    async def create(self, caller: AsCaller, data: JSONBody[ScheduleCreate]) -> Answer[ScheduleInfo]:
        """`schedule.create`."""
        return ok(await caller.ask("schedule.create", data), status=201)

    @patch("/{schedule:str}", summary="Change what is given")
    async def change(
        self, caller: AsCaller, schedule: FromPath[str], data: JSONBody[ScheduleChange]
    ) -> Answer[ScheduleInfo]:
        """`schedule.set`."""
        change = ScheduleSet(schedule=schedule, **msgspec.structs.asdict(data))
        return ok(await caller.ask("schedule.set", change))

    @delete("/{schedule:str}", summary="Remove it; a run that is under way goes on", status_code=200)
    async def remove(self, caller: AsCaller, schedule: FromPath[str]) -> Answer[None]:
        """`schedule.remove`."""
        return ok(await caller.ask("schedule.remove", ScheduleRemove(schedule=schedule)))

    @post("/{schedule:str}/pause", summary="Let it begin nothing", status_code=200)
    async def pause(self, caller: AsCaller, schedule: FromPath[str]) -> Answer[ScheduleInfo]:
        """`schedule.pause`."""
        return ok(await caller.ask("schedule.pause", SchedulePause(schedule=schedule)))

    @post("/{schedule:str}/resume", summary="Go on from its next moment", status_code=200)
    async def resume(self, caller: AsCaller, schedule: FromPath[str]) -> Answer[ScheduleInfo]:
        """`schedule.resume`."""
        return ok(await caller.ask("schedule.resume", ScheduleResume(schedule=schedule)))

    @post("/{schedule:str}/run", summary="Run it now, beside its times", status_code=200)
    async def run(self, caller: AsCaller, schedule: FromPath[str]) -> Answer[RunInfo]:
        """`schedule.run`."""
        return ok(await caller.ask("schedule.run", ScheduleRun(schedule=schedule)))

    @get("/{schedule:str}/runs", summary="Its last runs, newest first")
    async def runs(self, caller: AsCaller, schedule: FromPath[str]) -> Answer[list[RunInfo]]:
        """`schedule.runs`."""
        return ok(await caller.ask("schedule.runs", ScheduleRuns(schedule=schedule)))
