"""The real things behind the core's seams: the system's clock and its randomness."""

from __future__ import annotations

import base64
import os
import secrets
import time

__all__ = ["SystemClock", "SystemIds"]


class SystemClock:
    """The system's clocks, in seconds."""

    now = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


class SystemIds:
    """Identifiers of 80 random bits, secrets of 256."""

    @staticmethod
    def new(prefix: str) -> str:
        """Return e.g. `r-3k2j5h4x7qaw2e7d`."""
        # Every call and request takes one: sixteen letters in one piece, not one after another.
        return f"{prefix}-{base64.b32encode(os.urandom(10)).decode().lower()}"

    @staticmethod
    def secret() -> str:
        """Return 256 random bits in URL-safe letters; never an underscore, which parts a key's fields."""
        return secrets.token_hex(32)
