"""One Engine.IO session: a state machine that does no I/O and owns no clock.

It is handed a `Clock` (an asyncio loop is one), talks down to a `Channel` (a WebSocket connection) or to a
`Poll` (a waiting GET), and up to an `Application`. Heartbeat: the server pings `ping_interval` after the
opening or the last pong and wants a pong within `ping_timeout`; both moments are counted from the due
time, so a late timer does not prolong them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from tavernlink.transports.engineio.packet import (
    CLOSE,
    MESSAGE,
    NOOP,
    PONG,
    UPGRADE,
    Handshake,
    InvalidPacket,
    Packet,
    decode_payload,
    encode_payload,
    take_payload,
)
from tavernlink.transports.engineio.seams import Application, Cancellable, Channel, Clock, Owner, Poll
from tavernlink.transports.engineio.settings import Settings
from tavernlink.transports.engineio.state import MOVES, State
from tavernlink.transports.frame import Frame

__all__ = ["Session"]

_CLOSE_FRAME = Frame(b"1")
_PING_FRAME = Frame(b"2")
_NOOP_FRAME = Frame(b"6")


def _drop(frame: Frame) -> None:
    """What a session that is over does with messages."""


_POLLING, _PROBING, _WEBSOCKET = State.POLLING, State.PROBING, State.WEBSOCKET


class Session:
    """One client. `address` is the peer's, for limits and logs."""

    __slots__ = (
        "_awaiting_pong",
        "_channel",
        "_clock",
        "_drain_timer",
        "_due",
        "_flushing",
        "_heartbeat",
        "_owner",
        "_poll",
        "_queue",
        "_queued",
        "_settings",
        "_was_paused",
        "accepted",
        "address",
        "application",
        "origin",
        "send",
        "sid",
        "state",
    )

    application: Application

    def __init__(
        self,
        sid: str,
        settings: Settings,
        clock: Clock,
        owner: Owner,
        *,
        address: str = "",
        origin: str | None = None,
    ) -> None:
        self.sid = sid
        self.address = address
        self.origin = origin
        self.send: Callable[[Frame], None] = self._enqueue
        """Sends one message (made by `packet.message`); does nothing when closed. Follows the carrier, so that a
        message on a WebSocket costs one call."""
        self.accepted = False
        """True once the application knows who this is; until then it counts as a stranger."""
        self.state = _POLLING
        self._settings = settings
        self._clock = clock
        self._owner = owner
        self._channel: Channel | None = None
        self._poll: Poll | None = None
        self._queue: deque[Frame] = deque()
        self._queued = 0
        self._flushing = False
        self._was_paused = False
        self._awaiting_pong = False
        self._drain_timer: Cancellable | None = None
        self._due = clock.time() + settings.ping_interval
        self._heartbeat: Cancellable | None = clock.call_at(self._due, self._beat)

    # ── opening ──────────────────────────────────────────────────────────────────────────────────────────
    def handshake(self) -> Frame:
        """The OPEN packet for the carrier that the session has now."""
        settings = self._settings
        return Handshake(
            sid=self.sid,
            upgrades=[] if self._channel is not None else ["websocket"],
            ping_interval=round(settings.ping_interval * 1000),
            ping_timeout=round(settings.ping_timeout * 1000),
            max_payload=settings.max_payload,
        ).frame()

    def open_websocket(self, channel: Channel) -> None:
        """Start on a WebSocket, without any polling."""
        self._channel = channel
        self.state = _WEBSOCKET
        self.send = channel.write
        channel.write(self.handshake())

    def accept(self) -> None:
        """The application knows who this is: no longer a stranger."""
        if not self.accepted:
            self.accepted = True
            self._owner.session_accepted(self)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────
    @property
    def paused(self) -> bool:
        """True while the peer takes less than is sent; `Application.writable` tells the end of it."""
        if self.state is _WEBSOCKET:
            return self._channel.paused  # type: ignore[union-attr] # set in this state
        return self._was_paused

    @property
    def channel(self) -> Channel | None:
        """The WebSocket that carries the session; None while it polls, and when it is over."""
        return self._channel if self.state is _WEBSOCKET else None

    def write_buffer_size(self) -> int:
        """Bytes that the peer has not taken."""
        if self.state is _WEBSOCKET:
            return self._channel.write_buffer_size()  # type: ignore[union-attr] # set in this state
        return self._queued

    def close(self, reason: str = "forced close", code: int = 1000) -> None:
        """End the session; what is queued is still delivered."""
        if self.state is _WEBSOCKET:
            self._channel.close(code, reason)  # type: ignore[union-attr] # set in this state
        elif self.state in (_POLLING, _PROBING):
            self._enqueue(_CLOSE_FRAME)
            if self._poll is not None:
                self._answer_poll()
            if self._queue:
                self._finish(reason, State.DRAINING)
                self._drain_timer = self._clock.call_at(
                    self._clock.time() + self._settings.ping_timeout, self._drained
                )
                return
        self._finish(reason)

    def _enqueue(self, frame: Frame) -> None:
        self._queue.append(frame)
        self._queued += frame.size
        if self._queued >= self._settings.polling_high_water:
            if not self._was_paused:
                self._was_paused = True
                self.application.blocked()
            if self._queued > self._settings.max_polling_buffer:
                self._queue.clear()
                self._finish("slow consumer")
                return
        if self._poll is not None and not self._flushing:
            self._flushing = True
            self._clock.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._poll is not None and self._queue:
            self._answer_poll()

    def _answer_poll(self) -> None:
        """Give what is queued to the waiting GET, as far as one answer takes it; the next GET gets the rest."""
        poll, self._poll = self._poll, None
        frames = take_payload(self._queue)
        self._queued = self._queued - sum(frame.size for frame in frames) if self._queue else 0
        poll.answer(encode_payload(frames))  # type: ignore[union-attr] # callers check
        if not self._queue:
            self._tell_writable()

    def _tell_writable(self) -> None:
        if self._was_paused:
            self._was_paused = False
            if self.state is not State.CLOSED:
                self.application.writable()

    # ── long-polling ─────────────────────────────────────────────────────────────────────────────────────
    def receive_poll(self, poll: Poll) -> bool:
        """A GET came; it is answered now or later. False: refused, answer 400."""
        if self.state is State.DRAINING:
            self._poll = poll
            self._answer_poll()
            if not self._queue:
                self._drained()
            return True
        if self.state not in (_POLLING, _PROBING) or self._overdue():
            return False
        if self._poll is not None:
            self.close("transport error")
            return False
        self._poll = poll
        if self.state is _PROBING and not self._queue:
            self._queue.append(_NOOP_FRAME)  # the client is about to leave polling: let its GET end
        if self._queue:
            self._answer_poll()
        return True

    def abandon_poll(self, poll: Poll) -> None:
        """The waiting GET's connection broke: what it may have carried is unknown, so the session ends."""
        if self._poll is poll:
            self._poll = None
            self._finish("transport error")

    def receive_post(self, body: bytes) -> bool:
        """A POST came with a payload. False: refused, answer 400."""
        if self.state not in (_POLLING, _PROBING) or self._overdue():
            return False
        try:
            for packet in decode_payload(body):
                self._receive_packet(packet)
        except InvalidPacket:
            self.break_off("parse error")
            return False
        return True

    # ── WebSocket ────────────────────────────────────────────────────────────────────────────────────────
    def begin_upgrade(self) -> bool:
        """A WebSocket knocked; False if this session cannot be upgraded (again)."""
        if self.state is not _POLLING or self._overdue():
            return False
        self._move(_PROBING)
        return True

    def probed(self) -> None:
        """The probe was answered: let a waiting GET end, so that the client can pause polling."""
        if self._poll is not None:
            self._queue.append(_NOOP_FRAME)
            self._answer_poll()

    def complete_upgrade(self, channel: Channel) -> None:
        """The client said "5": from here on the WebSocket carries everything."""
        self.probed()
        self._move(_WEBSOCKET)
        self._channel = channel
        self.send = channel.write
        for frame in self._queue:
            channel.write(frame)
        self._queue.clear()
        self._queued = 0
        self._tell_writable()

    def abandon_upgrade(self) -> None:
        """The WebSocket went away before it was finished; polling goes on."""
        if self.state is _PROBING:
            self._move(_POLLING)

    def receive_text(self, payload: bytes) -> None:
        """A text message of the WebSocket that carries the session."""
        if self.state is not _WEBSOCKET:
            return
        try:
            if payload[:1] == b"4":
                self.application.receive_message(payload[1:])
            elif payload:
                self._receive_packet(Packet(payload[0], payload[1:]))
            else:
                raise InvalidPacket("an empty packet")
        except InvalidPacket:
            self.break_off("parse error")

    def receive_binary(self, payload: bytes) -> None:
        """A binary message of the WebSocket that carries the session."""
        if self.state is _WEBSOCKET:
            try:
                self.application.receive_binary(payload)
            except InvalidPacket:
                self.break_off("parse error")

    def connection_made(self, connection: Channel) -> None:
        """Part of a connection's receiver; a session gets its channel by `open_websocket` or an upgrade."""

    def connection_lost(self, code: int, reason: str) -> None:
        """The WebSocket that carried the session is gone."""
        self._finish("transport close" if code in (1000, 1001, 1005, 0) else reason or "transport close")

    def blocked(self) -> None:
        """The WebSocket's write buffer is full."""
        if self.state is _WEBSOCKET:
            self.application.blocked()

    def writable(self) -> None:
        """The WebSocket takes bytes again."""
        if self.state is _WEBSOCKET:
            self.application.writable()

    # ── packets ──────────────────────────────────────────────────────────────────────────────────────────
    def _receive_packet(self, packet: Packet) -> None:
        kind = packet.type
        if self.state not in (_POLLING, _PROBING, _WEBSOCKET):
            return  # a packet of the same payload closed the session
        if kind == MESSAGE:
            if packet.binary:
                self.application.receive_binary(packet.data)
            else:
                self.application.receive_message(packet.data)
        elif kind == PONG:
            self._receive_pong()
        elif kind == CLOSE:
            self._receive_close()
        elif kind not in (NOOP, UPGRADE):
            raise InvalidPacket("a packet type that a client may not send")

    def _receive_close(self) -> None:
        if self.state is _WEBSOCKET:
            self._channel.close()  # type: ignore[union-attr] # set in this state
        elif self._poll is not None:
            self._queue.append(_NOOP_FRAME)
            self._answer_poll()
        self._finish("transport close")

    def break_off(self, reason: str) -> None:
        """Close because of the peer's fault; nothing queued is delivered."""
        if self.state is _WEBSOCKET:
            self._channel.close(1002, reason)  # type: ignore[union-attr] # set in this state
        elif self._poll is not None:
            self._queue.clear()
            self._queue.append(_CLOSE_FRAME)
            self._answer_poll()
        self._finish(reason)

    # ── heartbeat ────────────────────────────────────────────────────────────────────────────────────────
    def _beat(self) -> None:
        if self._awaiting_pong:
            self._time_out()
            return
        self._awaiting_pong = True
        self._due += self._settings.ping_timeout
        self._heartbeat = self._clock.call_at(self._due, self._beat)
        self.send(_PING_FRAME)

    def _receive_pong(self) -> None:
        if self._awaiting_pong:
            self._awaiting_pong = False
            if self._heartbeat is not None:
                self._heartbeat.cancel()
            self._due = self._clock.time() + self._settings.ping_interval
            self._heartbeat = self._clock.call_at(self._due, self._beat)

    def _overdue(self) -> bool:
        """Close a session whose time is over although its timer has not fired yet; True if so."""
        limit = self._due if self._awaiting_pong else self._due + self._settings.ping_timeout
        if self._clock.time() < limit:
            return False
        self._time_out()
        return True

    def _time_out(self) -> None:
        self.break_off("ping timeout")

    # ── ending ───────────────────────────────────────────────────────────────────────────────────────────
    def _move(self, state: State) -> None:
        if state not in MOVES[self.state]:
            raise RuntimeError(f"an Engine.IO session cannot go from {self.state.name} to {state.name}")
        self.state = state

    def _finish(self, reason: str, state: State = State.CLOSED) -> None:
        """Leave; the application is told once."""
        if self.state in (State.CLOSED, State.DRAINING):
            return
        self._move(state)
        self.send = _drop
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            self._heartbeat = None
        if state is State.CLOSED:
            self._owner.session_ended(self)
        self.application.session_closed(reason)

    def _drained(self) -> None:
        if self.state is State.DRAINING:
            self._move(State.CLOSED)
            self._queue.clear()
            if self._drain_timer is not None:
                self._drain_timer.cancel()
            self._owner.session_ended(self)
