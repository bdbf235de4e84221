"""The one place that wires everything together: store, core, runtime, doors, and uvicorn on one port.

`Server` runs inside an event loop that somebody else owns (tests, the demo); `serve` owns the process's signals too.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import structlog
import uvicorn

from tavernlink.config import Settings, SettingsError
from tavernlink.core.hub import Hub
from tavernlink.core.limits import HubLimits
from tavernlink.http.application import create_app
from tavernlink.runtime.hub import Runtime
from tavernlink.runtime.system import SystemClock, SystemIds
from tavernlink.store import Database, open_store
from tavernlink.transports.engineio.settings import Settings as EngineSettings
from tavernlink.transports.socketio.door import SocketDoor
from tavernlink.transports.socketio.server import SocketServer
from tavernlink.transports.upgrade import Upgrades
from tavernlink.transports.websocket.door import WebSocketDoors
from tavernlink.version import __version__

__all__ = ["Server", "serve"]

_log = structlog.get_logger("tavernlink")
_SOCKETIO = "/socket.io/"


class Server:
    """A hub that listens. Use as an async context manager, or `start` and `stop`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runtime: Runtime
        self.first_admin_key: str | None = None
        """The key that the first start of a data folder makes; shown once, nowhere kept."""
        self.port = settings.port
        self._store: Database | None = None
        self._uvicorn: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return the hub's address, e.g. `http://127.0.0.1:8001`."""
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "::") else self.settings.host  # noqa: S104
        scheme = self.settings.scheme
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def start(self) -> None:
        """Open the store, bind the port, and return when connections are accepted.

        Raises `SettingsError` where the port is taken or the data folder cannot be used.
        """
        settings = self.settings
        listener = _bind(settings.host, settings.port)
        self.port = listener.getsockname()[1]
        try:
            self._store = _open(settings)
            self.runtime = _make_runtime(settings, self._store)
            self._make_first_key()
            self._uvicorn = _make_uvicorn(settings, self.runtime)
            await self.runtime.start()
        except BaseException:
            listener.close()
            raise
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[listener]), name="tavernlink-serve")
        while not self._uvicorn.started:
            if self._serving.done():
                await self._serving
                raise SettingsError("The HTTP server stopped before it had started; the log says why.")
            await asyncio.sleep(0.005)
        _log.info("hub.started", url=self.url, version=__version__, data_dir=str(settings.data_dir))

    async def stop(self) -> None:
        """Tell peers, close every connection, and let everything go; takes at most about 4 s."""
        if self._serving is not None and self._uvicorn is not None:
            await self.runtime.stop()
            self._uvicorn.should_exit = True
            await self._serving
        if self._store is not None:
            self._store.close()
        _log.info("hub.stopped")

    async def __aenter__(self) -> Server:  # noqa: PYI034 (final in practice)
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _make_first_key(self) -> None:
        keyring = self.runtime.core.keyring
        if not any(key.role == "admin" for key in keyring.listed()):
            _, self.first_admin_key = keyring.create("admin", "first admin")


async def serve(settings: Settings, *, on_ready: Callable[[Server], None] | None = None) -> None:
    """Run a hub until SIGINT or SIGTERM (Ctrl-C or Ctrl-Break on Windows)."""
    stop = asyncio.Event()
    with _signals(stop.set):
        server = Server(settings)
        await server.start()
        try:
            if on_ready is not None:
                on_ready(server)
            await stop.wait()
        finally:
            await server.stop()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(
            socket, "SO_EXCLUSIVEADDRUSE"
        ):  # Windows, where SO_REUSEADDR would let others steal the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2_048)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}. "
            "Is another hub running there? Choose another port with `--port`."
        ) from None
    listener.settimeout(0)
    return listener


def _open(settings: Settings) -> Database:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"Cannot use the data folder {settings.data_dir}: {error}. Choose another."
        ) from None
    return open_store(settings.url)


def _make_runtime(settings: Settings, store: Database) -> Runtime:
    clock = SystemClock()
    limits = HubLimits(
        max_payload=settings.max_payload,
        app_session=settings.app_session,
        tavern_grace=settings.tavern_grace,
        request_timeout=settings.request_timeout,
        queue_timeout=settings.queue_timeout,
        queue_length=settings.queue_length,
        detached=settings.detached,
        app_rate=settings.app_rate,
        app_burst=int(settings.app_rate * 5),
    )
    core = Hub(
        clock=clock, ids=SystemIds(), store=store, journal=_journal, version=__version__, limits=limits
    )
    return Runtime(core, clock, check_origin=settings.allows_origin)


def _journal(happening: str, /, **facts: Any) -> None:
    _log.info(happening, **facts)


def _make_uvicorn(settings: Settings, runtime: Runtime) -> _Uvicorn:
    sockets = SocketServer(
        {"/": SocketDoor(runtime)},
        engine=EngineSettings(max_payload=settings.max_payload),
        origin_allowed=settings.allows_origin,
    )
    plain = WebSocketDoors(runtime=runtime, chatbridge_without_key=settings.chatbridge_without_key)
    upgrades = Upgrades(
        {
            _SOCKETIO: sockets.engine.accept,
            "/ws": plain.program_door,
            "/": plain.extension_door,
        },
        settings.allows_origin,
        max_payload=settings.max_payload,
    )
    api = create_app(runtime, settings)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        """Long polling to the Socket.IO server, everything else to the HTTP application."""
        if scope["type"] == "http" and scope["path"] == _SOCKETIO:
            await sockets.engine(scope, receive, send)
        else:
            await api(scope, receive, send)

    config = uvicorn.Config(
        application,
        ws=upgrades,  # type: ignore[arg-type] # any callable that makes a protocol
        http="httptools",
        loop="none",
        interface="asgi3",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=3,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    return _Uvicorn(config, sockets)


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers; ends waiting polling requests before it waits for them."""

    def __init__(self, config: uvicorn.Config, sockets: SocketServer) -> None:
        super().__init__(config)
        self._sockets = sockets

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection."""
        self._sockets.shutdown()
        await super().shutdown(sockets)


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the signals that ask a process to end, while inside."""
    loop = asyncio.get_running_loop()
    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGBREAK] if hasattr(signal, "SIGBREAK") else [])]
    before = {number: signal.getsignal(number) for number in wanted}
    for number in wanted:
        # Not loop.add_signal_handler, which Windows does not have.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
