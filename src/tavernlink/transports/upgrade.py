"""WebSocket upgrades on uvicorn's port: each goes to the door of its path, carried by picows.

uvicorn makes a protocol object for an upgrade request by calling `Config(ws=…)`; give it `Upgrades(…)`.
uvicorn then replays the request's bytes into `data_received` and makes the object the transport's
protocol. `UpgradedProtocol` is picows' own (a BufferedProtocol) with that entrance added.

A door is a function from the request to `Accept` or `Refuse`; an unknown path answers 404, a foreign
Origin 403 before any door is asked. Above: the Engine.IO server and the plain WebSocket doors.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from picows import (
    WSAutoPingStrategy,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined] # missing in picows' stub

from tavernlink.errors import BadMessage
from tavernlink.runtime.counts import Counts
from tavernlink.runtime.forwarded import Reached
from tavernlink.runtime.front import Front
from tavernlink.transports.connection import Batch, Connection, Receiver

__all__ = ["Accept", "Door", "Refuse", "UpgradeRequest", "UpgradedProtocol", "Upgrades"]

_NAMES = {"/socket.io/": "socketio", "/": "chatbridge"}  # by which metrics call doors
_READ_BUFFER = 4096  # bytes for each idle connection; picows lets it grow when it fills up


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """What a client asked for."""

    path: str
    query: Mapping[str, str]
    """The last value of each parameter. May hold a secret: never log it."""
    headers: Mapping[str, str]
    """Names in any case."""
    address: str
    """The client's address, or an empty string."""
    scheme: str = "http"
    """`http` or `https`, as the client sees it."""
    host: str = ""
    """Host and port as the client wrote them."""

    @property
    def origin(self) -> str | None:
        """The browser page's origin; None for a program."""
        return self.headers.get("origin")

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """What the client offers, in its order."""
        offered = self.headers.get("sec-websocket-protocol", "").split(",")
        return tuple(name for part in offered if (name := part.strip()))


@dataclass(frozen=True, slots=True)
class Accept:
    """Open the connection for `receiver`."""

    receiver: Receiver
    subprotocol: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the upgrade with an HTTP error and this JSON body."""

    status: int
    body: Mapping[str, Any]
    retry_after: int | None = None
    """Seconds after which the same may be let in."""

    @classmethod
    def because(cls, status: int, code: str, message: str) -> Refuse:
        """The error object that every HTTP door of the hub answers with."""
        return cls(status, {"error": {"code": code, "message": message}})

    @classmethod
    def too_often(cls, error: BadMessage) -> Refuse:
        """The answer to a client that must wait."""
        wait = error.details.get("retry_after", 1)
        body = {"code": error.code, "message": error.message, "details": error.details}
        return cls(429, {"error": body}, max(1, round(wait)))


Door = Callable[[UpgradeRequest], Accept | Refuse]


class _RemoteFaults(logging.LoggerAdapter[logging.Logger]):
    """picows' log: what a peer did wrong is no error of ours. (An adapter also keeps picows from making
    one logger for each connection.)
    """

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 # logging's name
        """Never below DEBUG: there picows logs whole upgrade requests, and they may hold a key."""
        return level >= logging.DEBUG and super().isEnabledFor(level)

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)

    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)

    def warning(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)


_logger = _RemoteFaults(logging.getLogger("tavernlink.transports"), {})


@dataclass(slots=True)
class Upgrades:
    """The table of WebSocket doors; callable as uvicorn's `Config(ws=…)`."""

    doors: MutableMapping[str, Door]
    """Exact path → door."""
    origin_allowed: Callable[[str], bool]
    """Judges a browser's Origin header; not asked when there is none."""
    max_payload: int = 16_000_000
    """Largest message, in bytes; more closes the connection with 1009."""
    max_write_buffer: int = 64_000_000
    """Unsent bytes at which a connection is dropped: the last resort behind the session's own policy."""
    front: Front | None = None
    """Knows who is behind a proxy, and who comes too often; None: no proxies, no limit."""
    counts: Counts = field(default_factory=Counts)
    connections: set[UpgradedProtocol] = field(default_factory=set)
    _batch: Batch | None = None

    def __call__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> UpgradedProtocol:
        """Make the protocol of one upgrade (uvicorn calls this)."""
        return UpgradedProtocol(self, server_state.connections)

    def batch(self) -> Batch:
        """The write batch of the running loop."""
        if self._batch is None:
            self._batch = Batch(asyncio.get_running_loop())
        return self._batch

    def request(self, raw: WSUpgradeRequest, address: str, scheme: str) -> UpgradeRequest:
        """Make out what a client behind a connection from `address` asked for."""
        path, _, query = raw.path.decode("latin-1").partition("?")
        path, parameters = unquote(path), dict(parse_qsl(query))
        if self.front is None:
            return UpgradeRequest(path, parameters, raw.headers, address, scheme, raw.headers.get("host", ""))
        headers: dict[str, str] = {}
        for name, value in raw.headers.items():
            name = name.lower()  # noqa: PLW2901
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        reached = self.front.reached(address, scheme, headers)
        inner = self.front.inner_path(path)
        return UpgradeRequest(inner, parameters, raw.headers, reached.address, reached.scheme, reached.host)

    def allows(self, request: UpgradeRequest) -> bool:
        """True unless it comes from a browser page of a foreign origin."""
        origin = request.origin
        if origin is None or self.origin_allowed(origin):
            return True
        return Front.is_own_page(origin, Reached(request.address, request.scheme, request.host))

    def decide(self, request: UpgradeRequest) -> Accept | Refuse:
        """Ask the door of the request's path."""
        door = self.doors.get(request.path)
        if door is None:
            return Refuse.because(404, "not_found", "There is no WebSocket door on this path.")
        if not self.allows(request):
            return Refuse.because(403, "origin_refused", "This web origin may not talk to the hub.")
        if self.front is not None:
            try:
                self.front.admit_connect(request.address)
            except BadMessage as error:
                return Refuse.too_often(error)
        return door(request)

    def close_all(self, code: int = 1001, reason: str = "the hub is stopping") -> None:
        """Close every open connection politely."""
        for protocol in list(self.connections):
            protocol.close(code, reason)


class UpgradedProtocol(WSProtocol):  # type: ignore[misc] # picows' class is untyped
    """One upgraded TCP connection."""

    def __init__(self, upgrades: Upgrades, server_connections: set[Any]) -> None:
        self._upgrades = upgrades
        self._server_connections = server_connections
        self._connection: Connection | None = None
        self._address = ""
        self._scheme = "http"
        super().__init__(
            None,  # host and port
            None,  # path
            False,  # noqa: FBT003 # is_client_side
            self._listen,
            _logger,
            True,  # noqa: FBT003 # disconnect_on_exception
            10.0,  # handshake time-out
            False,  # noqa: FBT003 # auto-ping: the layers above have their own heartbeat
            0,
            0,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            False,  # noqa: FBT003 # auto-pong: `Connection` answers, so that it sees the last frame of a read
            upgrades.max_payload,
            None,  # extra headers
            _READ_BUFFER,
        )

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A TCP connection arrived from uvicorn."""
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if isinstance(peer, tuple) else ""
        self._scheme = "http" if transport.get_extra_info("sslcontext") is None else "https"
        self._server_connections.add(self)
        self._upgrades.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The TCP connection ended."""
        self._server_connections.discard(self)
        self._upgrades.connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the upgrade request that uvicorn replays.

        uvicorn has checked that `Connection` contains "upgrade"; picows wants it alone, Firefox sends
        "keep-alive, Upgrade".
        """
        lines = [line for line in data.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        lines.insert(1, b"connection: Upgrade")
        rest = memoryview(b"\r\n".join(lines))
        while rest and not self.transport.is_disconnected:
            buffer = self.get_buffer(len(rest))
            size = min(len(rest), len(buffer))
            buffer[:size] = rest[:size]
            rest = rest[size:]
            self.buffer_updated(size)

    def shutdown(self) -> None:
        """Close, because uvicorn is stopping."""
        self.close(1001, "the hub is stopping")

    def close(self, code: int, reason: str) -> None:
        """Close politely, or drop a connection that is not open yet."""
        if self._connection is not None:
            self._connection.close(code, reason)
        else:
            self.transport.disconnect()

    def _listen(self, raw: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        request = self._upgrades.request(raw, self._address, self._scheme)
        self._address = request.address
        try:
            decision = self._upgrades.decide(request)
        except Exception:
            _logger.exception("a WebSocket door failed")
            decision = Refuse.because(500, "internal", "The hub failed in a way that it should not.")
        if isinstance(decision, Refuse):
            return WSUpgradeResponseWithListener(
                WSUpgradeResponse.create_error_response(
                    decision.status,
                    msgspec.json.encode(decision.body),
                    _headers_of(decision),
                ),
                None,
            )
        headers = {"Sec-WebSocket-Protocol": decision.subprotocol} if decision.subprotocol else None
        connection = Connection(
            decision.receiver,
            self._upgrades.batch(),
            asyncio.get_running_loop(),
            address=self._address,
            max_payload=self._upgrades.max_payload,
            max_write_buffer=self._upgrades.max_write_buffer,
            traffic=self._upgrades.counts.door(_NAMES.get(request.path, "websocket")),
        )
        self._connection = connection
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(headers), connection)


def _headers_of(refusal: Refuse) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return headers
