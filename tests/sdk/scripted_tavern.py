"""A tavern without SillyTavern: it connects to a real hub by a real WebSocket and does what a test tells it to.

It answers `send` and `generate` with what `words` returns, word by word, keeps a chat, and mirrors it to the hub.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tavernlink.protocol import WEBSOCKET_SUBPROTOCOL
from tavernlink.sdk.address import websocket_address

Words = Callable[[str], list[str]]
BeforeWord = Callable[[int], Awaitable[None]]


def echo(text: str) -> list[str]:
    """Answer with the words that were said."""
    return [f"{word} " for word in ("You", "said:", *text.split())]


class ScriptedTavern:
    """One tavern. `held` keeps it from saying the next word until it is set."""

    def __init__(self, socket: ClientConnection, words: Words) -> None:
        self._socket = socket
        self._words = words
        self._streams = 0
        self._work: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, list[asyncio.Future[Any]]] = {}
        self.held = asyncio.Event()
        self.held.set()
        self.chat: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self.results: dict[str, Any] = {}
        """Command → what it answers, for commands that it does not know itself."""
        self.before_word: BeforeWord | None = None
        """Is awaited before each word, with its number from 1."""

    async def run(self, ready: asyncio.Event) -> None:
        """Answer commands until cancelled."""
        async for data in self._socket:
            frame = json.loads(data)
            content = frame["content"]
            for waiting in self._waiting.pop(frame["type"], ()):
                waiting.set_result(content)
            if frame["type"] == "welcome":
                await self.publish_all()
                ready.set()
            elif frame["type"] == "command":
                self.commands.append(content)
                self._work[content["request_id"]] = asyncio.create_task(self._carry_out(content))
            elif frame["type"] == "command.cancel":
                self._work[content["request_id"]].cancel()

    def next(self, type_: str) -> asyncio.Future[Any]:
        """Return the content of the next message of this type, from now on."""
        found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(type_, []).append(found)
        return found

    async def send(self, type_: str, **content: Any) -> None:
        await self._socket.send(json.dumps({"type": type_, "content": content}))

    async def publish_all(self) -> None:
        """Say what is open, as an extension does after its welcome."""
        state = {"user": "Traveller", "character": "Seraphina", "character_id": "s.png", "chat_id": "chat-1"}
        await self.send("tavern.state", **state, backend="custom/stand-in")
        await self.send("characters.changed", characters=[{"id": "s.png", "name": "Seraphina"}])
        await self.update({"op": "reset"}, *[_insert(i, each) for i, each in enumerate(self.chat)])

    async def update(self, *ops: dict[str, Any]) -> None:
        await self.send("chat.update", chat_id="chat-1", ops=list(ops))

    async def say(self, name: str, role: str, text: str) -> int:
        """Put a message at the end of the chat; returns its index."""
        index = len(self.chat)
        self.chat.append({"name": name, "role": role, "text": text})
        await self.update(_insert(index, self.chat[-1]))
        return index

    async def _say_as(self, said: dict[str, Any]) -> int:
        speaker = said.get("as") or "Traveller"
        name = speaker["name"] if isinstance(speaker, dict) else speaker
        mark = {"sent_by": said["by"]} if said.get("by") else {}
        self.chat.append({"name": name, "role": "user", "text": said["text"], **mark})
        await self.update(_insert(len(self.chat) - 1, self.chat[-1]))
        return len(self.chat) - 1

    async def _carry_out(self, command: dict[str, Any]) -> None:
        request_id, args = command["request_id"], command["args"] or {}
        try:
            result = await self._do(command["name"], args, request_id)
        except asyncio.CancelledError:
            error = {"code": "cancelled", "message": "Cancelled."}
            await self.send("command.done", request_id=request_id, ok=False, error=error)
        else:
            await self.send("command.done", request_id=request_id, ok=True, result=result)

    async def _do(self, name: str, args: dict[str, Any], request_id: str) -> Any:
        if name in self.results:
            return self.results[name]
        if name == "context":
            messages = self.chat[-args["last"] :]
            return {
                "user": "Traveller",
                "character": "Seraphina",
                "total": len(self.chat),
                "messages": messages,
            }
        if name == "stop":
            return {"stopped": False}
        if name == "edit":
            message = self.chat[args["index"]] = {**self.chat[args["index"]], "text": args["text"]}
            await self.update({"op": "replace", "index": args["index"], "message": message})
            return {}
        if name == "delete":
            for _ in range(args["count"]):
                del self.chat[args["index"]]
                await self.update({"op": "remove", "index": args["index"]})
            return {}
        if name == "send":
            for said in args.get("before", ()):
                await self._say_as(said)
            index = await self._say_as(args)
            if not args["generate"]:
                return {"message_index": index}
        return await self._generate(name, args, request_id)

    async def _generate(self, name: str, args: dict[str, Any], request_id: str) -> dict[str, Any]:
        kind = args.get("mode", "reply")
        self._streams += 1
        stream_id = f"stream-{self._streams}"
        text = ""
        asked = (
            args.get("text") or args.get("prompt") or (args.get("messages") or [{}])[-1].get("content", "")
        )
        await self.send(
            "stream.start", stream_id=stream_id, kind=kind, request_id=request_id, character="Seraphina"
        )
        seq = 0
        for seq, word in enumerate(self._words(asked), start=1):
            await self.held.wait()
            if self.before_word is not None:
                await self.before_word(seq)
            await self.send("stream.delta", stream_id=stream_id, seq=seq, text=word)
            text += word
        await self.send("stream.end", stream_id=stream_id, seq=seq, text=text, reason="stop")
        index = await self.say("Seraphina", "assistant", text) if kind == "reply" else None
        return {"text": text, "reason": "stop", "character": "Seraphina", "message_index": index}


def _insert(index: int, message: dict[str, Any]) -> dict[str, Any]:
    return {"op": "insert", "index": index, "message": message}


@contextlib.asynccontextmanager
async def scripted_tavern(
    url: str, key: str, *, name: str = "Home", words: Words = echo, commands: Sequence[str] = ()
) -> AsyncIterator[ScriptedTavern]:
    """Connect one to the hub at `url`; inside, it is there and has said what is open.

    `commands` of the catalogue are answered from `results`.
    """
    protocols = [Subprotocol(WEBSOCKET_SUBPROTOCOL)]
    async with connect(
        websocket_address(url), subprotocols=protocols, proxy=None, compression=None
    ) as socket:
        auth: dict[str, Any] = {"key": key, "role": "tavern", "name": name, "id": f"id-of-{name}"}
        auth["commands"] = list(commands)
        await socket.send(json.dumps({"type": "hello", "content": auth}))
        tavern = ScriptedTavern(socket, words)
        ready = asyncio.Event()
        running = asyncio.create_task(tavern.run(ready))
        try:
            await ready.wait()
            yield tavern
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
