"""The newest lines of this process's log, in memory: what `log.list` shows and `log.lines` tells.

It takes what reaches the root logger, structlog's lines and those of libraries, and cuts secrets out of each as `logs`
does, whoever formatted it before. Bounded by count and by size. Any thread may log.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, cast

from tavernlink.logs import cut_secrets, redact
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.logs import LogLevel, LogLine

__all__ = ["LogRing"]

_LINES: Final = 10_000
_BYTES: Final = 8 << 20
_LONGEST: Final = 4_000  # characters of one text
_WORDS: Final = frozenset({"event", "level", "logger", "timestamp", "exc_info", "stack_info"})
"""Facts of structlog that have a place of their own in a line."""


class LogRing(logging.Handler):
    """Listens from `attach` to `detach`."""

    def __init__(self, most: int = _LINES, most_bytes: int = _BYTES) -> None:
        super().__init__()
        self._most = most
        self._most_bytes = most_bytes
        self._lines: deque[tuple[LogLine, int, bool]] = deque()
        """(line, size, whether listeners are told of it), oldest first."""
        self._size = 0
        self.last = 0
        """Id of the newest line; 0: there is none."""
        self._here = threading.local()

    def attach(self) -> None:
        """Begin to listen."""
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        """Listen no more."""
        logging.getLogger().removeHandler(self)

    @property
    def forgotten(self) -> int:
        """Lines that had to make room."""
        return self.last - len(self._lines)

    def threshold(self) -> LogLevel:
        """Return the level from which on the hub's own lines are said at all."""
        return _level(logging.getLogger("tavernlink").getEffectiveLevel())

    def kept(self) -> list[LogLine]:
        """Return every line, oldest first."""
        with self.lock or contextlib.nullcontext():
            return [line for line, _, _ in self._lines]

    def after(self, id_: int) -> tuple[list[LogLine], int]:
        """Return the lines after this one that listeners are told of, and how many went before anybody asked."""
        with self.lock or contextlib.nullcontext():
            newer: list[LogLine] = []
            for line, _, told in reversed(self._lines):
                if line.id <= id_:
                    break
                if told:
                    newer.append(line)
            oldest = self._lines[0][0].id if self._lines else self.last + 1
            return newer[::-1], max(0, oldest - id_ - 1)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """What this thread says while inside is kept, and told to nobody."""
        self._here.quiet = True
        try:
            yield
        finally:
            self._here.quiet = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record. The logging module holds the lock."""
        try:
            text, facts = _parts(record)
            size = len(encode_json(facts))
        except Exception:  # noqa: BLE001 (a record that cannot be formatted or sent must not break who logged it)
            text, facts, size = "a line that cannot be shown", {}, 0
        size += len(text) + len(record.name) + 200
        self.last += 1
        line = LogLine(
            id=self.last,
            time=record.created,
            level=_level(record.levelno),
            logger=record.name[:200],
            text=text,
            facts=facts,
        )
        self._lines.append((line, size, not getattr(self._here, "quiet", False)))
        self._size += size
        while len(self._lines) > self._most or (self._size > self._most_bytes and len(self._lines) > 1):
            _, gone, _ = self._lines.popleft()
            self._size -= gone


def _parts(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    if isinstance(record.msg, dict):
        said = cast("dict[str, Any]", record.msg)
        text = str(said.get("event", ""))
        facts = {
            name: value for name, value in said.items() if name not in _WORDS and not name.startswith("_")
        }
    else:
        text = record.getMessage()
        facts = {}
    if record.exc_info and record.exc_info[0] is not None and "exception" not in facts:
        facts["exception"] = logging.Formatter().formatException(record.exc_info)
    return _sendable(redact(text))[:_LONGEST], {
        _sendable(str(name))[:100]: _short(cut_secrets(str(name), value))
        for name, value in list(facts.items())[:50]
    }


def _short(value: Any) -> Any:
    """Cut what is long. A traceback's end says what went wrong."""
    if isinstance(value, str):
        value = _sendable(value)
        return value if len(value) <= _LONGEST else f"…{value[-_LONGEST:]}"
    if isinstance(value, list | dict):
        whole = _sendable(json.dumps(value, ensure_ascii=False))
        return json.loads(whole) if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"
    return value


def _sendable(text: str) -> str:
    """Names of files may hold what is no UTF-8; a line with it could not be sent, nor any page that it is on."""
    return text.encode("utf-8", "replace").decode()


def _level(number: int) -> LogLevel:
    steps: tuple[tuple[int, LogLevel], ...] = (
        (logging.CRITICAL, "critical"),
        (logging.ERROR, "error"),
        (logging.WARNING, "warning"),
        (logging.INFO, "info"),
    )
    return next((name for least, name in steps if number >= least), "debug")
