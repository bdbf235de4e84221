"""Where an HTTP request comes from."""

from __future__ import annotations

from litestar.types import Scope

__all__ = ["address_of"]


def address_of(scope: Scope) -> str:
    """Return the client's address; behind a trusted proxy, the one that the proxy tells (`runtime.forwarded`)."""
    client = scope["client"]
    return client[0] if client else ""
