"""How long, and until when, as people write it: `30d`, `12h`, `2027-01-31`."""

from __future__ import annotations

import re
from datetime import datetime

__all__ = ["parse_age", "parse_end", "show_time"]

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_557_600}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdwy])")


def parse_end(text: str, now: float) -> float:
    """Return the moment that is so long after `now`, or that is named. Raises `ValueError`."""
    moment = _parse(text, now, 1)
    if moment <= now:
        raise ValueError(f"{text!r} is over already")
    return moment


def parse_age(text: str, now: float) -> float:
    """Return the moment that is so long before `now`, or that is named. Raises `ValueError`."""
    return _parse(text, now, -1)


def _parse(text: str, now: float, sign: int) -> float:
    found = _DURATION.fullmatch(text.strip().lower())
    if found:
        return now + sign * float(found[1]) * _UNITS[found[2]]
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is neither a time such as 12h, 30d or 1y nor a date such as 2027-01-31"
        ) from None


def show_time(seconds: float | None) -> str:
    """Return a moment as this machine's people read it; nothing for None."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
