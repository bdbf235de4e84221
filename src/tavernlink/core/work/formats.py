"""Answers in a form that was asked for: a request's `json_schema` is held against what the model wrote.

The page asks the model for the form and reads its answer as JSON; whether that fits the schema is checked here, where
the schema's rules are known.
"""

from __future__ import annotations

from typing import Any

from tavernlink.core.functions.schema import compile_schema
from tavernlink.core.work.requests import Request
from tavernlink.errors import BadMessage
from tavernlink.protocol.outcome import ErrorInfo

__all__ = ["check_format", "find_misfit"]

_COMMANDS = ("generate", "generation.quiet", "generation.raw", "generation.detached")
_SHOWN = 2_000  # characters of an answer that go into an error


def check_format(request: Request) -> None:
    """Raise `invalid_schema` for a request whose answer could never be checked."""
    schema = _schema(request)
    if schema is not None:
        compile_schema(schema, "$.json_schema")


def find_misfit(request: Request, result: Any) -> ErrorInfo | None:
    """Return what is wrong with an answer; None: it fits, or no form was asked for."""
    schema = _schema(request)
    if schema is None or not isinstance(result, dict):
        return None
    try:
        check = compile_schema(schema, "$.json_schema")
    except BadMessage:  # of a request from before the hub was started again, by other rules
        return None
    problem = None if check is None else check.problem(result.get("data"))
    if problem is None:
        return None
    return ErrorInfo(
        code="invalid_output",
        message=f"The model's answer does not fit the schema: {problem.message} (at ${problem.path}).",
        details={
            "path": f"${problem.path}",
            "keyword": problem.keyword,
            "text": str(result.get("text", ""))[:_SHOWN],
        },
    )


def _schema(request: Request) -> dict[str, Any] | None:
    if request.command not in _COMMANDS or not isinstance(request.args, dict):
        return None
    schema = request.args.get("json_schema")
    return schema if isinstance(schema, dict) else None
