"""`/api/stats`: the hub in figures."""

from __future__ import annotations

from litestar import get

from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller
from tavernlink.protocol.stats import Stats, StatsGet

__all__ = ["show_stats"]


@get(
    "/stats",
    tags=["stats"],
    summary="Taverns, apps, rooms, requests, tokens per second, delivery, errors lately",
)
async def show_stats(caller: AsCaller) -> Answer[Stats]:
    """`stats.get`."""
    return ok(await caller.ask("stats.get", StatsGet()))
