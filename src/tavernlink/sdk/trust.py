"""Whom a client trusts to say who the hub is: the system's authorities, or one from a file."""

from __future__ import annotations

import os
import ssl

from tavernlink.errors import BadMessage

__all__ = ["trusting"]


def trusting(file: str | os.PathLike[str]) -> ssl.SSLContext:
    """Return a context that trusts the authorities of a PEM file besides the system's. Raises `BadMessage`."""
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(os.fspath(file))
    except (OSError, ssl.SSLError) as error:
        raise BadMessage(
            "invalid_message",
            f"{os.fspath(file)} holds no certificate authority that could be trusted: {error}.",
        ) from None
    return context
