"""The real things behind the core's seams: the system's clock and its randomness."""

from __future__ import annotations

import secrets
import time

__all__ = ["SystemClock", "SystemIds"]

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class SystemClock:
    """The system's clocks, in seconds."""

    now = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


class SystemIds:
    """Identifiers of 80 random bits, secrets of 256."""

    @staticmethod
    def new(prefix: str) -> str:
        """Return e.g. `r-3k2j5h8x9q0w1e7d`."""
        return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(16))

    @staticmethod
    def secret() -> str:
        """Return 256 random bits in URL-safe letters; never an underscore, which parts a key's fields."""
        return secrets.token_hex(32)
