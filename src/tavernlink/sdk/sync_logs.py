"""`hub.logs`, blocking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tavernlink.protocol.logs import LogLevel, LogLine, LogPage
from tavernlink.sdk.logs import Logs

if TYPE_CHECKING:
    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncLogs"]


class SyncLogs:
    """As `Logs`."""

    def __init__(self, hub: SyncHub, logs: Logs) -> None:
        self._hub = hub
        self._logs = logs

    def list(
        self,
        *,
        limit: int = 200,
        level: LogLevel = "debug",
        logger: str | None = None,
        contains: str | None = None,
        since: float | None = None,
        before: int | None = None,
    ) -> LogPage:
        """As `Logs.list`."""
        found = self._logs.list(
            limit=limit, level=level, logger=logger, contains=contains, since=since, before=before
        )
        return self._hub.loop.run(found)

    def follow(
        self, *, level: LogLevel = "debug", logger: str = "*", after: LogLine | None = None
    ) -> Iterator[LogLine]:
        """As `Logs.follow`."""
        return self._hub.loop.iterate(self._logs.follow(level=level, logger=logger, after=after))
