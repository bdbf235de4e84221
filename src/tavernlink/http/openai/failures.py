"""Errors in OpenAI's shape, so that the exception classes of the official clients come out right.

    {"error": {"message", "type", "param", "code"}}

The clients repeat a request by themselves after 408, 409, 429 and 5xx. Where repeating would only do the damage again
(the person pressed Stop, the time limit passed), the header `x-should-retry: false`, which they obey, says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tavernlink.errors import TavernlinkError
from tavernlink.http.status import retry_after_of, status_of
from tavernlink.protocol.codec import encode_json

__all__ = ["error_object", "openai_body", "openai_headers"]

_CODES: Mapping[str, str] = {
    # ours → the word that OpenAI's users know
    "unauthorized": "invalid_api_key",
    "key_revoked": "invalid_api_key",
    "key_expired": "invalid_api_key",
    "unknown_character": "model_not_found",
    "unknown_tavern": "model_not_found",
    "rate_limited": "rate_limit_exceeded",
    "context_exceeded": "context_length_exceeded",
}

_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    500: "server_error",
    501: "server_error",
    502: "server_error",
    503: "server_error",
    504: "server_error",
}


def error_object(error: TavernlinkError) -> dict[str, Any]:
    """Return the object under `error`."""
    param = error.details.get("param") or error.details.get("parameter")
    if param == "character":  # as the tavern knows what the client calls model
        param = "model"
    return {
        "message": error.message,
        "type": _TYPES.get(status_of(error.code), "invalid_request_error"),
        "param": param if isinstance(param, str) else None,
        "code": _CODES.get(error.code, error.code),
    }


def openai_body(error: TavernlinkError) -> bytes:
    """Return the whole body."""
    return encode_json({"error": error_object(error)})


def openai_headers(error: TavernlinkError) -> dict[str, str]:
    """Return the headers that keep a client from a useless repetition."""
    return {} if retry_after_of(error) is not None else {"x-should-retry": "false"}
