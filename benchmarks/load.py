"""The load: one publisher, any number of subscribers, and two ways of sending.

*burst*: a hundred deltas, one system call each, as fast as they go; the next burst when every subscriber has all of
the last one, so that neither server ever waits for the generator's reading. *paced*: deltas at a steady rate far
below what either server can do, as tokens come from models. Between deltas everyone sleeps, as in real life.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.expected import Expected, Subscriber, WrongDelivery
from benchmarks.line import TIMEOUT, Line, event_frame
from benchmarks.servers import Server

__all__ = ["Fan", "Run", "open_fan"]

_TEXT = " the quick brown fox "  # about what a model sends per token, on the generous side


@dataclass(slots=True)
class Run:
    """What one stretch of load cost. Times in nanoseconds."""

    delivered: int
    cpu: int
    """The server process's CPU time."""


class Fan:
    """One publisher and its subscribers on one server."""

    def __init__(self, server: Server, publisher: Line, subscribers: list[Subscriber]) -> None:
        self._server = server
        self._publisher = publisher
        self._subscribers = subscribers
        self._streams = 0
        self._waiting = 0
        self._goal = 0
        self._poll = select.epoll()
        self._by_fd = {each.fileno(): each for each in subscribers}
        for fd in (*self._by_fd, publisher.fileno()):
            self._poll.register(fd, select.EPOLLIN)

    def close(self) -> None:
        """Drop the connections."""
        self._poll.close()
        for line in (self._publisher, *self._subscribers):
            line.close()

    def burst(self, deltas: int, *, size: int) -> Run:
        """Send `deltas` back to back in bursts of `size`."""
        with self._stream(deltas) as (expected, run):
            started = self._server.cpu()
            for first in range(0, deltas, size):
                last = min(first + size, deltas)
                self._aim(expected, last)
                for frame in expected.published[first:last]:
                    self._publish(frame)
                self._gather()
            run.cpu = self._server.cpu() - started
        return run

    def paced(self, deltas: int, *, rate: float) -> Run:
        """Send `deltas` at `rate` per second; what they brought is read just before the next one is sent.

        The generator sleeps while the server works, so that waking it again and again is not on the server's bill.
        """
        with self._stream(deltas) as (expected, run):
            started = self._server.cpu()
            due = time.perf_counter()
            for index, frame in enumerate(expected.published):
                self._aim(expected, index + 1)
                self._publish(frame)
                due += 1 / rate
                time.sleep(max(0.0, due - time.perf_counter()))
                self._gather()
            run.cpu = self._server.cpu() - started
        return run

    def timed(self, deltas: int, *, rate: float) -> list[int]:
        """Send `deltas` at `rate` per second; return, for each, the nanoseconds until the last subscriber had it."""
        latencies = []
        with self._stream(deltas) as (expected, _):
            due = time.perf_counter()
            for index, frame in enumerate(expected.published):
                self._aim(expected, index + 1)
                sent = time.perf_counter_ns()
                self._publish(frame)
                self._gather()
                latencies.append(time.perf_counter_ns() - sent)
                due += 1 / rate
                time.sleep(max(0.0, due - time.perf_counter()))
        return latencies

    def _gather(self) -> None:
        """Read until every subscriber has what it waits for."""
        deadline = time.monotonic() + TIMEOUT
        while self._waiting:
            self._receive(self._poll.poll(1.0))
            if time.monotonic() > deadline:
                raise WrongDelivery(f"{self._waiting} subscribers did not get everything in time")

    @contextlib.contextmanager
    def _stream(self, deltas: int) -> Iterator[tuple[Expected, Run]]:
        """One stream with its start and its end, which are not measured."""
        self._streams += 1
        stream_id = f"bench-{self._streams}"
        expected = Expected(stream_id, deltas, _TEXT)
        self._announce("stream.start", {"stream_id": stream_id, "kind": "reply"})
        for subscriber in self._subscribers:
            subscriber.expect(expected)
        self._publisher.socket.setblocking(False)
        yield expected, Run(delivered=deltas * len(self._subscribers), cpu=0)
        text = "".join(str(content["text"]) for content in expected.contents)
        self._announce(
            "stream.end", {"stream_id": stream_id, "seq": deltas, "text": text[:100_000], "reason": "stop"}
        )

    def _announce(self, name: str, content: dict[str, object]) -> None:
        self._publisher.socket.settimeout(TIMEOUT)
        self._publisher.send(event_frame(name, content))
        for subscriber in self._subscribers:
            subscriber.pass_over(name)

    def _aim(self, expected: Expected, messages: int) -> None:
        """Wait for every subscriber to have this many messages."""
        self._goal = expected.ends[messages - 1]
        self._waiting = len(self._subscribers)

    def _publish(self, frame: bytes) -> None:
        sent = 0
        while sent < len(frame):
            try:
                sent += self._publisher.socket.send(frame[sent:])
            except BlockingIOError:  # the server has not read yet: take meanwhile what it sends
                self._receive(self._poll.poll(0.001))

    def _receive(self, ready: list[tuple[int, int]]) -> None:
        goal = self._goal
        for fd, _ in ready:
            subscriber = self._by_fd.get(fd)
            if subscriber is None:
                self._publisher.drain()
                continue
            before = subscriber.at
            if subscriber.take() >= goal > before:
                self._waiting -= 1


def open_fan(server: Server, subscribers: int) -> Fan:
    """Connect a publisher and subscribers."""
    lines = [
        Subscriber(server.port, server.auth("app", f"bench {number}"), welcomed=server.welcomes)
        for number in range(subscribers)
    ]
    return Fan(server, Line(server.port, server.auth("tavern", "bench")), lines)
