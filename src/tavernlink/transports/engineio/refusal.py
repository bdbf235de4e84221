"""The error bodies of the reference implementation of Engine.IO; clients show their message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "BAD_METHOD",
    "BAD_REQUEST",
    "FORBIDDEN",
    "TOO_LARGE",
    "TOO_MANY",
    "UNKNOWN_SID",
    "UNKNOWN_TRANSPORT",
    "UNSUPPORTED_VERSION",
]

Body = Mapping[str, Any]

UNKNOWN_TRANSPORT: Body = {"code": 0, "message": "Transport unknown"}
UNKNOWN_SID: Body = {"code": 1, "message": "Session ID unknown"}
BAD_METHOD: Body = {"code": 2, "message": "Bad handshake method"}
BAD_REQUEST: Body = {"code": 3, "message": "Bad request"}
TOO_LARGE: Body = {"code": 3, "message": "The request body is larger than maxPayload"}
FORBIDDEN: Body = {"code": 4, "message": "Forbidden: this web origin may not talk to the hub"}
TOO_MANY: Body = {"code": 4, "message": "Forbidden: too many open sessions from this address"}
UNSUPPORTED_VERSION: Body = {"code": 5, "message": "Unsupported protocol version"}
