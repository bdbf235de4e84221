"""The running hub: the core with a clock that ticks. Every door holds one of these and calls it from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

import msgspec

from tavernlink.core.access.keys import Key
from tavernlink.core.hub import Hub
from tavernlink.core.peers.peer import Peer
from tavernlink.core.seams import Ack, Clock, Link
from tavernlink.errors import AuthError, BadMessage, TavernlinkError
from tavernlink.protocol.outcome import failure_of
from tavernlink.protocol.session import Auth
from tavernlink.runtime.counts import Counts
from tavernlink.runtime.courier import Courier
from tavernlink.runtime.local import LocalApp
from tavernlink.runtime.password import Password
from tavernlink.runtime.request_times import RequestTimes
from tavernlink.runtime.throttle import FailureThrottle
from tavernlink.runtime.trace_context import TRACEPARENT, traceparent_of

__all__ = ["Runtime"]

_log = logging.getLogger(__name__)
_TICK = 0.25  # seconds; how exact time limits are
_SAMPLE = 32  # of so many messages one is timed


class Runtime:
    """What doors use. Not thread-safe: one event loop owns it."""

    def __init__(
        self,
        core: Hub,
        clock: Clock,
        *,
        check_origin: Callable[[str | None], bool],
        counts: Counts | None = None,
    ) -> None:
        self.core = core
        self.counts = counts or Counts()
        self.check_origin = check_origin
        """True if a browser page of this Origin may talk to the hub; True for None, which no browser sends."""
        self._clock = clock
        self._throttle = FailureThrottle()
        self._ticking: asyncio.Task[None] | None = None
        self._courier = Courier(core.automation.webhooks)
        self._unsampled = _SAMPLE
        self.password = Password(core.keyring, clock.wall(), clock.now())
        """What taverns may give in the place of a key."""
        self.traced = False
        """Somebody wants to know which trace a message belongs to."""
        RequestTimes(core, self.counts, clock)

    async def start(self) -> None:
        """Begin to let time pass."""
        self._ticking = asyncio.create_task(self._tick(), name="tavernlink-tick")
        self._courier.start()

    async def stop(self) -> None:
        """Tell every peer and stop the clock; the doors close their connections themselves."""
        self.core.stop()
        await self._courier.stop()
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking

    @property
    def ready(self) -> bool:
        """True from start to stop, while time passes and the store keeps what it is given."""
        return self._ticking is not None and not self._ticking.done() and self.core.trouble is None

    def authenticate(self, key_text: str | None, address: str) -> Key:
        """Return the key that this text is.

        Raises `AuthError` (`unauthorized`, `key_revoked`, `key_expired`), or `BadMessage` (`rate_limited`, with
        `details.retry_after` in seconds) after too many failures from one address.
        """
        now = self._clock.now()
        wait = self._throttle.wait(address, now)
        try:
            return self.core.keyring.verify(key_text)
        except AuthError as error:
            found = None if wait else self.password.verify(key_text or "", now)
            if found is not None:
                return found
            self.core.audit.record("login.failed", "", address=address, why=error.code)
            # A right key is let in even then: somebody else behind the same address may be the one who fails.
            if wait:
                retry = {"retry_after": round(wait, 1)}
                raise BadMessage("rate_limited", "Too many wrong keys from this address.", retry) from None
            self._throttle.failed(address, now)
            raise

    def connect(self, auth: Auth, link: Link, *, address: str, key: str | None = None) -> Peer:
        """Let a peer in; `key` (from a header) goes before `auth.key`. Raises `TavernlinkError`."""
        try:
            found = self.authenticate(key or auth.key, address)
            return self._let_in(auth, found, link, address)
        except TavernlinkError as error:
            self.counts.refused(error.code, error.message, who=auth.name or address, about="connect")
            raise

    def _let_in(self, auth: Auth, found: Key, link: Link, address: str) -> Peer:
        try:
            return self.core.connect(auth, found, link, address)
        except AuthError as error:
            if error.code == "forbidden":
                self.refused(found, f"connect as {auth.role}", error, address)
            raise

    def refused(self, key: Key, what: str, error: AuthError, address: str) -> None:
        """Write down that a key was not allowed what somebody wanted with it."""
        self.core.audit.record("permission.refused", key, target=what, address=address, why=error.message)

    def receive(self, peer: Peer, type_: str, content: bytes | msgspec.Raw, ack: Ack | None) -> None:
        """Take one message from a peer; never raises."""
        if self.traced:
            TRACEPARENT.set(traceparent_of(type_, content))
        self._unsampled -= 1
        try:
            if self._unsampled:
                self.core.receive(peer, type_, content, ack)
            else:
                self._unsampled = _SAMPLE
                began = time.perf_counter()
                self.core.receive(peer, type_, content, ack)
                self.counts.delivery.add(time.perf_counter() - began)
        except Exception:  # noqa: BLE001 (a fault of ours must cost one message, not the hub)
            _log.exception("A %s message from %s failed in the hub", type_[:100], peer.id)
            if ack is not None:
                ack(failure_of(TavernlinkError("internal")))

    def disconnected(self, peer: Peer, link: Link) -> None:
        """A line dropped; the session lives on for its time."""
        self.core.disconnected(peer, link)

    def link_blocked(self, peer: Peer, link: Link) -> None:
        """A line's write buffer went over its high-water mark."""
        self.core.link_blocked(peer, link)

    def link_ready(self, peer: Peer, link: Link) -> None:
        """A line's write buffer fell below its low-water mark."""
        self.core.link_ready(peer, link)

    def open_app(self, key: Key, name: str, address: str = "local", app_id: str | None = None) -> LocalApp:
        """Return an app inside this process, to be entered with `async with`."""
        return LocalApp(self, key, name, address, app_id)

    async def _tick(self) -> None:
        while True:
            due = time.perf_counter() + _TICK
            await asyncio.sleep(_TICK)
            self.counts.lag = max(0.0, time.perf_counter() - due)
            try:
                self.core.tick()
            except Exception:  # noqa: BLE001 (time must go on)
                _log.exception("A tick of the hub failed")
