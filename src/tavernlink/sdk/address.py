"""The hub's address as people write it, and the one that the WebSocket door has.

`http://host:8001`, `https://…`, `ws://…`, `wss://…` and a bare `host:8001` are all understood; a path before `/ws` is
kept, so a hub behind a reverse proxy under `/tavern` works.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit, urlunsplit

from tavernlink.errors import BadMessage

__all__ = ["DEFAULT_URL", "http_address", "is_loopback", "websocket_address"]

DEFAULT_URL = "http://127.0.0.1:8001"
"""Where a hub listens unless it was told otherwise."""

_SCHEMES = {"http": ("http", "ws"), "ws": ("http", "ws"), "https": ("https", "wss"), "wss": ("https", "wss")}


def websocket_address(url: str) -> str:
    """Return the address of the WebSocket door, e.g. `ws://127.0.0.1:8001/ws`. Raises `BadMessage`."""
    _, scheme, netloc, path = _split(url)
    return urlunsplit((scheme, netloc, f"{path}/ws", "", ""))


def http_address(url: str) -> str:
    """Return the hub's base address for HTTP without a slash at its end. Raises `BadMessage`."""
    scheme, _, netloc, path = _split(url)
    return urlunsplit((scheme, netloc, path, "", ""))


def is_loopback(url: str) -> bool:
    """Say whether the address is on this machine, so that no proxy can reach it."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> tuple[str, str, str, str]:
    text = url.strip()
    parts = urlsplit(text if "://" in text else f"http://{text}")
    schemes = _SCHEMES.get(parts.scheme)
    try:
        usable = schemes is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if schemes is None or not usable or "@" in parts.netloc:
        raise BadMessage(
            "invalid_message",
            f"{_without_user(url)!r} is not the address of a hub. Write it as {DEFAULT_URL}.",
        )
    path = parts.path.rstrip("/").removesuffix("/ws")
    return (*schemes, parts.netloc, path)


def _without_user(url: str) -> str:
    """Return the address with what may be a password cut out."""
    return f"…{url[url.rindex('@') :]}" if "@" in url else url
