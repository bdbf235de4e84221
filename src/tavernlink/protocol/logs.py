"""Messages about the hub's log: what it said lately, what it says now. Secrets are cut out before a line is kept."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

import msgspec

from tavernlink.protocol.message import Count, Message

__all__ = ["LEVELS", "LogLevel", "LogLine", "LogLines", "LogList", "LogPage", "has_words", "log_topic"]

LogLevel = Literal["debug", "info", "warning", "error", "critical"]
LEVELS: Final[tuple[LogLevel, ...]] = ("debug", "info", "warning", "error", "critical")
"""From the least to the most serious."""


class LogLine(Message, omit_defaults=False):
    """One line of the hub's log."""

    id: Count
    """Grows by one with each line since the hub started."""
    time: float
    """Seconds since 1970."""
    level: LogLevel
    logger: str
    """Which part said it, e.g. `tavernlink.settings`, `uvicorn.error`."""
    text: str
    """What happened: `noun.verb` where the hub says it, a sentence where a library does."""
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    """What belongs to it, e.g. `peer`, `code`; `exception` is a traceback."""


class LogList(Message):
    """app → hub, ack: `LogPage`. What is given must fit, all of it; of those that fit, the newest."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 200
    level: LogLevel = "debug"
    """This one, and what is more serious."""
    logger: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    """Glob, e.g. `tavernlink.*`."""
    contains: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    """Words that stand in the text, the logger's name or the facts, whatever their case."""
    since: float | None = None
    """Seconds since 1970, this moment included."""
    before: Count | None = None
    """Only lines with a smaller id: the page before one that is known."""


class LogPage(Message, omit_defaults=False):
    """Lines of the log, oldest first."""

    lines: list[LogLine]
    more: bool
    """There are older ones that fit."""
    forgotten: Count
    """Lines since the start that are no longer kept."""
    level: LogLevel
    """What the hub writes down at all: this level, and what is more serious (the setting `log_level`)."""


class LogLines(Message, omit_defaults=False):
    """hub → app: new lines, a few times a second; for apps of an admin key that subscribed to `log.LEVEL.LOGGER`."""

    lines: list[LogLine]
    missed: Count = 0
    """Lines before these that were too many to send. `log.list` has those that are still kept."""


def log_topic(line: LogLine) -> str:
    """Return what subscriptions match: `log.LEVEL.LOGGER`, e.g. `log.warning.tavernlink`."""
    return f"log.{line.level}.{line.logger}"


def has_words(line: LogLine, contains: str | None) -> bool:
    """True if the words stand in the text, the logger's name or the facts (as JSON), whatever their case."""
    if not contains:
        return True
    facts = json.dumps(line.facts, ensure_ascii=False) if line.facts else ""
    return contains.casefold() in f"{line.text} {line.logger} {facts}".casefold()
