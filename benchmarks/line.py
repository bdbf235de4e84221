"""One Socket.IO connection over a WebSocket, by hand on a plain socket: cheap enough to generate load with."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections import deque
from typing import Any

from benchmarks.frames import PING, TEXT, masked, parse

__all__ = ["TIMEOUT", "Line", "event_frame"]

TIMEOUT = 15.0
"""Seconds; a healthy server answers in milliseconds."""
_PONG = 0xA


class Line:
    """A connected peer. Blocking while it is set up; `Subscriber` and the publisher's loop read it without waiting."""

    def __init__(self, port: int, auth: dict[str, Any]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = bytearray()
        self._packets: deque[bytes] = deque()
        self._upgrade(port)
        self._expect(b"0")
        self.send(b"40" + json.dumps(auth, separators=(",", ":")).encode())
        self._expect(b"40")

    def fileno(self) -> int:
        """The socket's, for epoll."""
        return self.socket.fileno()

    def close(self) -> None:
        """Drop the connection."""
        self.socket.close()

    def send(self, packet: bytes) -> None:
        """Send one Engine.IO packet."""
        self.socket.sendall(masked(packet))

    def read(self) -> bytes:
        """Wait for one Engine.IO packet; heartbeats are answered here."""
        while True:
            if self._packets:
                return self._packets.popleft()
            chunk = self.socket.recv(65_536)
            if not chunk:
                raise ConnectionError("the server closed the connection")
            self.feed(chunk)

    def feed(self, chunk: bytes) -> None:
        """Take bytes that were read elsewhere."""
        rest = self._rest
        rest += chunk
        end = 0
        for opcode, payload, end in parse(rest):  # noqa: B007 (the last one's end)
            if not self.answers_heartbeat(opcode, payload):
                self._packets.append(payload)
        del rest[:end]

    def answers_heartbeat(self, opcode: int, payload: bytes) -> bool:
        """Answer a WebSocket or Engine.IO ping; False for anything else. Raises ConnectionError for a close."""
        if opcode == TEXT:
            if payload == b"2":
                self.send(b"3")
                return True
            if payload != b"1":
                return False
        elif opcode == PING:
            self.socket.sendall(masked(payload, _PONG))
            return True
        raise ConnectionError(f"the server closed the connection: {payload[:200]!r}")

    def drain(self) -> None:
        """Read and drop what has arrived; the socket does not block."""
        try:
            while chunk := self.socket.recv(65_536):
                self.feed(chunk)
                self._packets.clear()
        except BlockingIOError:
            return
        raise ConnectionError("the server closed the connection")

    def ask(self, name: str, content: dict[str, Any]) -> Any:
        """Emit an event and wait for its ack; events that come meanwhile are dropped."""
        self.send(b"427" + json.dumps([name, content], separators=(",", ":")).encode())
        (outcome,) = json.loads(self._expect(b"437"))
        if not outcome["ok"]:
            raise ConnectionError(f"{name} was refused: {outcome['error']}")
        return outcome["result"]

    def wait_event(self, name: str) -> dict[str, Any]:
        """Wait for an event of this name and return its content; others are dropped."""
        while True:
            got, *arguments = json.loads(self._expect(b"42"))
            if got == name:
                content: dict[str, Any] = arguments[0]
                return content

    def wait_ack(self) -> bytes:
        """Wait for the next ack, whichever it is, and return its arguments; events that come meanwhile are dropped."""
        return self._expect(b"43").lstrip(b"0123456789")

    def _expect(self, start: bytes) -> bytes:
        while True:
            packet = self.read()
            if packet.startswith(start):
                return packet[len(start) :]
            if packet.startswith(b"44"):
                raise ConnectionError(f"the server refused the connection: {packet[2:]!r}")

    def _upgrade(self, port: int) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (
                "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            ).encode()
        )
        head = bytearray()
        while b"\r\n\r\n" not in head:
            chunk = self.socket.recv(4096)
            if not chunk:
                raise ConnectionError("the server closed the connection during the upgrade")
            head += chunk
        status, _, rest = bytes(head).partition(b"\r\n\r\n")
        if b" 101 " not in status.split(b"\r\n")[0]:
            raise ConnectionError(f"the upgrade was refused: {bytes(head)!r}")
        self.feed(rest)


def event_frame(name: str, content: dict[str, Any]) -> bytes:
    """An event as an Engine.IO packet, compact as both servers write it."""
    return b"42" + json.dumps([name, content], ensure_ascii=False, separators=(",", ":")).encode()
