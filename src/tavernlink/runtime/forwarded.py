"""What reverse proxies say of the client behind them, believed only from those that the settings name.

Two families of headers say the same: `X-Forwarded-For/-Proto/-Host/-Prefix`, and `Forwarded` (RFC 7239). A proxy that
writes one of them passes the other on as the client sent it, so exactly one family is read, by setting.
Each proxy adds the address it heard from at the end of the list; from there the list is walked back through trusted
addresses, and the first other one is the client. What stands before it, anybody may have written.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

__all__ = ["Reached", "TrustedProxies", "plain_address"]

Headers = Mapping[str, str]
"""By lower-case name; repeated ones joined by a comma."""

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_PAIR = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*([;,]|$)')
_MARKS = ("x-forwarded-for", "forwarded", "x-real-ip")


class Reached(NamedTuple):
    """How a client reached the hub."""

    address: str
    """The client's own; `via 127.0.0.1` for somebody behind a proxy on this machine that is not trusted."""
    scheme: str
    """`http` or `https`, as the client sees it."""
    host: str
    """Host and port as the client wrote them."""
    prefix: str = ""
    """Sub-path in front of the hub's own paths."""


class TrustedProxies:
    """The proxies that are believed."""

    def __init__(
        self, networks: Iterable[str] = (), *, family: Literal["x-forwarded", "forwarded"] = "x-forwarded"
    ) -> None:
        self._networks = [ipaddress.ip_network(each, strict=False) for each in networks]
        self._family = family

    def trusts(self, address: str) -> bool:
        """True if a proxy has this address."""
        if not self._networks:
            return False
        try:
            asked = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(asked in network for network in self._networks)

    def reached(self, address: str, scheme: str, headers: Headers) -> Reached:
        """Return who is behind the connection from `address`."""
        address = plain_address(address) or address
        direct = Reached(address, scheme, headers.get("host", ""))
        if not self.trusts(address):
            if _is_loopback(address) and any(mark in headers for mark in _MARKS):
                # Somebody else, by way of a program here: not to be taken for this machine itself.
                return direct._replace(address=f"via {address}")
            return direct
        if self._family == "forwarded":
            return self._by_forwarded(direct, headers.get("forwarded", ""))
        return self._by_x_forwarded(direct, headers)

    def _by_x_forwarded(self, direct: Reached, headers: Headers) -> Reached:
        hops = _listed(headers.get("x-forwarded-for", ""))
        client, distance = self._client(direct.address, hops)
        scheme = _at(_listed(headers.get("x-forwarded-proto", "")), distance).lower()
        host = _at(_listed(headers.get("x-forwarded-host", "")), distance)
        prefix = _at(_listed(headers.get("x-forwarded-prefix", "")), distance).rstrip("/")
        return Reached(
            client,
            scheme if scheme in ("http", "https") else direct.scheme,
            host if _HOST.fullmatch(host) else direct.host,
            prefix if _PREFIX.fullmatch(prefix) else "",
        )

    def _by_forwarded(self, direct: Reached, header: str) -> Reached:
        elements = _elements(header)
        client, distance = self._client(direct.address, [each.get("for", "") for each in elements])
        element = elements[-distance] if 0 < distance <= len(elements) else {}
        scheme, host = element.get("proto", "").lower(), element.get("host", "")
        return Reached(
            client,
            scheme if scheme in ("http", "https") else direct.scheme,
            host if _HOST.fullmatch(host) else direct.host,
        )

    def _client(self, address: str, hops: list[str]) -> tuple[str, int]:
        """Return the client's address, and how many entries from the end of the list it stands."""
        distance = 0
        for hop in reversed(hops):
            known = plain_address(hop)
            if known is None:
                break  # `unknown`, or a name that a proxy made up: the last proxy is all that is known
            address = known
            distance += 1
            if not self.trusts(known):
                break
        return address, max(distance, 1)


def plain_address(text: str) -> str | None:
    """Return the IP address of `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80` …; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _listed(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")] if header else []


def _at(values: list[str], distance: int) -> str:
    """The value of the proxy that saw the client; one for all where the proxies did not each add one."""
    if not values:
        return ""
    return values[-distance] if distance <= len(values) else values[0]


def _elements(header: str) -> list[dict[str, str]]:
    """The elements of a `Forwarded` header; none of one that is malformed."""
    elements: list[dict[str, str]] = [{}]
    place = 0
    while place < len(header):
        pair = _PAIR.match(header, place)
        if pair is None:
            return []
        name, value, end = pair.groups()
        elements[-1][name.lower()] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        if end == ",":
            elements.append({})
        place = pair.end()
    return elements
