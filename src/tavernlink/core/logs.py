"""The hub's log, for admins: `log.list`, and `log.lines` to those who subscribed.

Whoever hears of lines must not make more of them. So lines are told on the tick, a bounded number to each listener,
and what is said while they are told is kept but told to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from tavernlink.core.peers.directory import ANY
from tavernlink.protocol.event import Event
from tavernlink.protocol.logs import LEVELS, LogLine, LogLines, LogList, LogPage, has_words, log_topic
from tavernlink.protocol.outcome import Success

if TYPE_CHECKING:
    from tavernlink.core.messages.handlers import Asked
    from tavernlink.core.peers.peer import Peer
    from tavernlink.core.peers.session import Session
    from tavernlink.core.peers.subscriptions import Subscriptions
    from tavernlink.core.seams import Ack, LogSource

__all__ = ["MOST_TOLD", "LogMessages"]

MOST_TOLD: Final = 250
"""Lines that one listener is told on one tick, of which there are four in a second."""


class LogMessages:
    """Tells what the log says. Without a source there is nothing to tell."""

    def __init__(self, source: LogSource | None, subscriptions: Subscriptions) -> None:
        self._source = source
        self._subscriptions = subscriptions
        self._told = 0
        """Id of the last line that listeners were told of."""
        self.handlers: Mapping[str, Asked] = {"log.list": self._list}

    def _list(self, peer: Peer, message: LogList, ack: Ack) -> None:
        if self._source is None:
            ack(Success(result=LogPage(lines=[], more=False, forgotten=0, level="info")))
            return
        found: list[LogLine] = []
        more = False
        for line in reversed(self._source.kept()):
            if message.since is not None and line.time < message.since:
                break
            if not _fits(line, message):
                continue
            if len(found) == message.limit:
                more = True
                break
            found.append(line)
        page = LogPage(
            lines=found[::-1], more=more, forgotten=self._source.forgotten, level=self._source.threshold()
        )
        ack(Success(result=page))

    def tick(self) -> None:
        """Tell listeners what was said since the last time."""
        if self._source is None or self._source.last <= self._told:
            return
        lines, lost = self._source.after(self._told)
        self._told = self._source.last
        wanted: dict[Session, list[LogLine]] = {}
        for line in lines:
            for session in self._subscriptions.route(ANY, log_topic(line)):
                wanted.setdefault(session, []).append(line)
        if not wanted:
            return
        events: dict[tuple[int, ...], Event] = {}
        with self._source.quiet():
            for session, found in wanted.items():
                some = found[-MOST_TOLD:]
                missed = len(found) - len(some) + lost
                which = (missed, *(line.id for line in some))
                if which not in events:
                    events[which] = Event("log.lines", LogLines(lines=some, missed=missed))
                session.deliver(events[which])


def _fits(line: LogLine, query: LogList) -> bool:
    if LEVELS.index(line.level) < LEVELS.index(query.level):
        return False
    if query.before is not None and line.id >= query.before:
        return False
    if query.logger is not None and not fnmatchcase(line.logger, query.logger):
        return False
    return has_words(line, query.contains)
