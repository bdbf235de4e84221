"""A tavern that plays a script: what it does with a command is an async function of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tavernlink.core.peers.peer import Peer
from tavernlink.protocol.commands import Command, CommandCancel
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.event import Event
from tavernlink.protocol.session import Auth
from tavernlink.runtime.hub import Runtime

Script = Callable[["Turn"], Awaitable[None]]


class Turn:
    """One command that the tavern works on."""

    def __init__(self, tavern: ScriptedTavern, command: Command) -> None:
        self.tavern = tavern
        self.id = command.request_id
        self.name = command.name
        self.args: dict[str, Any] = command.args
        self.caller = command.caller
        self.stream_id = f"stream-{command.request_id}"
        self._seq = 0

    def start(self, kind: str = "detached", character: str = "Seraphina") -> None:
        self.tavern.say(
            "stream.start", stream_id=self.stream_id, kind=kind, request_id=self.id, character=character
        )

    def delta(self, text: str, **more: Any) -> None:
        self._seq += 1
        self.tavern.say("stream.delta", stream_id=self.stream_id, seq=self._seq, text=text, **more)

    def end(self, text: str, reason: str = "stop", **more: Any) -> None:
        self.tavern.say(
            "stream.end", stream_id=self.stream_id, seq=self._seq, text=text, reason=reason, **more
        )

    def done(self, **result: Any) -> None:
        self.tavern.say("command.done", request_id=self.id, ok=True, result=result)

    def fail(self, code: str, message: str = "It went wrong.", **details: Any) -> None:
        error = {"code": code, "message": message, "details": details}
        self.tavern.say("command.done", request_id=self.id, ok=False, error=error)

    def reply(self, *deltas: str, **result: Any) -> None:
        """Stream these deltas and finish with their concatenation."""
        self.start()
        for text in deltas:
            self.delta(text)
        whole = {"text": "".join(deltas), "reason": "stop", **result}
        self.end(whole["text"], whole["reason"])
        self.done(**whole)


class ScriptedTavern:
    """The far end of a tavern's line, inside the test."""

    def __init__(self, runtime: Runtime, script: Script | None) -> None:
        self.script = script
        self.commands: asyncio.Queue[Turn] = asyncio.Queue()
        """Commands for which there was no script."""
        self.cancelled: asyncio.Queue[str] = asyncio.Queue()
        """Ids of commands that the hub took back; they are reported as cancelled at once."""
        self.wanted: asyncio.Queue[list[str]] = asyncio.Queue()
        self._runtime = runtime
        self._peer: Peer | None = None
        self._playing: dict[str, asyncio.Task[None]] = {}

    def connect(self, key: str, name: str, id_: str) -> None:
        auth = Auth(key=key, role="tavern", name=name, id=id_, commands=list(COMMANDS))
        self._peer = self._runtime.connect(auth, self, address="test")

    def disconnect(self) -> None:
        assert self._peer is not None
        self._runtime.disconnected(self._peer, self)

    def say(self, type_: str, **content: Any) -> None:
        assert self._peer is not None
        self._runtime.receive(self._peer, type_, msgspec.json.encode(content), None)

    # Link

    def send(self, event: Event) -> None:
        content = msgspec.json.decode(event.json, type=type(event.content))
        if isinstance(content, Command):
            turn = Turn(self, content)
            if self.script is None:
                self.commands.put_nowait(turn)
            else:
                self._playing[turn.id] = asyncio.ensure_future(self.script(turn))
        elif isinstance(content, CommandCancel):
            playing = self._playing.pop(content.request_id, None)
            if playing is not None:
                playing.cancel()
            self.cancelled.put_nowait(content.request_id)
            error = {"code": "cancelled", "message": "The request was cancelled."}
            # After this call, as over a real line.
            asyncio.get_running_loop().call_soon(
                lambda: self.say("command.done", request_id=content.request_id, ok=False, error=error)
            )
        elif event.type == "events.wanted":
            self.wanted.put_nowait(msgspec.to_builtins(content)["names"])

    def close(self, code: str, message: str) -> None:
        """The hub ends the line; nothing to close here."""
