"""The program's handle on a hub. Everything starts at `connect`.

    async with tavernlink.connect("http://127.0.0.1:8001", key) as hub:
        async for delta in hub.tavern().send("hello"):
            print(delta, end="")

Above it stands nothing but the program; below it `connection` carries messages, and `request`, `reply`,
`subscription` and `mirror` give them their meaning. This file only hands each event to whom it concerns.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Coroutine, Sequence
from types import EllipsisType, TracebackType
from typing import Any, Self, TypeVar

import msgspec

from tavernlink.errors import AuthError, TavernlinkError, Unavailable
from tavernlink.protocol.catalogue import CATALOGUE
from tavernlink.protocol.codec import decode_content, encode_json
from tavernlink.protocol.functions import FunctionProgress
from tavernlink.protocol.inbox import InboxMessage
from tavernlink.protocol.message import Message
from tavernlink.protocol.requests import RequestUpdate
from tavernlink.protocol.routing import CustomMessage, PeerKind, Sent, Target, is_custom
from tavernlink.protocol.session import Auth, Resync, Welcome
from tavernlink.protocol.streams import StreamDelta, StreamEnd, StreamStart
from tavernlink.protocol.taverns import TavernChanged
from tavernlink.sdk.address import DEFAULT_URL, websocket_address
from tavernlink.sdk.calls import Repeat
from tavernlink.sdk.connection import Connection, Wire
from tavernlink.sdk.functional import Functional
from tavernlink.sdk.holdings import Holdings
from tavernlink.sdk.messages import AnyHandler, Mailbox, Messages, target_of
from tavernlink.sdk.reply import Reply
from tavernlink.sdk.request import Request
from tavernlink.sdk.subscription import Subscription
from tavernlink.sdk.subscriptions import Subscriptions
from tavernlink.sdk.trust import trusting

__all__ = ["Hub", "connect"]

_CALL_SECONDS = 30.0

_T = TypeVar("_T")


def connect(
    url: str | None = None,
    key: str | None = None,
    *,
    name: str = "python",
    id: str | None = None,  # noqa: A002
    connect_timeout: float | None = 10.0,
    tls: ssl.SSLContext | None = None,
    ca: str | os.PathLike[str] | None = None,
) -> Hub:
    """Return a hub handle; `async with` opens and closes it.

    `url`: the hub's address, default `$TAVERNLINK_URL` or http://127.0.0.1:8001. `key`: a key of the role `app` (or
    `admin`, `viewer`), default `$TAVERNLINK_KEY`. `name`: what people see of this program. `id`: an identity of its
    own choice that stays the same over restarts; the hub makes one otherwise. `connect_timeout`: seconds for the
    first connection, None tries for ever; a later loss of the line is always mended in the background. `ca`: a PEM file
    with the authority that signed the hub's certificate, default `$TAVERNLINK_CA`; `tls`: a context instead.

    Raises `BadMessage` where that file cannot be used. Opening raises `AuthError` where the hub refuses the key, and
    `Unavailable("unreachable")` where none answers, at once where its certificate is not trusted.
    """
    address = url or os.environ.get("TAVERNLINK_URL") or DEFAULT_URL
    secret = key or os.environ.get("TAVERNLINK_KEY") or ""
    trusted = ca or os.environ.get("TAVERNLINK_CA")
    if tls is None and trusted and address.startswith(("https:", "wss:")):
        tls = trusting(trusted)
    return Hub(address, secret, name=name, id=id, connect_timeout=connect_timeout, tls=tls)


class Hub(Holdings, Functional):
    """A connection to one hub. Not thread-safe: use it in the event loop where it was opened."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        name: str,
        id: str | None = None,  # noqa: A002
        connect_timeout: float | None = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.url = url
        self._auth = Auth(key=key, role="app", name=name, id=id)
        self._connect_timeout = connect_timeout
        self._tls = tls
        self._connection: Wire | None = None
        self._welcome: Welcome | None = None
        self._requests: dict[str, Request[Any]] = {}
        self._streams: dict[str, tuple[str | None, Reply | None]] = {}
        """Stream id → its tavern, and the reply that it belongs to."""
        self._subscriptions = Subscriptions(self, self._drop_streams)
        self._mailbox = Mailbox(self.ask, self.spawn)
        self._start_functions()
        self._tasks: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Hub {self.url} {'connected' if self.connected else 'not connected'}>"

    # ── Life ─────────────────────────────────────────────────────────────────────────────────────────────
    async def open(self) -> None:
        """Connect. Raises `AuthError`, `Unavailable("unreachable")`, or `BadMessage` for a malformed address."""
        self._connection = self._make_wire()
        self._welcome = await self._connection.open(timeout=self._connect_timeout)
        try:
            await self._open_functions()
        except BaseException:
            await self.close()
            raise

    def _make_wire(self) -> Wire:
        address = websocket_address(self.url)
        if not self._auth.key:
            raise AuthError("unauthorized", "No key was given. Pass one, or set TAVERNLINK_KEY.")
        return Connection(address, self._auth, self, tls=self._tls)

    async def close(self) -> None:
        """Close the connection. What still waits ends with `Unavailable("closed")`; requests at the hub go on."""
        if self._connection is not None:
            await self._close_functions()
            await self._connection.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def connected(self) -> bool:
        """Whether a line is up at this moment; calls made while it is not are sent when it is again."""
        return self._connection is not None and self._connection.connected

    @property
    def app_id(self) -> str | None:
        """The id by which the hub knows this program; None before it is open."""
        return None if self._connection is None else self._connection.session.app_id

    @property
    def version(self) -> str | None:
        """The hub's version; None before it is open."""
        return None if self._welcome is None else self._welcome.hub.version

    # ── Asking ───────────────────────────────────────────────────────────────────────────────────────────
    def subscribe(self, *types: str, tavern: str | None = None, room: str | None = None) -> Subscription:
        """Return the events of these types (globs, see `Subscribe`), of one tavern (id or name) or of all.

        With `room` (id or name), of that room and its taverns; only for its members.

        Use it as `async with … as events: async for event in events`; without the block it lasts as long as the hub
        handle. Streams of this program's own requests match `stream.*` too.
        """
        return Subscription(types, tavern, room, self._subscriptions.start, self._subscriptions.stop)

    async def call(
        self,
        name: str,
        content: Message | dict[str, Any] | None = None,
        /,
        *,
        timeout: float | EllipsisType | None = ...,
        on_progress: Callable[[FunctionProgress], None] | None = None,
        **args: Any,
    ) -> Any:
        """Call a function by its name or address: `await hub.call("roll", sides=20)`; returns its result.

        Arguments that are called as a parameter of this method is go in a dictionary instead: `hub.call("f",
        {"timeout": 1})`. `timeout` in seconds, default the function's own. Cancelled while it waits, it cancels the
        call. Raises the call's error, see the guide to functions.

        Also sends any message of the catalogue, by its type: `await hub.call("chat.get", {"tavern": "t-1"})`; returns
        its result as the catalogue's type. Its `timeout` is 30 seconds, a lost line included; it is sent again when the
        line drops before the answer, so what asks for work should carry a `request_id`. (A function that is called as a
        message type is reached by its address.)
        """
        row = CATALOGUE.get(name)
        if row is None and not is_custom(name):
            return await self.begin_call(
                name,
                {**(_plain(content) if content is not None else {}), **args},
                timeout=None if isinstance(timeout, EllipsisType) else timeout,
                on_progress=on_progress,
            )
        result: Any = Any if row is None or row.result is None else row.result
        seconds = _CALL_SECONDS if isinstance(timeout, EllipsisType) else timeout
        return await self.ask(name, args if content is None else content, result, timeout=seconds)

    async def ask(
        self,
        type_: str,
        content: Message | dict[str, Any],
        result: type[_T],
        *,
        timeout: float | None = _CALL_SECONDS,
        repeat: Repeat = Repeat.ALWAYS,
    ) -> _T:
        """Send one message and return its result as `result`; `call` is for programs, this for the SDK itself."""
        if self._connection is None:
            raise Unavailable("closed", "The hub handle is not open. Use `async with tavernlink.connect(…)`.")
        answer = await self._connection.call(type_, content, timeout=timeout, repeat=repeat)
        try:
            return msgspec.json.decode(answer, type=result)
        except msgspec.MsgspecError as error:
            raise TavernlinkError(
                "internal", f"The hub's answer to {type_!r} has an unknown shape: {error}."
            ) from None

    # ── Messages of the program's own ────────────────────────────────────────────────────────────────────
    async def send(
        self,
        type_: str,
        content: Any = None,
        *,
        to: str | Sequence[str] | Target | None = None,
        room: str | None = None,
        kind: PeerKind | None = None,
        message_id: str | None = None,
    ) -> Sent:
        """Send a message of a type of your own (`x.dice.roll`) to a peer, several, a room, or `EVERYBODY`.

        `content` is any JSON value, `kind` leaves only apps or only taverns. Returns whom it reached. Raises
        `NotFound("unknown_peer")`, and `BadMessage("dropped")` where a rule of the hub refuses it.
        """
        return await self._mailbox.send(type_, content, target_of(to, room, kind), message_id=message_id)

    def on(self, *types: str) -> Callable[[AnyHandler], AnyHandler]:
        """Have the function below called with every message of these types (globs): `@hub.on("x.dice.*")`.

        It gets a `CustomMessage` and may be async; what is addressed to this program comes without a subscription.
        """
        return lambda handler: self._mailbox.on(types, handler)

    def off(self, handler: Callable[[CustomMessage], Any]) -> None:
        """Call a function of `on` no more."""
        self._mailbox.off(handler)

    def messages(self, *types: str) -> Messages:
        """Return the messages of these types (globs), from now on: `async for message in hub.messages("x.*")`."""
        return self._mailbox.open(types)

    def follow(self, request: Request[Any]) -> None:
        """Send a request's events to it until `forget`."""
        self._requests[request.request_id] = request

    def forget(self, request: Request[Any]) -> None:
        """Send no more events to a request."""
        if self._requests.get(request.request_id) is request:
            del self._requests[request.request_id]
        for stream_id, (tavern, reply) in self._streams.items():
            if reply is request:
                self._streams[stream_id] = (tavern, None)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else until the hub handle is closed."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ── What the connection tells ────────────────────────────────────────────────────────────────────────
    def receive_event(self, content: Message) -> None:
        """Hand one event to the request and the subscriptions that it concerns."""
        tavern: str | None = None
        if isinstance(content, StreamStart | StreamDelta | StreamEnd):
            tavern = self._receive_stream(content)
        elif self._receive_function(content):
            pass
        elif isinstance(content, CustomMessage):
            self._mailbox.receive(content)
        elif isinstance(content, RequestUpdate):
            tavern = content.tavern
            request = self._requests.get(content.request_id)
            if request is not None:
                request.receive_update(content)
        elif isinstance(content, InboxMessage):
            self._receive_letter(content)
        elif isinstance(content, TavernChanged):
            tavern = content.tavern.tavern_id
        else:
            tavern = getattr(content, "tavern", None)
        self._subscriptions.receive(content, tavern)

    def _receive_stream(self, event: StreamStart | StreamDelta | StreamEnd) -> str | None:
        if isinstance(event, StreamStart):
            request = self._requests.get(event.request_id or "")
            self._streams[event.stream_id] = (event.tavern, request if isinstance(request, Reply) else None)
        tavern, reply = self._streams.get(event.stream_id, (None, None))
        if reply is not None:
            reply.receive_stream(event)
        if isinstance(event, StreamEnd):
            self._streams.pop(event.stream_id, None)
        return tavern

    def _drop_streams(self) -> None:
        """Nobody hears the ends of the streams of others any more."""
        self._streams = {id_: of for id_, of in self._streams.items() if of[1] is not None}

    def _receive_letter(self, letter: InboxMessage) -> None:
        """The end of a request that somebody here still waits for; everything else waits to be read."""
        if letter.type == "function.result":
            result = decode_content(letter.type, encode_json(letter.content))
            self._receive_function(result)
        if letter.type == "request.update":
            update = decode_content(letter.type, encode_json(letter.content))
            if isinstance(update, RequestUpdate) and update.request_id in self._requests:
                self._requests[update.request_id].receive_update(update)

    def receive_resync(self, resync: Resync) -> None:
        """Take up anew what hangs on events that were missed for good."""
        self._streams.clear()
        self._subscriptions.resync(resync)
        self._resync_functions(resync)
        for request in list(self._requests.values()):
            request.resync()

    def receive_end(self, error: TavernlinkError) -> None:
        """End everything that waits."""
        self._mailbox.end(error)
        self._end_functions(error)
        for request in list(self._requests.values()):
            request.fail(error)
        self._subscriptions.end(error)


def _plain(content: Message | dict[str, Any]) -> dict[str, Any]:
    return content if isinstance(content, dict) else msgspec.to_builtins(content)
