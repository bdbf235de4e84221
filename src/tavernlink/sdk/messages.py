"""Messages of programs' own types: what a program sends to peers, and what it does with what they send.

    await hub.send("x.dice.roll", {"sides": 20}, to="Game")

    @hub.on("x.dice.*")
    async def rolled(message):
        await hub.send("x.dice.result", 17, to=message.sender.id)

Above it stands `hub`. They come without a subscription: whoever is addressed gets them.
"""

from __future__ import annotations

import asyncio
import fnmatch
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar
from uuid import uuid4

from tavernlink.errors import BadMessage, TavernlinkError, Unavailable
from tavernlink.protocol.routing import CustomMessage, PeerKind, Sent, Target, is_custom

__all__ = ["EVERYBODY", "Mailbox", "Messages", "target_of"]

EVERYBODY = "*"
"""As `to`: every peer that is connected."""

_MOST_WAITING = 10_000
_log = logging.getLogger("tavernlink.sdk")

Handler = Callable[[CustomMessage], Awaitable[None] | None]
AnyHandler = TypeVar("AnyHandler", bound=Handler)


def target_of(
    to: str | Sequence[str] | Target | None, room: str | None = None, kind: PeerKind | None = None
) -> Target:
    """Return the target that these words mean. Raises `BadMessage` unless they mean exactly one thing."""
    if (to is None) == (room is None):
        raise BadMessage(
            "invalid_message", "Say `to` (a peer, several, or EVERYBODY) or `room`, one of them."
        )
    if room is not None:
        return Target(room=room, kind=kind)
    if isinstance(to, Target):
        return to
    if isinstance(to, str):
        return Target(all=True, kind=kind) if to == EVERYBODY else Target(peer=to, kind=kind)
    return Target(peers=list(to or ()), kind=kind)


class Messages:
    """Messages of some types, one after another, from now on: `async for message in hub.messages("x.*")`."""

    def __init__(self, types: tuple[str, ...], forget: Callable[[Messages], None]) -> None:
        self.types = types or ("x.*",)
        self._forget = forget
        self._waiting: deque[CustomMessage] = deque()
        self._more = asyncio.Event()
        self._end: TavernlinkError | None = None

    def __aiter__(self) -> AsyncIterator[CustomMessage]:
        return self

    async def __anext__(self) -> CustomMessage:
        """Return the next message. Raises the connection's error where it ended for good."""
        while not self._waiting:
            if self._end is not None:
                if self._end.code == "closed":
                    raise StopAsyncIteration
                raise self._end
            self._more.clear()
            await self._more.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """Hear no more; an iteration under way ends."""
        self._forget(self)
        self.end(Unavailable("closed"))

    def receive(self, message: CustomMessage) -> None:
        """Take a message, if it is of these types."""
        if self._end is None and _matches(message.type, self.types):
            if len(self._waiting) >= _MOST_WAITING:
                self.end(Unavailable("slow_consumer", "The program read too slowly; messages were lost."))
                return
            self._waiting.append(message)
            self._more.set()

    def end(self, error: TavernlinkError) -> None:
        """No more messages come."""
        self._end = self._end or error
        self._more.set()


class Mailbox:
    """Who in this program hears what."""

    def __init__(
        self,
        ask: Callable[..., Coroutine[Any, Any, Any]],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._ask = ask
        self._spawn = spawn
        self._handlers: list[tuple[tuple[str, ...], Handler]] = []
        self._open: list[Messages] = []

    async def send(self, type_: str, content: Any, target: Target, *, message_id: str | None = None) -> Sent:
        """Send a message; sent again over a new line, it is delivered once."""
        if not is_custom(type_):
            raise BadMessage(
                "unknown_type",
                f"{type_!r} is no type of a program's own: those stand under `x.`, e.g. `x.dice.roll`.",
            )
        message = CustomMessage(to=target, content=content, message_id=message_id or uuid4().hex)
        sent: Sent = await self._ask(type_, message, Sent)
        return sent

    def on(self, types: tuple[str, ...], handler: AnyHandler) -> AnyHandler:
        """Call `handler` with every message of these types."""
        self._handlers.append((types or ("x.*",), handler))
        return handler

    def off(self, handler: Handler) -> None:
        """Call it no more."""
        self._handlers = [each for each in self._handlers if each[1] is not handler]

    def open(self, types: tuple[str, ...]) -> Messages:
        """Return the messages of these types, from now on."""
        messages = Messages(types, self._forget)
        self._open.append(messages)
        return messages

    def receive(self, message: CustomMessage) -> None:
        """Hand a message to whoever wants it. A handler that fails is said in the log and called again next time."""
        for messages in list(self._open):
            messages.receive(message)
        for types, handler in list(self._handlers):
            if _matches(message.type, types):
                self._spawn(_call(handler, message))

    def end(self, error: TavernlinkError) -> None:
        """The connection is over."""
        for messages in list(self._open):
            messages.end(error)

    def _forget(self, messages: Messages) -> None:
        if messages in self._open:
            self._open.remove(messages)


async def _call(handler: Handler, message: CustomMessage) -> None:
    try:
        result = handler(message)
        if inspect.isawaitable(result):
            await result
    except Exception:  # noqa: BLE001  # a program's own defect must not end its connection
        _log.exception("A handler of %s failed", message.type)


def _matches(type_: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(type_, glob) for glob in globs)
