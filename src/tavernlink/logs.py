"""Logs: structured, for a person in a terminal, as JSON lines everywhere else; and never a secret in them.

`structlog` and the standard `logging` (uvicorn and other libraries) end in the same place: standard error. Every value
passes through `redact` as its last step, so a secret is cut out wherever it came from: a fact, a message, a traceback.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from tavernlink.controls import without_controls

__all__ = ["Format", "cut_secrets", "redact", "set_log_level", "set_up_logs"]

Format = Literal["auto", "human", "json"]

_CUT = "…"
_SECRET_NAMES = frozenset({
    "access_token", "api_key", "apikey", "authorization", "cookie", "key_text", "password", "secret", "set-cookie",
    "token", "x-api-key",
})  # fmt: skip
_CHATTY = ("alembic", "asyncio", "httpcore", "httpx", "httpx2", "mcp", "uvicorn", "websockets")
"""Libraries that say at `info` what only interests those who debug them."""

_PATTERNS = (
    # A key's role and id stay, so that a line still tells whose it was.
    (re.compile(r"\btl_([a-z]+)_([A-Za-z0-9-]+)_[A-Za-z0-9_-]+"), rf"tl_\1_\2_{_CUT}"),
    (re.compile(r"\btl_(?!(?:admin|tavern|app|viewer)_[A-Za-z0-9-]+_)[A-Za-z0-9_-]{16,}"), f"tl_{_CUT}"),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"), f"sk-{_CUT}"),
    (
        re.compile(r"([?&](?:token|key|api_key|access_token|auth|secret)=)[^&\s\"'#<>]+", re.IGNORECASE),
        rf"\1{_CUT}",
    ),
    (
        re.compile(
            r"(authorization[\"']?\s*[:=,]\s*b?[\"']?)(?:(bearer|basic)\s+)?[^\s\"',;)}]+", re.IGNORECASE
        ),
        rf"\1{_CUT}",
    ),
    (re.compile(r"\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1{_CUT}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@:\"']*:[^\s/@\"']+@", re.IGNORECASE), rf"\1{_CUT}@"),
)


def redact(text: str) -> str:
    """Return the text without keys, tokens in addresses, Authorization headers and passwords."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def set_up_logs(level: str = "info", format_: Format = "auto", stream: TextIO | None = None) -> None:
    """Send every log line from `level` up to `stream` (standard error). May be called again.

    `format_`: `human`, `json`, or `auto`: human where the stream is a terminal.
    """
    stream = stream if stream is not None else sys.stderr
    human = format_ == "human" or (format_ == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if human else "iso", utc=not human),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _cut_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([_cut_controls] if human else []),
                _renderer(stream, human=human),
            ],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    set_log_level(level)
    for each in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        # Wherever uvicorn ran with its own settings before, its lines would go past ours, uncut.
        logger = logging.getLogger(each)
        logger.handlers.clear()
        logger.propagate = True


def set_log_level(level: str) -> None:
    """Say what is said from this level up; libraries that chatter are quieter."""
    root = logging.getLogger()
    root.setLevel(level.upper())
    quiet = logging.DEBUG if root.level <= logging.DEBUG else max(root.level, logging.WARNING)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(quiet)


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that setting up again replaces it."""


def _renderer(stream: TextIO, *, human: bool) -> Processor:
    if not human:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    # Windows consoles need colorama for colours; plain text is readable everywhere.
    colours = stream.isatty() and sys.platform != "win32" and "NO_COLOR" not in os.environ
    return structlog.dev.ConsoleRenderer(colors=colours)


def _cut_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    # Names with an underscore are structlog's own working objects; they are taken out before anything is written.
    return {
        name: value if name.startswith("_") else cut_secrets(name, value) for name, value in event.items()
    }


def _cut_controls(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Names and messages of others may hold what a terminal obeys."""
    return {
        name: without_controls(value) if isinstance(value, str) else value for name, value in event.items()
    }


def cut_secrets(name: str, value: Any) -> Any:
    """Return a value that is safe to write, made of JSON's own types."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if name.lower() in _SECRET_NAMES:
        return _CUT
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {str(each): cut_secrets(str(each), inner) for each, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = list(value)
        if len(items) == 2 and isinstance(items[0], str):  # a header as (name, value)
            return [redact(items[0]), cut_secrets(items[0], items[1])]
        return [cut_secrets("", inner) for inner in items]
    return redact(str(value))
