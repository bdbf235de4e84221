"""Many connections at once, and messages of programs' own types between them.

A `Listener` takes such messages from any number of senders and checks that each sender's come in order; a `Crowd` reads
many connections, whatever they hear, and answers their heartbeats.
"""

from __future__ import annotations

import json
import select
import time
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.expected import WrongDelivery
from benchmarks.line import TIMEOUT, Line

__all__ = ["NOTE", "Crowd", "Listener", "ask_all"]

NOTE = "x.bench.note"
"""Messages of this type and those that begin like it are counted."""
_UNCOUNTED = frozenset({"welcome", "resync", "confirm", "closing"})


class Listener(Line):
    """A connection that counts what it hears, and confirms it as a real app does."""

    def __init__(self, port: int, auth: dict[str, Any]) -> None:
        super().__init__(port, auth)
        self._every = int(self.wait_event("welcome")["limits"]["confirm_every"])
        self._received = 0
        self._confirmed = 0
        self._last = 0

    def take(self) -> int:
        """Read what has arrived; return how many notes were in it. Raises `WrongDelivery`."""
        try:
            chunk = self.socket.recv(262_144)
        except BlockingIOError:
            return 0
        if not chunk:
            raise ConnectionError("the server closed a listener's connection")
        self.feed(chunk)
        notes = 0
        while self._packets:
            packet = self._packets.popleft()
            if packet.startswith(b"42["):
                name, content = json.loads(packet[2:])
                self._received += name not in _UNCOUNTED
                if name.startswith(NOTE):
                    notes += 1
                    self._check(content)
        if self._received - self._confirmed >= self._every:
            self._confirmed = self._received
            self.send(b'42["confirm",{"count":%d}]' % self._received)
        return notes

    def _check(self, content: dict[str, Any]) -> None:
        number = content["content"]["n"]
        if number <= self._last:
            raise WrongDelivery(f"message {number} came after {self._last}")
        self._last = number


class Crowd:
    """Connections that are read together."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines: dict[int, Line] = {}
        self._poll = select.epoll()
        for line in lines:  # maybe thousands, made one after another: heartbeats come meanwhile
            line.socket.setblocking(False)
            self._lines[line.fileno()] = line
            self._poll.register(line.fileno(), select.EPOLLIN)
            if len(self._lines) % 100 == 0:
                self.rest(0.0)

    def __len__(self) -> int:
        return len(self._lines)

    def close(self) -> None:
        """Drop the connections."""
        self._poll.close()
        for line in self._lines.values():
            line.close()

    def gather(self, notes: int) -> None:
        """Read until this many notes have come. Raises `WrongDelivery` if they do not in time."""
        deadline = time.monotonic() + TIMEOUT
        while notes > 0:
            notes -= self._read(1.0)
            if time.monotonic() > deadline:
                raise WrongDelivery(f"{notes} messages did not come in time")
        if notes:
            raise WrongDelivery(f"{-notes} messages more than were sent")

    def rest(self, seconds: float) -> None:
        """Read what comes for a while, so that heartbeats are answered."""
        until = time.monotonic() + seconds
        self._read(0.0)
        while (left := until - time.monotonic()) > 0:
            self._read(left)

    def _read(self, seconds: float) -> int:
        notes = 0
        for fd, _ in self._poll.poll(seconds):
            line = self._lines[fd]
            if isinstance(line, Listener):
                notes += line.take()
            else:
                line.drain()
        return notes


def ask_all(line: Line, asked: Sequence[tuple[str, dict[str, Any]]], crowd: Crowd | None = None) -> None:
    """Send many messages with an ack, a hundred at a time, and wait for all outcomes; the crowd is read meanwhile."""
    for first in range(0, len(asked), 100):
        some = asked[first : first + 100]
        line.socket.settimeout(TIMEOUT)
        for number, (name, content) in enumerate(some):
            line.send(b"42%d" % number + json.dumps([name, content], separators=(",", ":")).encode())
        for _ in some:
            (outcome,) = json.loads(line.wait_ack())
            if not outcome["ok"]:
                raise ConnectionError(f"{some[0][0]} was refused: {outcome['error']}")
        if crowd is not None:
            crowd.rest(0.0)
