"""The front of the hub: what every door asks first, whoever comes. Who is it behind the proxies, and how often?

The rates are per address and do not count this machine's own programs: those are bounded by their keys. Behind a
reverse proxy they need `trusted_proxies`, else all of its clients count as one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING

from tavernlink.config.origins import same_origin
from tavernlink.errors import BadMessage
from tavernlink.runtime.forwarded import Headers, Reached, TrustedProxies
from tavernlink.runtime.throttle import Buckets, group_of

if TYPE_CHECKING:
    from tavernlink.config import Settings

__all__ = ["REACHED", "Front"]

REACHED = "tavernlink.reached"
"""Where an ASGI scope says how its client reached the hub: a `Reached`."""

_BURST = 4.0  # seconds' worth that may come at once


class Front:
    """One for all doors. What it was told is wrong raises `BadMessage` (`rate_limited`)."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._requests = Buckets(1.0, 1.0)
        self._connects = Buckets(1.0, 1.0)
        self.adopt(settings)

    def adopt(self, settings: Settings) -> None:
        """Go by these settings from now on."""
        self._proxies = TrustedProxies(settings.trusted_proxies, family=settings.proxy_headers)
        self._base_path = settings.base_path
        self._requests.adopt(settings.address_rate, settings.address_rate * _BURST + 1)
        self._connects.adopt(settings.connect_rate, settings.connect_rate * _BURST + 1)

    def reached(self, address: str, scheme: str, headers: Headers) -> Reached:
        """Return who is behind a connection, with the sub-path under which the hub is seen."""
        reached = self._proxies.reached(address, scheme, headers)
        return reached._replace(prefix=reached.prefix or self._base_path)

    def inner_path(self, path: str) -> str:
        """Return the hub's own path; a proxy may have left the sub-path in front of it, or cut it off."""
        base = self._base_path
        if base and (path == base or path.startswith(base + "/")):
            return path[len(base) :] or "/"
        return path

    def admit_request(self, address: str) -> None:
        """Count an HTTP request."""
        self._take(self._requests, address, "HTTP requests")

    def admit_connect(self, address: str) -> None:
        """Count a new socket connection."""
        self._take(self._connects, address, "connections")

    def _take(self, buckets: Buckets, address: str, what: str) -> None:
        if _is_here(address):
            return
        wait = buckets.take(group_of(address), self._clock())
        if wait:
            raise BadMessage(
                "rate_limited",
                f"Too many {what} from this address. Try again in {max(1, round(wait))} s.",
                {"retry_after": round(wait, 2)},
            )

    @staticmethod
    def is_own_page(origin: str, reached: Reached) -> bool:
        """True for a page of the hub itself.

        Over plain http that holds for addresses only: a name there could be made to point here by anybody (DNS
        rebinding), and the page behind it would pass for the hub's own.
        """
        own = f"{reached.scheme}://{reached.host}"
        host = reached.host.rpartition(":")[0] or reached.host
        return same_origin(origin, own) and (reached.scheme == "https" or _is_address(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return not address  # no address at all: a peer inside this process
