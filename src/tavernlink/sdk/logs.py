"""`hub.logs`: the hub's log, for programs whose key has the scope `admin`.

async for line in hub.logs.follow(level="warning"):
    print(line.text, line.facts)
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from tavernlink.protocol.logs import LEVELS, LogLevel, LogLine, LogLines, LogList, LogPage
from tavernlink.protocol.session import Resync

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Logs"]


class Logs:
    """What the hub said, and what it says."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def list(
        self,
        *,
        limit: int = 200,
        level: LogLevel = "debug",
        logger: str | None = None,
        contains: str | None = None,
        since: float | None = None,
        before: int | None = None,
    ) -> LogPage:
        """Return the newest lines that fit, oldest first. See `protocol.logs.LogList`."""
        query = LogList(
            limit=limit, level=level, logger=logger, contains=contains, since=since, before=before
        )
        return await self._hub.ask("log.list", query, LogPage)

    async def follow(
        self, *, level: LogLevel = "debug", logger: str = "*", after: LogLine | None = None
    ) -> AsyncIterator[LogLine]:
        """Yield each new line of this level or above. Lines that were too many to send are one line that says so.

        `after`: the last line that is known; what was said between it and now comes first, so that nothing is missed.
        """
        wanted = LEVELS[LEVELS.index(level) :]
        async with self._hub.subscribe(*(f"log.{each}.{logger}" for each in wanted)) as events:
            last = 0
            if after is not None:
                page = await self.list(limit=1_000, level=level, logger=logger, since=after.time)
                for line in page.lines:
                    if line.id > after.id:
                        yield line
                last = page.lines[-1].id if page.lines else after.id
            async for event in events:
                if isinstance(event, Resync):
                    last = 0  # a hub that was started anew counts from the beginning
                if not isinstance(event, LogLines):
                    continue
                if event.missed and event.lines:
                    first = event.lines[0]
                    yield LogLine(
                        id=first.id,
                        time=first.time,
                        level="warning",
                        logger="tavernlink.logs",
                        text="log.missed",
                        facts={"lines": event.missed},
                    )
                for line in event.lines:
                    if line.level in wanted and line.id > last:
                        yield line
