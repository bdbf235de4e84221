"""One accepted WebSocket: puts fragments together, joins writes, closes politely.

The only module that speaks to picows' transport. It hands whole messages to a `Receiver` (an Engine.IO
session, a plain WebSocket peer) and writes `Frame`s. It knows no protocol above WebSocket.

Writes of one turn of the event loop are joined: a connection that has something to write puts itself on
its loop's `Batch` and the batch writes each connection's frames with one system call. What the last
WebSocket frame of a read causes is written as soon as that frame has been handled, so nothing waits for
another turn of the loop; the first frame to each connection, as a rule the only one, then takes a short
way around the queue. All system calls come in one tight loop: in between Python code, each of them would
find the processor's caches full of something else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from tavernlink.runtime.counts import Traffic
from tavernlink.transports.frame import Frame

if TYPE_CHECKING:
    from picows.picows import WSCloseHandshake

__all__ = ["Batch", "Connection", "Receiver", "Spread"]

_logger = logging.getLogger("tavernlink.transports")
_TEXT = WSMsgType.TEXT
_BINARY = WSMsgType.BINARY
_CONTINUATION = WSMsgType.CONTINUATION
_CLOSE = WSMsgType.CLOSE
_PING = WSMsgType.PING
_PONG = WSMsgType.PONG
_CLOSE_SECONDS = 1.0  # how long the peer may take to answer a close frame
_REASON_BYTES = 123  # RFC 6455, 5.5: a control frame carries at most 125 bytes, two of them the code


class Receiver(Protocol):
    """What stands above a connection."""

    def connection_made(self, connection: Connection) -> None:
        """The connection is open."""

    def receive_text(self, payload: bytes) -> None:
        """One whole text message; its UTF-8 is not checked yet."""

    def receive_binary(self, payload: bytes) -> None:
        """One whole binary message."""

    def blocked(self) -> None:
        """The write buffer went over its high-water mark: hold what can wait."""

    def writable(self) -> None:
        """The write buffer is low again."""

    def connection_lost(self, code: int, reason: str) -> None:
        """The connection is gone; called once, last. `code` 1006: it was never closed properly."""


class Batch:
    """The connections of one event loop that have unwritten frames."""

    __slots__ = ("_loop", "_scheduled", "direct", "dirty", "firsts", "stretches")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._scheduled = False
        self.dirty: list[Connection] = []
        """Those with something in their queue."""
        self.firsts: list[tuple[Callable[[WSMsgType, bytes], None], bytes]] = []
        """Text frames that go out before any queue: picows' send of a connection, and the payload."""
        self.stretches = 0
        """How many times the last frame of a read was handled."""
        self.direct = 0
        """Number of the stretch in which each connection's first frame goes into `firsts`; 0: not now."""

    def add(self, connection: Connection) -> None:
        """Have `connection` written at the end of this turn."""
        self.dirty.append(connection)
        if not self.direct and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        self.flush()

    def flush(self) -> None:
        """Write everything that is waiting."""
        firsts, dirty = self.firsts, self.dirty
        if firsts:
            self.firsts = []
            for send, text in firsts:
                send(_TEXT, text)
        if dirty:
            self.dirty = []
            for connection in dirty:
                connection.flush()


class Connection(WSListener):
    """One WebSocket. Made by the upgrade, given to its `Receiver` when open."""

    __slots__ = (
        "_closing",
        "_direct",
        "_limit",
        "_loop",
        "_parts",
        "_parts_size",
        "_parts_text",
        "_queue",
        "_queued",
        "_timer",
        "_transport",
        "_write_limit",
        "address",
        "answered",
        "batch",
        "paused",
        "receiver",
        "send",
        "traffic",
    )

    def __init__(
        self,
        receiver: Receiver,
        batch: Batch,
        loop: asyncio.AbstractEventLoop,
        *,
        address: str,
        max_payload: int,
        max_write_buffer: int,
        traffic: Traffic | None = None,
    ) -> None:
        self.receiver = receiver
        """May be replaced, as an Engine.IO upgrade does."""
        self.address = address
        self.answered = True
        """False from a `ping` to its pong."""
        self.paused = False
        """True while more than the high-water mark (64 KiB) waits to be sent."""
        self.batch = batch
        self.traffic = traffic or Traffic()
        """Counters of its door."""
        self._loop = loop
        self._limit = max_payload
        self._write_limit = max_write_buffer
        self._queue: list[Frame] = []
        self._queued = 0
        self._direct = 0
        """The stretch (`Batch.direct`) of the last frame that took the short way."""
        self._parts: list[bytes] | None = None
        self._parts_size = 0
        self._parts_text = False
        self._closing: tuple[int, str] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # ── outgoing ─────────────────────────────────────────────────────────────────────────────────────────
    def write(self, frame: Frame) -> None:
        """Send `frame` now or at the end of this turn of the loop; does nothing on a closing connection."""
        queue = self._queue
        traffic = self.traffic
        traffic.messages_out += 1
        traffic.bytes_out += frame.size if frame.attachments else len(frame.text)
        if not queue:
            if self._closing is not None:
                return
            batch = self.batch
            if batch.direct > self._direct and not frame.attachments and not self.paused:
                self._direct = batch.direct
                batch.firsts.append((self.send, frame.text))
                return
            batch.add(self)
        queue.append(frame)
        self._queued += frame.size
        if (self.paused or self._queued > self._write_limit) and self.write_buffer_size() > self._write_limit:
            self.abort(1013, "slow consumer")

    def flush(self) -> None:
        """Hand the queued frames to the operating system (the batch calls this)."""
        queue = self._queue
        if not queue:
            return
        self._queue = []
        self._queued = 0
        if len(queue) == 1:
            frame = queue[0]
            if frame.attachments:
                self._transport.underlying_transport.write(frame.wire)
            else:  # picows' own send is a direct system call: the cheapest way for one frame
                self.send(_TEXT, frame.text)
        else:
            self._transport.underlying_transport.write(b"".join([frame.wire for frame in queue]))

    def write_buffer_size(self) -> int:
        """Bytes that were written here and not yet taken by the operating system."""
        return self._queued + self._transport.underlying_transport.get_write_buffer_size()

    def ping(self) -> None:
        """Ask for a sign of life."""
        self.answered = False
        self._transport.send_ping()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send what is queued, then a close frame; the socket is closed when the peer answers."""
        if self._closing is not None:
            return
        self.batch.flush()
        self.flush()
        self._closing = (code, reason)
        self._transport.send_close(_close_code(code), _cut(reason))
        self._timer = self._loop.call_later(_CLOSE_SECONDS, self._transport.disconnect, False)  # noqa: FBT003

    def abort(self, code: int, reason: str) -> None:
        """Drop the connection at once: the peer cannot take what is waiting for it."""
        if self._closing is None:
            self._closing = (code, reason)
            self._queue.clear()
            self._queued = 0
            self._transport.disconnect(graceful=False)

    # ── picows ───────────────────────────────────────────────────────────────────────────────────────────
    def on_ws_connected(self, transport: WSTransport) -> None:  # noqa: D102
        self._transport = transport
        self.send = transport.send
        try:
            self.receiver.connection_made(self)
        except Exception:  # picows closes the connection, but would not say where the fault was
            _logger.exception("a new WebSocket connection failed")
            raise

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: D102
        batch = self.batch
        last = frame.last_in_buffer
        if last:
            batch.stretches += 1
            batch.direct = batch.stretches
        traffic = self.traffic
        traffic.messages_in += 1
        traffic.bytes_in += frame.payload_size
        try:
            kind = frame.msg_type
            if self._closing is not None:
                if kind is _CLOSE:
                    self._transport.disconnect()
            elif frame.rsv1 or frame.rsv2 or frame.rsv3:
                self._fail(1002, "no extension was agreed on")
            elif kind is _TEXT and frame.fin and self._parts is None:
                self.receiver.receive_text(frame.get_payload_as_bytes())
            elif kind is _BINARY and frame.fin and self._parts is None:
                self.receiver.receive_binary(frame.get_payload_as_bytes())
            elif kind in (_TEXT, _BINARY, _CONTINUATION):
                self._receive_part(frame)
            else:
                self._receive_control(frame)
        finally:
            if last:
                batch.direct = 0
                if batch.firsts or batch.dirty:
                    batch.flush()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: D102
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()
        code, reason = 1006, ""
        if self._closing is not None:
            code, reason = self._closing
        else:  # picows closed it: a broken frame, or one over the limit
            handshake: WSCloseHandshake | None = transport.close_handshake
            if handshake is not None and handshake.sent is not None:
                code, reason = handshake.sent.code.value, handshake.sent.reason or ""
        self._closing = (code, reason)
        self.receiver.connection_lost(code, reason)

    def pause_writing(self) -> None:  # noqa: D102
        self.paused = True
        self.receiver.blocked()

    def resume_writing(self) -> None:  # noqa: D102
        self.paused = False
        self.receiver.writable()

    # ── incoming ─────────────────────────────────────────────────────────────────────────────────────────
    def _receive_part(self, frame: WSFrame) -> None:
        """Collect the fragments of one message (RFC 6455, 5.4)."""
        parts = self._parts
        if (frame.msg_type is _CONTINUATION) is (parts is None):
            self._fail(1002, "a fragment out of place")
            return
        if parts is None:
            self._parts = parts = []
            self._parts_size = 0
            self._parts_text = frame.msg_type is _TEXT
        self._parts_size += frame.payload_size
        if self._parts_size > self._limit:
            self._fail(1009, f"message is larger than {self._limit} bytes")
            return
        parts.append(frame.get_payload_as_bytes())
        if frame.fin:
            self._parts = None
            message = b"".join(parts)
            (self.receiver.receive_text if self._parts_text else self.receiver.receive_binary)(message)

    def _receive_control(self, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is _CLOSE:
            self._receive_close(frame)
        elif kind is _PING:
            self._transport.send_pong(frame.get_payload_as_bytes())
        elif kind is _PONG:
            self.answered = True

    def _receive_close(self, frame: WSFrame) -> None:
        code = frame.get_close_code().value
        self.batch.flush()
        self.flush()
        self._closing = (code, frame.get_close_reason() or "")
        self._transport.send_close(_close_code(code or 1000))
        self._transport.disconnect()

    def _fail(self, code: int, reason: str) -> None:
        self._parts = None
        self.close(code, reason)


def _close_code(code: int) -> WSCloseCode:
    # picows takes any number here (codes from 3000 are free for applications); its annotation is narrower.
    return code  # type: ignore[return-value]


def _cut(reason: str) -> bytes:
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore").encode()


class Spread:
    """Connections of one loop that get the same frames."""

    __slots__ = ("_batch", "_connections", "_sends")

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections
        self._sends = [connection.send for connection in connections]
        self._batch = connections[0].batch if connections else None

    def write(self, frame: Frame) -> None:
        """Send `frame` on each: at once where nothing waits before it, which is as a rule."""
        batch = self._batch
        if batch is None:
            return
        if batch.direct and not batch.dirty and not batch.firsts and not frame.attachments:
            text = frame.text
            traffic = self._connections[0].traffic
            traffic.messages_out += len(self._sends)
            traffic.bytes_out += len(self._sends) * len(text)
            for send in self._sends:  # picows passes over a connection that is closing
                send(_TEXT, text)
        else:
            for connection in self._connections:
                connection.write(frame)
