"""A ChatBridge extension as a tavern: it can send a message, show its chat, and stream.

    ──► chat_history   → chat.update (only what changed), the end of an open stream, the end of a send
    ──► stream_update  → stream.start, stream.delta
    ◄── send_message   ← command `send`

What the dialect cannot do (editing, other modes, a persona's name, attachments) is refused by name.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import msgspec

from tavernlink.core.access.keys import Key
from tavernlink.core.peers.peer import Peer
from tavernlink.errors import BadMessage, Conflict, TavernlinkError
from tavernlink.protocol.catalogue import UNCOUNTED
from tavernlink.protocol.chat import ChatMessage, ChatUpdate
from tavernlink.protocol.chatbridge import decode_bridge_frame, encode_bridge_frame, from_bridge_message
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.commands import Command, CommandCancel, CommandDone, Context
from tavernlink.protocol.event import Event
from tavernlink.protocol.message import Message
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.protocol.requests import GenerationResult
from tavernlink.protocol.session import Auth, Confirm
from tavernlink.protocol.taverns import TavernState
from tavernlink.runtime.hub import Runtime
from tavernlink.transports.connection import Connection
from tavernlink.transports.frame import Frame
from tavernlink.transports.websocket.bridge_chat import chat_ops
from tavernlink.transports.websocket.bridge_stream import CumulativeStream
from tavernlink.transports.websocket.closing import close_code
from tavernlink.transports.websocket.heartbeat import Heartbeat
from tavernlink.transports.websocket.seats import Seats

__all__ = ["BridgeTavern"]

_CONFIRM_EVERY = 64
_NAME = "ChatBridge"


class BridgeTavern:
    """The receiver of one extension's connection, and the hub's line to it."""

    __slots__ = (
        "_command",
        "_connection",
        "_heartbeat",
        "_key",
        "_length",
        "_loop",
        "_messages",
        "_ping_seconds",
        "_received",
        "_runtime",
        "_seat",
        "_seats",
        "_senders",
        "_sent",
        "_state",
        "_stream",
        "peer",
    )

    _connection: Connection
    _heartbeat: Heartbeat
    _loop: asyncio.AbstractEventLoop

    def __init__(self, runtime: Runtime, key: Key, seats: Seats, *, ping_seconds: float) -> None:
        self._runtime = runtime
        self._key = key
        self._seats = seats
        self._seat = ""
        self._ping_seconds = ping_seconds
        self._messages: list[ChatMessage] = []
        self._stream = CumulativeStream(lambda: f"cb-{secrets.token_urlsafe(12)}")
        self._state = TavernState()
        self._command: Command | None = None
        self._length = 0
        """Messages that the chat had when the command's text was sent."""
        self._sent: tuple[str, str | None] = ("", None)
        """That text, and who sent it, until it stands in the chat."""
        self._senders: dict[int, tuple[str, str]] = {}
        """Index in the chat → text and sender of what apps sent."""
        self._received = 0
        self.peer: Peer | None = None

    # ── from the connection ──────────────────────────────────────────────────────────────────────────────
    def connection_made(self, connection: Connection) -> None:
        """Become a tavern."""
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._heartbeat = Heartbeat(connection, self._ping_seconds)
        self._seat = self._seats.take()
        auth = Auth(role="tavern", name=_NAME, id=self._seat)
        try:
            self.peer = self._runtime.core.connect(auth, self._key, self, connection.address)
        except TavernlinkError as error:
            self.close(error.code, error.message)

    def receive_text(self, payload: bytes) -> None:
        """One frame of the dialect."""
        try:
            frame = decode_bridge_frame(payload)
            if frame.type == "chat_history":
                self._receive_history([from_bridge_message(raw) for raw in frame.content])
            elif frame.type == "stream_update":
                self._receive_stream(frame.content)
            else:
                raise BadMessage("not_for_this_role", f"{frame.type!r} goes to the extension, not from it.")
        except BadMessage as error:
            self._complain(error)

    def receive_binary(self, payload: bytes) -> None:
        """Nothing of the dialect is binary."""
        self._complain(BadMessage("invalid_message", "Frames are JSON text, not binary."))

    def blocked(self) -> None:
        """The extension reads too slowly."""
        if self.peer is not None:
            self._runtime.link_blocked(self.peer, self)

    def writable(self) -> None:
        """It caught up."""
        if self.peer is not None:
            self._runtime.link_ready(self.peer, self)

    def connection_lost(self, code: int, reason: str) -> None:
        """The line dropped."""
        self._heartbeat.stop()
        self._seats.leave(self._seat)
        if self.peer is not None:
            self._runtime.disconnected(self.peer, self)

    # ── from the hub (a Link) ────────────────────────────────────────────────────────────────────────────
    def send(self, event: Event) -> None:
        """Take an event. It is acted on in the next turn of the loop, since the hub is in the middle of something."""
        if event.type in UNCOUNTED:
            return
        self._received += 1
        if event.type in ("command", "command.cancel"):
            self._loop.call_soon(self._obey, event.content)
        if self._received % _CONFIRM_EVERY == 0:
            self._loop.call_soon(self._publish, "confirm", Confirm(count=self._received))

    def close(self, code: str, message: str) -> None:
        """End the connection."""
        self._connection.close(close_code(code), message)

    # ── what the extension says ──────────────────────────────────────────────────────────────────────────
    def _receive_history(self, messages: list[ChatMessage]) -> None:
        messages = self._marked(messages)
        ops = chat_ops(self._messages, messages)
        self._messages = messages
        if ops:
            self._publish("chat.update", ChatUpdate(chat_id=None, ops=ops))
        last = messages[-1] if messages else None
        if last is not None and last.role == "assistant":
            ended = self._stream.end(last.text, len(messages) - 1)
            if ended is not None:
                self._publish("stream.end", ended)
        else:
            self._stream.forget_last()
        if ops and ops[0].op == "reset" and self._length:
            self._fail(Conflict("chat_changed"))
        elif last is not None and last.role == "assistant" and len(messages) > self._length:
            self._conclude(last)
        self._tell_state()

    def _receive_stream(self, text: str) -> None:
        command = self._command
        for message in self._stream.update(
            text,
            character=self._state.character,
            request_id=command.request_id if command is not None else None,
        ):
            self._publish("stream.delta" if hasattr(message, "seq") else "stream.start", message)
        self._tell_state()

    def _tell_state(self) -> None:
        state = TavernState(
            user=self._last_name("user"),
            character=self._last_name("assistant"),
            generating=self._stream.open or self._command is not None,
        )
        if state != self._state:
            self._state = state
            self._publish("tavern.state", state)

    def _marked(self, messages: list[ChatMessage]) -> list[ChatMessage]:
        """The messages, with what an app sent marked as its own: the dialect says nothing of that."""
        text, sender = self._sent
        for index in range(self._length, len(messages)) if sender is not None else ():
            if messages[index].role == "user" and messages[index].text.strip() == text.strip():
                self._senders[index] = (messages[index].text, sender or "")
                self._sent = ("", None)
                break
        return [
            msgspec.structs.replace(message, sent_by=self._senders[index][1])
            if index in self._senders and self._senders[index][0] == message.text
            else message
            for index, message in enumerate(messages)
        ]

    def _last_name(self, role: str) -> str | None:
        return next((message.name for message in reversed(self._messages) if message.role == role), None)

    # ── what the hub asks ────────────────────────────────────────────────────────────────────────────────
    def _obey(self, content: Message) -> None:
        try:
            if isinstance(content, CommandCancel):
                if self._command is not None and self._command.request_id == content.request_id:
                    self._fail(TavernlinkError("cancelled", "The request was cancelled."))
            elif isinstance(content, Command):
                self._carry_out(content)
        except TavernlinkError as error:
            self._done(content.request_id, error=error)  # type: ignore[attr-defined] # only a command raises

    def _carry_out(self, command: Command) -> None:
        args: dict[str, Any] = command.args or {}
        if command.name == "context":
            self._done(command.request_id, self._context(int(args.get("last", 10))))
            return
        if command.name != "send":
            raise BadMessage("unknown_command", f"A ChatBridge extension cannot do {command.name!r}.")
        text = _spoken(args)
        self._command = command
        self._length = len(self._messages)
        self._sent = (text, args.get("by"))
        self._connection.write(Frame(encode_bridge_frame("send_message", text)))
        self._tell_state()

    def _context(self, last: int) -> Context:
        shown = self._messages[-last:] if last else []
        first = len(self._messages) - len(shown)
        return Context(
            user=self._state.user,
            character=self._state.character,
            total=len(self._messages),
            messages=[msgspec.structs.replace(each, index=first + at) for at, each in enumerate(shown)],
        )

    def _conclude(self, reply: ChatMessage) -> None:
        command, self._command = self._command, None
        if command is not None:
            result = GenerationResult(
                text=reply.text, character=reply.name, message_index=len(self._messages) - 1
            )
            self._done(command.request_id, result)

    def _fail(self, error: TavernlinkError) -> None:
        command, self._command = self._command, None
        if command is not None:
            self._done(command.request_id, error=error)

    def _done(
        self, request_id: str, result: Message | None = None, error: TavernlinkError | None = None
    ) -> None:
        outcome = CommandDone(
            request_id=request_id,
            ok=error is None,
            result=result,
            error=ErrorInfo.of(error) if error is not None else None,
        )
        self._publish("command.done", outcome)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────
    def _publish(self, type_: str, content: Message) -> None:
        if self.peer is not None:
            self._runtime.receive(self.peer, type_, encode_json(content), None)

    def _complain(self, error: TavernlinkError) -> None:
        """Say what was wrong; the dialect's own programs ignore a type that they do not know."""
        content = {"code": error.code, "message": error.message}
        self._connection.write(Frame(encode_bridge_frame("error", content)))


def _spoken(args: dict[str, Any]) -> str:
    """The text to type. Members of a room are named in it: the dialect knows one speaker."""
    before: list[dict[str, Any]] = args.get("before") or []
    for name, wanted in (("attachments", False), ("generate", True), ("context", False)):
        if bool(args.get(name, wanted)) is not wanted:
            raise BadMessage("unsupported_parameter", f"A ChatBridge extension cannot honour {name!r}.")
    lines = []
    for said in (*before, args):
        speaker = said.get("as")
        if isinstance(speaker, str) and speaker:
            raise BadMessage("unsupported_parameter", "A ChatBridge extension cannot honour 'as'.")
        named = f"{speaker['name']}: " if isinstance(speaker, dict) else ""
        lines.append(f"{named}{said.get('text', '')}")
    return "\n".join(lines)
