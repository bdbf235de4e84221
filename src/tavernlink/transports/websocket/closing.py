"""WebSocket close codes for the reasons why the hub ends a connection."""

from __future__ import annotations

__all__ = ["close_code"]

_CODES = {
    "unauthorized": 4401,
    "key_revoked": 4401,
    "key_expired": 4401,
    "invalid_auth": 4400,
    "protocol_unsupported": 4400,
    "forbidden": 4403,
    "auth_timeout": 4408,
    "replaced": 4409,
    "rate_limited": 4429,
    "busy": 1013,
    "slow_consumer": 1013,
    "hub_stopping": 1001,
}
"""4000 + the HTTP status of the same meaning, where RFC 6455 has no code of its own."""


def close_code(code: str) -> int:
    """Return the close code for one of `tavernlink.errors`' codes; 1008 (policy violation) for the others."""
    return _CODES.get(code, 1008)
