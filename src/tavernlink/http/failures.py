"""Errors on their way out: whatever went wrong becomes one `TavernlinkError`, and that becomes status, headers, body.

Under `/v1` the body is OpenAI's error object, everywhere else the outcome `{"ok": false, "error": {…}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.types import Send

from tavernlink.errors import AuthError, BadMessage, NotFound, TavernlinkError
from tavernlink.http.openai.failures import openai_body, openai_headers
from tavernlink.http.status import retry_after_of, status_of
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.outcome import failure_of

__all__ = ["Failed", "as_error", "failed", "handle_exception", "send_failure"]

_log = structlog.get_logger("tavernlink.http")


class Failed(NamedTuple):
    """An HTTP answer that reports an error."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def failed(error: TavernlinkError, path: str) -> Failed:
    """Return the answer that reports `error` to somebody who asked for this path."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    wait = retry_after_of(error)
    if wait is not None:
        headers["retry-after"] = str(wait)
    status = status_of(error.code)
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="tavernlink"'
    if isinstance(allowed := error.details.get("allow"), str):
        headers["allow"] = allowed
    if is_openai(path):
        return Failed(status, headers | openai_headers(error), openai_body(error))
    return Failed(status, headers, encode_json(failure_of(error)))


def is_openai(path: str) -> bool:
    """True where clients expect OpenAI's shapes."""
    return path == "/v1" or path.startswith("/v1/")


def as_error(exception: Exception, *, method: str, path: str) -> TavernlinkError:
    """Return what to tell the client about an exception; the unforeseen is logged and told as `internal`."""
    if isinstance(exception, TavernlinkError):
        return exception
    if isinstance(exception, ValidationException):
        return _misshapen(exception)
    if isinstance(exception, UnicodeDecodeError | RecursionError | SerializationException):
        return BadMessage("invalid_json", f"The body is not valid JSON: {exception}.")
    if isinstance(exception, HTTPException):
        return _of_status(exception, method, path)
    _log.error("http.failed", method=method, path=path, exc_info=exception)
    return TavernlinkError("internal")


def _misshapen(exception: ValidationException) -> TavernlinkError:
    extra: Any = exception.extra
    first: Any = extra[0] if isinstance(extra, list) and extra else {}
    message, key, source = first.get("message", ""), first.get("key", ""), first.get("source", "body")
    if key == "data" and message == "'data'":
        return BadMessage("invalid_json", "The body is empty; it must be a JSON object.")
    place = "$" if key in ("", "data") else f"$.{key}"
    where = "" if source == "body" else f" of the {source}"
    return BadMessage(
        "invalid_message",
        f"The request has the wrong shape: {message} (at {place}{where}). See /api/schema.",
        {"path": place, "source": str(source)},
    )


def _of_status(exception: HTTPException, method: str, path: str) -> TavernlinkError:
    if exception.status_code == 404:
        return NotFound("unknown_path", f"There is nothing at {path[:200]!r}.", {"path": path[:200]})
    if exception.status_code == 405:
        allowed = (exception.headers or {}).get("allow", "")
        return BadMessage(
            "wrong_method", f"{method} is not for {path[:200]!r}; use {allowed}.", {"allow": allowed}
        )
    if exception.status_code == 413:
        return BadMessage("too_large")
    if exception.status_code == 401:
        return AuthError("unauthorized")
    # What is left of Litestar's own: a body that is not JSON.
    return BadMessage("invalid_json", f"The body is not valid JSON: {exception.detail}.")


def handle_exception(request: Request[Any, Any, Any], exception: Exception) -> Response[bytes]:
    """Litestar's exception handler for everything."""
    path = request.scope["path"]
    answer = failed(as_error(exception, method=request.method, path=path), path)
    headers = dict(answer.headers)
    return Response(
        answer.body, status_code=answer.status, headers=headers, media_type=headers.pop("content-type")
    )


async def send_failure(send: Send, error: TavernlinkError, path: str) -> None:
    """Write the whole answer that reports `error`; nothing may have been sent before."""
    answer = failed(error, path)
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
