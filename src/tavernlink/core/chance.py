"""What the core decides by chance."""

from __future__ import annotations

from tavernlink.core.seams import Ids

__all__ = ["chance"]


def chance(ids: Ids) -> float:
    """Return a number from 0 up to 1, by chance."""
    return int(ids.secret()[:13], 16) / 16.0**13
