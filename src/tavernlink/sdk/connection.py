"""The connection to the hub: one session over as many lines as it takes.

Above it stands `hub`, which gives messages their meaning; below it `line` (one WebSocket), `session` (counting),
`calls` (what waits for an answer) and `backoff`. One task dials, reads and dials again for ever; one task writes.

    dial ──► hello ──► welcome ──┬─ resumed: missed events follow, unanswered calls go out again
      ▲                          └─ new session: `listener.receive_resync`, which asks for snapshots again
      └── wait (jittered) ◄── the line drops
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

import msgspec

from tavernlink.errors import AuthError, BadMessage, TavernlinkError, Unavailable, error_from_code
from tavernlink.protocol import PROTOCOL_VERSION
from tavernlink.protocol.codec import decode_content, decode_frame, encode_json
from tavernlink.protocol.message import Message
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.protocol.session import Auth, Closing, Confirm, Resync, Welcome
from tavernlink.sdk.backoff import Backoff
from tavernlink.sdk.calls import Call, CallTable, Repeat
from tavernlink.sdk.line import Line, Untrusted, dial
from tavernlink.sdk.session import Session

__all__ = ["Connection", "Listener", "Wire"]

_log = logging.getLogger("tavernlink.sdk")

_MOST_CALLS = 256
"""Calls that may wait for an answer at once; the next caller waits for a place."""
_FIRST_ANSWER_SECONDS = 10.0
_RESYNC_SECONDS = 2.0
_HELLO_ID = 0
_NO_USE_TO_TRY_AGAIN = frozenset({
    "unauthorized", "key_revoked", "key_expired", "forbidden", "origin_refused", "protocol_unsupported",
    "invalid_auth", "replaced",
})  # fmt: skip

_T = TypeVar("_T")


class Listener(Protocol):
    """What `connection` tells the layer above; none of it may block or raise."""

    def receive_event(self, content: Message) -> None:
        """Take one event of the session, in order, once."""

    def receive_resync(self, resync: Resync) -> None:
        """Learn that events were missed for good: what follows them must be fetched again."""

    def receive_end(self, error: TavernlinkError) -> None:
        """Learn that the connection is over and why; nothing comes after it."""


class Wire(Protocol):
    """The way to a hub, as a hub handle needs it; `Connection` is the one over the network."""

    @property
    def connected(self) -> bool:
        """Whether it is up at this moment."""

    @property
    def session(self) -> Session:
        """The session's own facts."""

    async def open(self, *, timeout: float | None) -> Welcome:
        """Connect for the first time."""

    async def call(
        self, type_: str, content: Message | dict[str, Any], *, timeout: float | None, repeat: Repeat = ...
    ) -> msgspec.Raw:
        """Send one message and return the JSON of its result."""

    async def close(self) -> None:
        """End it; every waiting call ends with `Unavailable("closed")`."""


class _Outcome(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: ErrorInfo | None = None


_decode_outcome = msgspec.json.Decoder(_Outcome).decode


class Connection:
    """A session with the hub. `open` once, `call` as often as wanted, `close` once."""

    def __init__(
        self, address: str, auth: Auth, listener: Listener, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._address = address
        self._listener = listener
        self._tls = tls
        self._backoff = Backoff(random.random)
        self._session = Session(auth)
        self._calls = CallTable()
        self._places = asyncio.Semaphore(_MOST_CALLS)
        self._next_id = _HELLO_ID
        self._line: Line | None = None
        self._confirm_due = False
        self._wake = asyncio.Event()
        self._welcomed: asyncio.Future[Welcome] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._end: TavernlinkError | None = None
        self._trouble: TavernlinkError | None = None

    @property
    def connected(self) -> bool:
        """Whether a line is up at this moment."""
        return self._line is not None

    @property
    def closed(self) -> bool:
        """Whether it is over for good, from here or by a refusal of the hub."""
        return self._end is not None

    @property
    def session(self) -> Session:
        """The session's own facts: ids, limits, count."""
        return self._session

    @property
    def _was_open(self) -> bool:
        return self._welcomed is not None and self._welcomed.done()

    async def open(self, *, timeout: float | None) -> Welcome:
        """Connect for the first time.

        Raises the last trouble as `Unavailable` after `timeout` seconds (None: tries for ever), and `AuthError` at
        once where trying again cannot help.
        """
        if self._welcomed is not None or self._end is not None:
            raise Unavailable("closed", "A connection is opened once. Make a new one with `connect`.")
        self._welcomed = asyncio.get_running_loop().create_future()
        self._tasks = [
            asyncio.create_task(self._keep_connected(), name="tavernlink-reader"),
            asyncio.create_task(self._write(), name="tavernlink-writer"),
        ]
        try:
            async with asyncio.timeout(timeout):
                return await self._welcomed
        except TimeoutError:
            error = self._trouble or Unavailable(
                "unreachable", f"No hub answered at {self._address} in {timeout} s."
            )
            await self.close()
            raise error from None
        except BaseException:
            await self.close()
            raise

    async def call(
        self,
        type_: str,
        content: Message | dict[str, Any],
        *,
        timeout: float | None,
        repeat: Repeat = Repeat.ALWAYS,
    ) -> msgspec.Raw:
        """Send one message and return the JSON of its result.

        `timeout` is in seconds, times without a line included; None waits for ever. Raises the hub's error,
        `Unavailable("timeout")`, `Unavailable("closed")`, or what `repeat` says of a line that drops.
        """
        try:
            async with asyncio.timeout(timeout), self._places:
                return await self._ask(type_, content, repeat)
        except TimeoutError:
            message = f"The hub did not answer {type_!r} within {timeout} s."
            raise Unavailable("timeout", message) from None

    async def _ask(self, type_: str, content: Message | dict[str, Any], repeat: Repeat) -> msgspec.Raw:
        if self._end is not None:
            raise self._end
        self._next_id += 1
        try:
            frame = encode_json({"type": type_, "content": content, "id": self._next_id})
        except (TypeError, ValueError, RecursionError) as error:
            raise BadMessage(
                "invalid_message", f"{type_!r} holds something that is not JSON: {error}."
            ) from None
        limit = self._session.limits.max_payload
        if len(frame) > limit:
            raise BadMessage("too_large", f"This {type_!r} has {len(frame)} bytes; the hub takes {limit}.")
        call = Call(self._next_id, frame, repeat)
        self._calls.add(call)
        self._wake.set()
        try:
            return await call.answer
        finally:
            self._calls.withdraw(call)

    async def close(self) -> None:
        """Say goodbye; every waiting call ends with `Unavailable("closed")`. Safe to call twice."""
        self._finish(Unavailable("closed"))
        if self._line is not None:
            await self._line.close()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finish(self, error: TavernlinkError) -> None:
        if self._end is not None:
            return
        self._end = error
        if self._welcomed is not None and not self._welcomed.done():
            self._welcomed.set_exception(error)
            self._welcomed.exception()  # `open` may be gone already
        self._calls.fail_all(error)
        self._listener.receive_end(error)

    # ── Reading ──────────────────────────────────────────────────────────────────────────────────────────
    async def _keep_connected(self) -> None:
        while True:
            try:
                await self._hold_line()
            except TavernlinkError as error:
                if self.closed:
                    return
                distrusted = isinstance(error, Untrusted) and not self._was_open
                if distrusted or error.code in _NO_USE_TO_TRY_AGAIN:
                    self._finish(error)
                    return
                self._trouble = error
                delay = self._backoff.next()
                _log.info("%s Trying again in %.1f s.", error.message, delay)
                await asyncio.sleep(delay)
            except Exception as error:  # noqa: BLE001  # a defect must end what waits, not hang it
                _log.exception("The connection to the hub failed in a way that it should not")
                self._finish(TavernlinkError("internal", f"The SDK failed: {error!r}. Please report this."))
                return

    async def _hold_line(self) -> None:
        """Dial, greet, and read until the line ends; raises why it ended, always."""
        line = await dial(self._address, timeout=_FIRST_ANSWER_SECONDS, tls=self._tls)
        try:
            welcome, lost, pending = await self._greet(line)
            self._receive_welcome(line, welcome, lost)
            if pending is not None:
                self._receive(pending)
            while True:
                self._receive(await line.receive())
        finally:
            if self._line is line:
                self._line = None
                self._calls.line_lost()
            line.abort()

    async def _greet(self, line: Line) -> tuple[Welcome, Resync | None, bytes | None]:
        """Exchange hello and welcome. Returns the reason of a lost session, and a frame read too many."""
        hello = encode_json({"type": "hello", "content": self._session.hello(), "id": _HELLO_ID})
        await line.send(hello)
        welcome = await _within(_FIRST_ANSWER_SECONDS, _receive_welcome(line))
        if welcome is None:
            raise Unavailable("unreachable", f"What answers at {self._address} never said welcome.")
        if welcome.protocol != PROTOCOL_VERSION:
            message = f"The hub speaks protocol {welcome.protocol}, this SDK {PROTOCOL_VERSION}. Upgrade the older one."
            raise AuthError("protocol_unsupported", message)
        if self._session.receive_welcome(welcome):
            return welcome, None, None
        following = await _within(_RESYNC_SECONDS, line.receive())
        if following is not None and decode_frame(following).type == "resync":
            content = decode_content("resync", decode_frame(following).content)
            return welcome, content if isinstance(content, Resync) else Resync(), None
        return welcome, Resync(), following

    def _receive_welcome(self, line: Line, welcome: Welcome, lost: Resync | None) -> None:
        limits = self._session.limits
        self._backoff.limit(limits.reconnect_min, limits.reconnect_max)
        self._backoff.reset()
        self._trouble = None
        self._line = line
        self._calls.repeat_sent(session_lost=None if lost is None else lost.reason)
        if lost is not None:
            _log.info("The session was not resumed (%s).", lost.reason or "no reason given")
            self._listener.receive_resync(lost)
        if self._welcomed is not None and not self._welcomed.done():
            self._welcomed.set_result(welcome)
        self._wake.set()

    def _receive(self, data: bytes) -> None:
        frame = decode_frame(data)
        if frame.type == "ack":
            self._calls.settle(frame.id, _read_outcome(frame.content))
            return
        if self._session.receive_event(frame.type):
            self._confirm_due = True
            self._wake.set()
        try:
            content = decode_content(frame.type, frame.content)
        except BadMessage as error:  # of a newer hub: counted, but not understood
            _log.warning("An event was not understood: %s", error.message)
            return
        if isinstance(content, Closing):
            raise error_from_code(content.code, content.message)
        if isinstance(content, Resync):
            self._listener.receive_resync(content)
        elif not isinstance(content, Welcome | Confirm):
            self._listener.receive_event(content)

    # ── Writing ──────────────────────────────────────────────────────────────────────────────────────────
    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while (line := self._line) is not None and (frame := self._next_frame()) is not None:
                try:
                    await line.send(frame)
                except Unavailable:
                    break  # the reader learns of it too, and the next line takes the frame again

    def _next_frame(self) -> bytes | None:
        if self._confirm_due:
            self._confirm_due = False
            return encode_json({"type": "confirm", "content": Confirm(count=self._session.confirm())})
        call = self._calls.next_unsent()
        return None if call is None else call.frame


async def _receive_welcome(line: Line) -> Welcome:
    """Return the hub's welcome; raises its refusal, which may come as `closing` or as the outcome of the hello."""
    while True:
        frame = decode_frame(await line.receive())
        if frame.type == "ack":
            outcome = _read_outcome(frame.content)
            if isinstance(outcome, TavernlinkError):
                raise outcome
            continue
        content = decode_content(frame.type, frame.content)
        if isinstance(content, Closing):
            raise error_from_code(content.code, content.message)
        if isinstance(content, Welcome):
            return content


def _read_outcome(content: msgspec.Raw) -> msgspec.Raw | TavernlinkError:
    outcome = _decode_outcome(content)
    if outcome.ok:
        return outcome.result
    return outcome.error.to_error() if outcome.error is not None else TavernlinkError("internal")


async def _within(seconds: float, waiting: Coroutine[Any, Any, _T]) -> _T | None:
    """Return the result, or None when it did not come in time."""
    try:
        async with asyncio.timeout(seconds):
            return await waiting
    except TimeoutError:
        return None
