"""The courier: makes the POSTs that the core has ready, and tells it what came of each.

Nothing is decided here but what a socket needs: a name is looked up, each of its addresses is held against what the
webhook may reach, and the connection goes to exactly the address that was looked at. Proxies of the environment are
not used, since behind one nobody could say where a request goes. A redirect is followed to the same scheme, host and
port only. Of the receiver's answer nothing but its status is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tavernlink.core.webhooks.book import Webhooks
from tavernlink.core.webhooks.parcels import Answer, Parcel
from tavernlink.core.webhooks.targets import Reach, host_of, why_refused
from tavernlink.version import __version__

if TYPE_CHECKING:
    import httpx

__all__ = ["Courier"]

_log = logging.getLogger(__name__)
_REDIRECTS = 3
_REDIRECTING = frozenset({301, 302, 307, 308})
_PORTS = {"http": 80, "https": 443}
_LAST_CHANCE = 2.0  # seconds that a stop waits for what is under way; it is sent again after the next start


class _Refused(Exception):
    """Why nothing was sent."""


class Courier:
    """One task that wakes when there is something to send, and one for each POST."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._posts: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None

    def start(self) -> None:
        """Begin to send."""
        self._webhooks.wake = self._woken.set
        self._task = asyncio.create_task(self._run(), name="tavernlink-courier")

    async def stop(self) -> None:
        """Send no more. What is not known to have arrived is sent again by the next hub."""
        self._webhooks.wake = lambda: None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._posts:
            _, late = await asyncio.wait(self._posts, timeout=_LAST_CHANCE)
            for post in late:
                post.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                parcels = self._webhooks.due()
            except Exception:  # noqa: BLE001 (the next time may go better)
                _log.exception("What is to be sent to webhooks could not be found")
                continue
            if parcels and self._client is None:
                # Takes a while, and only a hub with webhooks needs it.
                self._client = await asyncio.to_thread(_open_client)
            for parcel in parcels:
                post = asyncio.create_task(self._deliver(parcel), name="tavernlink-webhook")
                self._posts.add(post)
                post.add_done_callback(self._posts.discard)

    async def _deliver(self, parcel: Parcel) -> None:
        began = time.perf_counter()
        status: int | None = None
        headers: Mapping[str, str] = {}
        error: str | None = None
        host = host_of(parcel.url)
        try:
            async with asyncio.timeout(parcel.timeout):
                status, headers = await self._post(parcel)
        except TimeoutError:
            error = f"{host} did not answer within {parcel.timeout:g} s."
        except _Refused as refused:
            error = str(refused)
        except OSError as failed:
            error = f"{host} cannot be reached: {failed.strerror or type(failed).__name__}."
        except Exception as failed:  # noqa: BLE001 (httpx has many, and not all of them are its own)
            error = f"{host} cannot be reached ({type(failed).__name__})."
            _log.debug("A webhook to %s failed", host, exc_info=True)
        seconds = time.perf_counter() - began
        answer = Answer(seconds=seconds, status=status, retry_after=retry_after(headers), error=error)
        try:
            self._webhooks.done(parcel, answer)
        except Exception:  # noqa: BLE001 (the others go on)
            _log.exception("What came of a webhook could not be taken down")

    async def _post(self, parcel: Parcel) -> tuple[int, Mapping[str, str]]:
        url = parcel.url
        for _ in range(_REDIRECTS + 1):
            status, headers = await self._post_once(url, parcel)
            target = headers.get("location")
            if status not in _REDIRECTING or target is None:
                return status, headers
            there = urljoin(url, target)
            if _origin_of(there) != _origin_of(url):
                raise _Refused(
                    f"{host_of(url)} redirects to another host, which is not followed. Change the URL."
                )
            url = there
        raise _Refused(f"{host_of(url)} redirects round and round.")

    async def _post_once(self, url: str, parcel: Parcel) -> tuple[int, Mapping[str, str]]:
        import httpx  # noqa: PLC0415  # imported before, in a thread

        client = self._client
        if client is None:
            raise _Refused("The hub is stopping.")
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        shown = f"[{host}]" if ":" in host else host
        headers = {
            "user-agent": f"Tavernlink/{__version__}",
            **parcel.headers,
            "host": shown if parts.port is None else f"{shown}:{parts.port}",
        }
        failed: Exception | None = None
        for address in await _addresses_of(host, port, parcel.reach):
            request = client.build_request(
                "POST",
                httpx.URL(url, host=address),
                content=parcel.body,
                headers=headers,
                extensions={"sni_hostname": host},
            )
            try:
                response = await client.send(request, stream=True)
            except httpx.ConnectError as error:  # of `localhost`, ::1 is one where often nobody listens
                failed = error
                continue
            await response.aclose()
            return response.status_code, response.headers
        raise _Refused(
            f"{host} refuses connections on port {port}, or its certificate is not trusted."
        ) from failed


def _open_client() -> httpx.AsyncClient:
    import certifi  # noqa: PLC0415
    import httpx  # noqa: PLC0415

    # This machine's own authorities count too (and `SSL_CERT_FILE`): at home, people sign for themselves.
    trusted = ssl.create_default_context()
    trusted.load_verify_locations(certifi.where())
    # No connection is kept: the next one may go to another address of the same name. Time is limited outside.
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(verify=trusted, trust_env=False, limits=limits, timeout=httpx.Timeout(None))


async def _addresses_of(host: str, port: int, reach: Reach) -> list[str]:
    """Look a name up; return those of its addresses that may be reached. Raises `_Refused`, `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(place[0]) for *_, place in found]
    refused = {address: why_refused(address, reach) for address in addresses}
    usable = [address for address in dict.fromkeys(addresses) if refused[address] is None]
    if not usable:
        raise _Refused(
            f"Nothing is sent to {host}: {next(iter(refused.values()), None) or 'it has no address'}."
        )
    return usable


def _origin_of(url: str) -> tuple[str, str | None, int | None]:
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    return "", None, None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return what `Retry-After` says, in seconds from now; None where it says nothing that can be read."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
