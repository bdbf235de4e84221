"""What a server must send to every subscriber, and a subscriber that checks that it does.

Both servers write the same compact JSON, so nearly every check is one comparison of bytes; where bytes differ (a
heartbeat in between, another order of members) the frames are taken apart and their JSON is compared.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import Any

from benchmarks.frames import masked, parse
from benchmarks.line import TIMEOUT, Line, event_frame

__all__ = ["Expected", "Subscriber", "WrongDelivery"]


class WrongDelivery(Exception):
    """A message was lost, doubled, out of order, or changed."""


class Expected:
    """One stream: what the publisher sends and what each subscriber gets."""

    def __init__(self, stream_id: str, deltas: int, text: str) -> None:
        self.contents = [
            {"stream_id": stream_id, "seq": seq, "text": f"{text}{seq % 10}"} for seq in range(1, deltas + 1)
        ]
        packets = [event_frame("stream.delta", content) for content in self.contents]
        self.published = [masked(packet) for packet in packets]
        """Frames for the publisher."""
        frames = [_server_frame(packet) for packet in packets]
        self.wire = b"".join(frames)
        """Bytes that a subscriber gets."""
        self.ends: list[int] = []
        """Offset in `wire` of each frame's end."""
        end = 0
        for frame in frames:
            end += len(frame)
            self.ends.append(end)


def _server_frame(packet: bytes) -> bytes:
    size = len(packet)
    header = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + size.to_bytes(2, "big")
    return header + packet


class Subscriber(Line):
    """A connection that checks what it gets against an `Expected`, and confirms as a real app does."""

    def __init__(self, port: int, auth: dict[str, Any], *, welcomed: bool) -> None:
        super().__init__(port, auth)
        self._every = 0
        if welcomed:
            self._every = int(self.wait_event("welcome")["limits"]["confirm_every"])
        self.ask("subscribe", {"tavern": "*", "types": ["stream.*"]})
        self._received = 0
        self._confirmed = 0
        self._expected = Expected("", 0, "")
        self._partial = bytearray()
        self.at = 0
        """Offset in the expected bytes."""

    def expect(self, expected: Expected) -> None:
        """Begin a new stream."""
        self._received += len(self._expected.ends)
        self._expected = expected
        self.at = 0
        self.socket.setblocking(False)

    def pass_over(self, name: str) -> None:
        """Wait for an event outside a measured stretch, and count it."""
        self.socket.settimeout(TIMEOUT)
        self.wait_event(name)
        self._received += 1

    def take(self) -> int:
        """Read what has arrived; return the offset reached. Raises `WrongDelivery`."""
        try:
            chunk = self.socket.recv(262_144)
        except BlockingIOError:
            return self.at
        if not chunk:
            raise ConnectionError("the server closed a subscriber's connection")
        at, size = self.at, len(chunk)
        if not self._partial and self._expected.wire[at : at + size] == chunk:
            self.at = at + size
        else:
            self._take_apart(chunk)
        if self._every:
            self._confirm()
        return self.at

    def _take_apart(self, chunk: bytes) -> None:
        expected = self._expected
        index = bisect_right(expected.ends, self.at)
        boundary = expected.ends[index - 1] if index else 0
        partial = self._partial
        partial += expected.wire[boundary : self.at]
        self.at = boundary
        partial += chunk
        end = 0
        for opcode, payload, end in parse(partial):  # noqa: B007 (the last one's end)
            if self.answers_heartbeat(opcode, payload):
                continue
            if index >= len(expected.ends):
                raise WrongDelivery(f"more than was sent: {payload[:200]!r}")
            got, wanted = json.loads(payload[2:]), ["stream.delta", expected.contents[index]]
            if got != wanted:
                raise WrongDelivery(f"expected {wanted!r}, got {got!r}")
            self.at = expected.ends[index]
            index += 1
        del partial[:end]

    def _confirm(self) -> None:
        received = self._received + bisect_right(self._expected.ends, self.at)
        if received - self._confirmed >= self._every:
            self._confirmed = received
            self.send(b'42["confirm",{"count":%d}]' % received)
