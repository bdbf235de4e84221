"""How long until a delivery is tried again."""

from __future__ import annotations

from typing import Final

from tavernlink.core.chance import chance
from tavernlink.core.seams import Ids

__all__ = ["pause_of_hook", "wait_before"]

_FIRST: Final = 5.0  # seconds
_FACTOR: Final = 3
_LONGEST: Final = 4 * 3_600.0
_SPREAD: Final = 0.2
_CALM: Final = 3  # failures in a row before the whole webhook slows down
_LONGEST_PAUSE: Final = 300.0


def wait_before(tries: int, ids: Ids) -> float:
    """Return the seconds between the attempt of this number (the first is 1) and the next: 5 s, 15 s, … up to 4 h.

    A fifth more or less, by chance, so that the receiver that comes back is not met by everybody at once.
    """
    longest = min(_LONGEST, _FIRST * float(_FACTOR) ** min(tries - 1, 12))
    return longest * (1 - _SPREAD + 2 * _SPREAD * chance(ids))


def pause_of_hook(failures: int) -> float:
    """Return for how long a receiver is left alone after so many failures in a row, whichever deliveries they were."""
    return min(_LONGEST_PAUSE, 2.0 ** min(failures - _CALM, 10)) if failures >= _CALM else 0.0
