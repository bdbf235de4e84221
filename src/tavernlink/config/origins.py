"""Browser origins: `https://tavern.example`, and every name below one as `https://*.tavern.example`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

__all__ = ["matches_origin", "same_origin", "why_no_origin"]

_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")


def why_no_origin(pattern: str) -> str | None:
    """Return what is wrong with an entry of the list; None: it is fine."""
    scheme, separator, host, port = _split(pattern)
    if not separator or scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return (
            "it must read like `https://tavern.example`, with a port where there is one and nothing after it"
        )
    if port is None:
        return "its port is not a number"
    if host.startswith("*.") and host.count(".") < 2:
        return "a star may stand for names below a domain only, as in `https://*.tavern.example`"
    return None


def matches_origin(origin: str, patterns: Iterable[str]) -> bool:
    """True if a browser's Origin is one of these. A star stands for one or more names, never for none."""
    asked = _split(origin)
    return "*" not in origin and any(_matches(asked, _split(pattern)) for pattern in patterns)


def same_origin(one: str, other: str) -> bool:
    """True if both are the same origin, however their ports and letters are written."""
    return "*" not in one and _matches(_split(one), _split(other))


def _matches(asked: tuple[str, str, str, str | None], wanted: tuple[str, str, str, str | None]) -> bool:
    host, pattern = asked[2], wanted[2]
    if (asked[0], asked[3]) != (wanted[0], wanted[3]) or asked[3] is None or not _HOST.fullmatch(host):
        return False
    return host == pattern or (
        pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    )


def _split(origin: str) -> tuple[str, str, str, str | None]:
    """Scheme, `://`, host in lower case, port (the scheme's own where it names none; None: it cannot be)."""
    scheme, separator, _ = origin.lower().partition("://")
    try:
        parts = urlsplit(origin.lower().removesuffix("/"))
        port = parts.port or {"http": 80, "https": 443}.get(scheme, 0)
    except ValueError:
        return scheme, separator, "", None
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    plain = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    return scheme, separator, host if plain else "", str(port)
