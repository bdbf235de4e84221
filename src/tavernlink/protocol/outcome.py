"""The outcome of anything that was asked: the ack of a message, the end of a command, the body of a REST reply."""

from __future__ import annotations

from typing import Any

import msgspec

from tavernlink.errors import TavernlinkError, error_from_code
from tavernlink.protocol.message import Message

__all__ = ["ErrorInfo", "Failure", "Success", "failure_of"]


class ErrorInfo(Message):
    """An error as it goes over the wire."""

    code: str
    """Stable snake_case word, from `tavernlink.errors`."""
    message: str
    """What happened, why, what to do."""
    details: dict[str, Any] = msgspec.field(default_factory=dict)
    """JSON-safe facts for a program."""

    @classmethod
    def of(cls, error: TavernlinkError) -> ErrorInfo:
        """Return the wire form of `error`."""
        return cls(code=error.code, message=error.message, details=error.details)

    def to_error(self) -> TavernlinkError:
        """Return the exception that this stands for."""
        return error_from_code(self.code, self.message, self.details)


class Success(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`{"ok": true, "result": …}`."""

    ok: bool = True
    result: Any = None
    """What the catalogue names as the result of the message type."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`{"ok": false, "error": {"code", "message", "details"?}}`."""

    ok: bool = False
    error: ErrorInfo


def failure_of(error: TavernlinkError) -> Failure:
    """Return the outcome that reports `error`."""
    return Failure(error=ErrorInfo.of(error))
