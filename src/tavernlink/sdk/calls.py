"""The calls that wait for the hub's answer: the app's one bounded outgoing queue.

A call stays in the table until its ack arrives, so a line that drops takes nothing with it: what is safe to repeat
goes out again on the next line, in order. Which calls are, stands in `Repeat`. No I/O here; `connection` writes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum

import msgspec

from tavernlink.errors import TavernlinkError, Unavailable

__all__ = ["Call", "CallTable", "Repeat", "SessionLost"]

_MOST_TRIES = 5
"""A frame that five lines did not survive is given up: it may be what ends them."""


class Repeat(Enum):
    """What becomes of a call that was written to a line which then dropped."""

    ALWAYS = "always"
    """It only asks, or says a thing that may be said twice: goes out again."""
    SAME_SESSION = "same_session"
    """Carries a request_id that this session's hub knows again: goes out again unless the session is lost."""
    NEVER = "never"
    """Doing it twice could do harm: fails with `disconnected`."""


class SessionLost(Unavailable):
    """The session ended while a call was under way: whether the hub carried it out must be asked."""

    def __init__(self, reason: str) -> None:
        super().__init__("disconnected")
        self.reason = reason
        """As `Resync.reason`; empty where the hub gave none."""


class Call:
    """One call: its frame, its answer, and whether the present line has carried it."""

    __slots__ = ("answer", "frame", "id", "repeat", "sent", "tries")

    def __init__(self, id_: int, frame: bytes, repeat: Repeat) -> None:
        self.id = id_
        self.frame = frame
        self.repeat = repeat
        self.answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self.sent = False
        self.tries = 0


class CallTable:
    """The waiting calls, oldest first. Its user bounds how many there are."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}
        self._unsent: deque[Call] = deque()

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Call) -> None:
        """Put a call at the end of the queue."""
        self._calls[call.id] = call
        self._unsent.append(call)

    def next_unsent(self) -> Call | None:
        """Take the next call to write, and mark it as written."""
        while self._unsent:
            call = self._unsent.popleft()
            if call.id in self._calls and not call.sent:
                call.sent = True
                call.tries += 1
                return call
        return None

    def settle(self, id_: object, result: msgspec.Raw | TavernlinkError) -> None:
        """Give a call its answer; an id that nobody waits for (any more) is ignored."""
        call = self._calls.pop(id_, None) if isinstance(id_, int) else None
        if call is None or call.answer.done():
            return
        if isinstance(result, TavernlinkError):
            call.answer.set_exception(result)
        else:
            call.answer.set_result(result)

    def withdraw(self, call: Call) -> None:
        """Forget a call whose caller no longer waits."""
        self._calls.pop(call.id, None)

    def line_lost(self) -> None:
        """Make ready for the next line: what may be repeated becomes unsent again, the rest fails."""
        for call in list(self._calls.values()):
            if not call.sent:
                continue
            if call.repeat is Repeat.NEVER:
                self.settle(call.id, Unavailable("disconnected"))
            elif call.tries >= _MOST_TRIES:
                message = (
                    f"{call.tries} lines to the hub dropped while this call was on them; it was given up."
                )
                self.settle(call.id, Unavailable("disconnected", message))

    def repeat_sent(self, *, session_lost: str | None) -> None:
        """On a new line: put what the old one carried back into the queue, in order.

        `session_lost` is the hub's reason where the session did not survive, else None.
        """
        for call in list(self._calls.values()):
            if call.sent and call.repeat is Repeat.SAME_SESSION and session_lost is not None:
                self.settle(call.id, SessionLost(session_lost))
            else:
                call.sent = False
        self._unsent = deque(self._calls.values())

    def fail_all(self, error: TavernlinkError) -> None:
        """End every call with `error`."""
        for id_ in list(self._calls):
            self.settle(id_, error)
        self._unsent.clear()
