"""A ChatBridge program as an app: the default tavern's whole chat and cumulative texts, as its users know them.

    ◄── chat_history    ← chat.get, chat.changed: all messages, on open and after every change
    ◄── stream_update   ← stream.delta: the text so far
    ──► send_message    → chat.send

A program that reads slowly gets fewer `stream_update`s: each one holds everything, so only the newest counts.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tavernlink.core.access.keys import Key
from tavernlink.core.peers.peer import Peer
from tavernlink.errors import BadMessage, TavernlinkError
from tavernlink.protocol.catalogue import UNCOUNTED
from tavernlink.protocol.chat import ChatChanged, ChatGet, ChatMessage, ChatSend, ChatView
from tavernlink.protocol.chatbridge import decode_bridge_frame, encode_bridge_frame, to_bridge_message
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.event import Event
from tavernlink.protocol.message import Message
from tavernlink.protocol.outcome import Failure, Success
from tavernlink.protocol.session import Auth, Confirm
from tavernlink.protocol.streams import StreamDelta, StreamEnd, StreamStart
from tavernlink.protocol.subscriptions import Subscribe
from tavernlink.protocol.taverns import TavernChanged
from tavernlink.runtime.hub import Runtime
from tavernlink.transports.connection import Connection
from tavernlink.transports.frame import Frame
from tavernlink.transports.websocket.bridge_chat import apply_ops
from tavernlink.transports.websocket.closing import close_code
from tavernlink.transports.websocket.heartbeat import Heartbeat

__all__ = ["BridgeApp"]

_CONFIRM_EVERY = 64
_PAGE = 1_000
_WANTED = ["chat.changed", "stream.*", "tavern.changed"]
_SHOWN = frozenset({"reply", "regenerate", "swipe", "continue"})
"""Kinds of streams that show in the open chat."""


class BridgeApp:
    """The receiver of one program's connection, and the hub's line to it."""

    __slots__ = (
        "_connection",
        "_heartbeat",
        "_key",
        "_loop",
        "_messages",
        "_ping_seconds",
        "_received",
        "_revision",
        "_runtime",
        "_streams",
        "_tavern",
        "_unsent",
        "peer",
    )

    _connection: Connection
    _heartbeat: Heartbeat
    _loop: asyncio.AbstractEventLoop

    def __init__(self, runtime: Runtime, key: Key, *, ping_seconds: float) -> None:
        self._runtime = runtime
        self._key = key
        self._ping_seconds = ping_seconds
        self._tavern: str | None = None
        self._messages: list[ChatMessage] = []
        self._revision = -1
        self._streams: dict[str, str] = {}
        """Running streams of the default tavern → text so far."""
        self._unsent: str | None = None
        """Text of the newest `stream_update` that has not gone out."""
        self._received = 0
        self.peer: Peer | None = None

    # ── from the connection ──────────────────────────────────────────────────────────────────────────────
    def connection_made(self, connection: Connection) -> None:
        """Become an app and show the chat."""
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._heartbeat = Heartbeat(connection, self._ping_seconds)
        try:
            auth = Auth(role="app", name=self._key.name)
            self.peer = self._runtime.core.connect(auth, self._key, self, connection.address)
        except TavernlinkError as error:
            self.close(error.code, error.message)
            return
        self._ask("subscribe", Subscribe(types=_WANTED))
        self._look()

    def receive_text(self, payload: bytes) -> None:
        """One frame of the dialect."""
        try:
            frame = decode_bridge_frame(payload)
            if frame.type != "send_message":
                raise BadMessage(
                    "not_for_this_role", f"{frame.type!r} comes from the extension, not from a program."
                )
        except BadMessage as error:
            self._complain(error)
            return
        self._ask("chat.send", ChatSend(text=frame.content, tavern=self._tavern), self._complain_of)

    def receive_binary(self, payload: bytes) -> None:
        """Nothing of the dialect is binary."""
        self._complain(BadMessage("invalid_message", "Frames are JSON text, not binary."))

    def blocked(self) -> None:
        """Nothing to do: what is written while the program is slow is only the newest text, see `_flush`."""

    def writable(self) -> None:
        """It caught up."""
        self._flush()

    def connection_lost(self, code: int, reason: str) -> None:
        """The line dropped."""
        self._heartbeat.stop()
        if self.peer is not None:
            self._runtime.disconnected(self.peer, self)

    # ── from the hub (a Link) ────────────────────────────────────────────────────────────────────────────
    def send(self, event: Event) -> None:
        """Take an event."""
        if event.type in UNCOUNTED:
            return
        self._received += 1
        content = event.content
        if isinstance(content, StreamDelta):
            self._receive_delta(content)
        elif isinstance(content, StreamStart):
            if content.tavern == self._tavern and content.kind in _SHOWN:
                self._streams[content.stream_id] = ""
        elif isinstance(content, StreamEnd):
            self._receive_end(content)
        elif isinstance(content, ChatChanged):
            self._receive_changed(content)
        elif isinstance(content, TavernChanged):
            self._loop.call_soon(self._look)
        if self._received % _CONFIRM_EVERY == 0:
            self._loop.call_soon(self._ask, "confirm", Confirm(count=self._received))

    def close(self, code: str, message: str) -> None:
        """End the connection."""
        self._connection.close(close_code(code), message)

    # ── streams ──────────────────────────────────────────────────────────────────────────────────────────
    def _receive_delta(self, delta: StreamDelta) -> None:
        so_far = self._streams.get(delta.stream_id)
        if so_far is not None and delta.channel == "text":
            text = delta.text if delta.replace else so_far + delta.text
            self._streams[delta.stream_id] = text
            self._show(text)

    def _receive_end(self, end: StreamEnd) -> None:
        so_far = self._streams.pop(end.stream_id, None)
        if so_far is not None and so_far != end.text:
            self._show(end.text)

    def _show(self, text: str) -> None:
        if self._unsent is None:
            self._loop.call_soon(self._flush)
        self._unsent = text

    def _flush(self) -> None:
        if self._unsent is not None and not self._connection.paused:
            self._write("stream_update", self._unsent)
            self._unsent = None

    # ── the chat ─────────────────────────────────────────────────────────────────────────────────────────
    def _look(self) -> None:
        """Find the default tavern; if it is another one than before, show its chat."""
        self._ask("chat.get", ChatGet(limit=_PAGE), self._receive_view)

    def _receive_view(self, outcome: Success | Failure) -> None:
        if isinstance(outcome, Failure):
            self._tavern = None  # nobody is connected: the next `tavern.changed` tells of someone
            return
        view: ChatView = outcome.result
        if view.tavern == self._tavern and view.revision == self._revision:
            return
        messages = list(view.messages)
        while messages and len(messages) < view.total:
            page = self._page(view.tavern, before=view.total - len(messages))
            if not page:
                break
            messages[:0] = page
        self._tavern, self._messages, self._revision = view.tavern, messages, view.revision
        self._show_chat()

    def _page(self, tavern: str, *, before: int) -> list[ChatMessage]:
        pages: list[list[ChatMessage]] = []

        def take(outcome: Success | Failure) -> None:
            if isinstance(outcome, Success):
                pages.append(list(outcome.result.messages))

        self._ask("chat.get", ChatGet(tavern=tavern, before=before, limit=_PAGE), take)
        return pages[0] if pages else []

    def _receive_changed(self, change: ChatChanged) -> None:
        if change.tavern != self._tavern:
            return
        try:
            if change.revision != self._revision + 1:
                raise BadMessage("invalid_message", "A change was missed.")
            apply_ops(self._messages, change.ops)
        except BadMessage:
            self._revision = -1
            self._loop.call_soon(self._look)
            return
        self._revision = change.revision
        if not change.loading:
            self._show_chat()

    def _show_chat(self) -> None:
        self._flush()
        self._write("chat_history", [to_bridge_message(message) for message in self._messages])

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────
    def _ask(self, type_: str, content: Message, ack: Any = None) -> None:
        if self.peer is not None:
            self._runtime.receive(self.peer, type_, encode_json(content), ack)

    def _write(self, type_: str, content: Any) -> None:
        self._connection.write(Frame(encode_bridge_frame(type_, content)))

    def _complain_of(self, outcome: Success | Failure) -> None:
        if isinstance(outcome, Failure):
            self._complain(outcome.error.to_error())

    def _complain(self, error: TavernlinkError) -> None:
        """Say what was wrong; the dialect's own programs ignore a type that they do not know."""
        self._write("error", {"code": error.code, "message": error.message})
