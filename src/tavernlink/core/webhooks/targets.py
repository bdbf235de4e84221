"""Which addresses the hub may send to.

A program with a key makes the hub send requests from where the hub stands: to the router, to other services of the
machine, to a cloud's metadata. So what is not public is for admins' keys unless a setting says otherwise, and what
nobody can mean (multicast, link-local, the unspecified address) is for nobody. Names are looked up when something is
sent, and the address that was looked at is the one that is connected to, so that a name cannot mean something else a
moment later.
"""

from __future__ import annotations

import ipaddress
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from tavernlink.errors import AuthError, BadMessage

__all__ = ["Reach", "check_url", "hidden", "host_of", "why_refused"]

Reach = Literal["public", "any"]
"""What a webhook may be sent to."""

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAMES: Final = (".localhost", ".local", ".internal", ".lan", ".home.arpa")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def why_refused(address: str, reach: Reach) -> str | None:
    """Say why nothing is sent to an address, as a name was resolved to; None: it may be."""
    try:
        found = _inner(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return f"{address} is no IP address"
    if found.is_multicast or found.is_unspecified or found.is_link_local:
        return f"{address} is no address of a single machine that could be meant"
    if reach == "public" and not found.is_global:
        return f"{address} is an address of this machine or of a private network"
    return None


def _inner(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def host_of(url: str) -> str:
    """Return the host of a checked URL, for logs: the rest of it may hold secrets."""
    return urlsplit(url).hostname or ""


def hidden(url: str) -> str:
    """Return a URL as lists show it, without the values in its query."""
    parts = urlsplit(url)
    names = [each.partition("=")[0] for each in parts.query.split("&") if each]
    return parts._replace(query="&".join(f"{name}=***" for name in names), fragment="").geturl()


def check_url(url: str, reach: Reach) -> None:
    """Raise `invalid_message` for what is no address to send to, `forbidden` for one that is out of reach."""
    parts = _parts(url)
    host = (parts.hostname or "").lower().rstrip(".")
    try:
        why = why_refused(str(ipaddress.ip_address(host)), reach)
    except ValueError:
        # What a name means is looked at whenever something is sent; this only tells people early.
        local = host == "localhost" or host.endswith(_LOCAL_NAMES) or "." not in host
        why = f"{host!r} names something on this machine or network" if local and reach == "public" else None
    if why is not None:
        raise AuthError(
            "forbidden",
            f"No webhook may go there: {why}. An admin's key may make one for a private address; for other keys "
            'say `webhook_private = "everyone"` in the hub\'s settings.',
            {"path": "$.url"},
        )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises for one that is none
    except ValueError as error:
        raise _bad(str(error)) from None
    if parts.scheme not in ("http", "https"):
        raise _bad("it must begin with http:// or https://")
    if not parts.hostname:
        raise _bad("it names no host")
    if parts.username is not None or parts.password is not None:
        raise _bad("it must not hold a name or password; put them into `headers`")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise _bad("it must be written in plain ASCII (percent-encoding, punycode)")
    return parts


def _bad(why: str) -> BadMessage:
    return BadMessage(
        "invalid_message", f"This is no address for a webhook: {why} (at $.url).", {"path": "$.url"}
    )
