"""The one place that wires everything together: settings, store, core, runtime and the doors.

`Server` runs inside an event loop that somebody else owns (tests, the demo); `serve` owns the process's signals too.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import structlog

from tavernlink.config import Settings, SettingsError, Sources
from tavernlink.core.hub import Hub
from tavernlink.core.limits import HubLimits
from tavernlink.core.retuning import retune
from tavernlink.doors import Doors
from tavernlink.errors import TavernlinkError
from tavernlink.functions import HubFunctions
from tavernlink.log_ring import LogRing
from tavernlink.logs import set_log_level
from tavernlink.mcp.client.servers import McpServers
from tavernlink.runtime.configuration import Configuration
from tavernlink.runtime.counts import Counts
from tavernlink.runtime.declared import DeclaredKeys, tell
from tavernlink.runtime.folder_lock import FolderLock
from tavernlink.runtime.hub import Runtime
from tavernlink.runtime.journal import RunningJournal
from tavernlink.runtime.measures import RunningMeasures
from tavernlink.runtime.password import seal
from tavernlink.runtime.system import SystemClock, SystemIds
from tavernlink.runtime.tracing import Tracing, open_tracing
from tavernlink.store import Database, open_store
from tavernlink.tls import Certificate, open_certificate
from tavernlink.upkeep import Upkeep
from tavernlink.version import __version__

__all__ = ["Server", "limits_of", "serve"]

_log = structlog.get_logger("tavernlink")


class Server:
    """A hub that listens. Use as an async context manager, or `start` and `stop`."""

    def __init__(self, settings: Settings | Sources) -> None:
        """`Sources` are read anew when the settings file changes; from `Settings`, only what they do not say is."""
        sources = settings if isinstance(settings, Sources) else Sources.fixed(settings)
        self.configuration = Configuration(sources)
        self.runtime: Runtime
        self.certificate: Certificate | None = None
        """What https shows; None where the hub speaks plain http."""
        self.first_admin_key: str | None = None
        """The key that the first start of a data folder makes; shown once, nowhere kept."""
        self.port = self.settings.port
        self._store: Database | None = None
        self._lock: FolderLock | None = None
        self._doors: Doors | None = None
        self._upkeep: Upkeep | None = None
        self._mcp: McpServers
        self._functions: HubFunctions
        self._tracing: Tracing | None = None
        self._declared: DeclaredKeys
        self._logs = LogRing()
        self._serving: asyncio.Task[None] | None = None

    @property
    def settings(self) -> Settings:
        """What is in effect."""
        return self.configuration.settings

    @property
    def url(self) -> str:
        """Return the hub's address, e.g. `http://127.0.0.1:8001`."""
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "::") else self.settings.host  # noqa: S104
        scheme = self.settings.scheme
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def start(self) -> None:
        """Open the store, bind the port, and return when connections are accepted.

        Raises `SettingsError` where the port is taken, or the data folder or the certificate cannot be used.
        """
        settings = self.settings
        listener = _bind(settings.host, settings.port)
        self._logs.attach()
        self.port = listener.getsockname()[1]
        try:
            self._lock = _lock(settings)
            self.certificate = open_certificate(settings)
            self._store = open_store(settings.url)
            self.runtime = _make_runtime(self.configuration, self._store, self._logs)
            self._open_access()
            self._make_first_key()
            loop = asyncio.get_running_loop()
            self._store.start(loop.call_soon_threadsafe)
            if settings.otlp_endpoint is not None:
                self._tracing = open_tracing(self.runtime.core, settings.otlp_endpoint)
                self.runtime.traced = True
            self._mcp = McpServers(self.runtime.core.functions)
            self._doors = Doors(self.configuration, self.runtime, self.certificate, self._mcp)
            await self.runtime.start()
            folder = settings.functions_dir or settings.data_dir / "functions"
            self._functions = HubFunctions(self.runtime, folder)
            await self._functions.start()
        except BaseException:
            listener.close()
            self._let_go()
            self._logs.detach()
            raise
        server = self._doors.server
        self._serving = asyncio.create_task(server.serve(sockets=[listener]), name="tavernlink-serve")
        while not server.started:
            if self._serving.done():
                await self._serving
                raise SettingsError("The HTTP server stopped before it had started; the log says why.")
            await asyncio.sleep(0.005)
        self._upkeep = Upkeep(self.configuration, self.certificate, self._declared.look)
        for take in (self._adopt, self._doors.adopt, self._upkeep.adopt, self._mcp.adopt):
            self.configuration.on_change(take)
        self._mcp.adopt(self.settings)
        self._upkeep.start()
        _log.info("hub.started", url=self.url, version=__version__, data_dir=str(settings.data_dir))

    async def stop(self) -> None:
        """Tell peers, close every connection, and let everything go; takes at most about 4 s."""
        if self._upkeep is not None:
            await self._upkeep.stop()
        if self._serving is not None and self._doors is not None:
            await asyncio.gather(self.runtime.stop(), self._mcp.stop(), self._functions.stop())
            self._doors.server.should_exit = True
            await self._serving
        await asyncio.to_thread(self._let_go)
        _log.info("hub.stopped")
        self._logs.detach()

    def reread(self) -> None:
        """Read the settings file and the certificate's files again."""
        self.configuration.reload()
        if self._upkeep is not None:
            self._upkeep.look_at_certificate()

    async def __aenter__(self) -> Server:  # noqa: PYI034 (final in practice)
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _adopt(self, settings: Settings) -> None:
        try:
            seal(self.configuration)
        except TavernlinkError as error:
            _log.error("settings.password_in_the_clear", why=error.message)
        self.runtime.password.adopt(self.settings.tavern_password)
        retune(self.runtime.core, limits_of(settings))
        try:
            self.runtime.core.switchboard.book.set_settings(settings.routes)
        except TavernlinkError as error:
            _log.error("settings.routes_refused", why=error.message)
        set_log_level(settings.log_level)

    def _let_go(self) -> None:
        if self._tracing is not None:
            self._tracing.close()
            self._tracing = None
        if self._store is not None:
            self._store.close()
        if self._lock is not None:
            self._lock.release()

    def _open_access(self) -> None:
        """Let in who stands in the settings and in `keys.d`."""
        try:
            seal(self.configuration)
        except TavernlinkError as error:
            raise SettingsError(f"`tavern_password` stands there as plain text. {error.message}") from None
        self.runtime.password.adopt(self.settings.tavern_password)
        self._declared = DeclaredKeys(self.settings.data_dir, self.runtime.core.keyring, self._tell_keys)
        self._declared.look()

    def _tell_keys(self, happening: str, file: str, why: str) -> None:
        tell(happening, file, why)
        self.runtime.core.audit.record(happening, "hub", target=file, why=why)

    def _make_first_key(self) -> None:
        keyring = self.runtime.core.keyring
        if not any(key.role == "admin" for key in keyring.listed()):
            _, self.first_admin_key = keyring.create("admin", "first admin")


Beside = Callable[["Server"], contextlib.AbstractAsyncContextManager[None]]


async def serve(
    settings: Settings | Sources,
    *,
    on_ready: Callable[[Server], None] | None = None,
    beside: Beside | None = None,
) -> None:
    """Run a hub until SIGINT or SIGTERM (Ctrl-C or Ctrl-Break on Windows); SIGHUP has it read its files again.

    `beside` is entered when the hub listens and left before it stops. The signals end its entering, too.
    """
    stop = asyncio.Event()
    server = Server(settings)
    with _signals(stop.set, server.reread):
        await server.start()
        try:
            if on_ready is not None:
                on_ready(server)
            await _until(stop, server, beside)
        finally:
            await server.stop()


async def _until(stop: asyncio.Event, server: Server, beside: Beside | None) -> None:
    if beside is None:
        await stop.wait()
        return

    entered = False

    async def run() -> None:
        nonlocal entered
        async with beside(server):
            entered = True
            await stop.wait()

    running = asyncio.create_task(run())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not entered:
        running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


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


def _lock(settings: Settings) -> FolderLock:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FolderLock(settings.data_dir)
        if lock.take():
            return lock
    except OSError as error:
        raise SettingsError(
            f"Cannot use the data folder {settings.data_dir}: {error}. Choose another."
        ) from None
    raise SettingsError(
        f"Another hub runs on the data folder {settings.data_dir}. Stop it, or choose another with `--data-dir`."
    )


def limits_of(settings: Settings) -> HubLimits:
    """Return the core's limits."""
    return HubLimits(
        max_payload=settings.max_payload,
        app_session=settings.app_session,
        tavern_grace=settings.tavern_grace,
        request_timeout=settings.request_timeout,
        queue_timeout=settings.queue_timeout,
        queue_length=settings.queue_length,
        kept_requests=settings.kept_requests,
        kept_seconds=settings.kept_seconds,
        inbox_count=settings.inbox_count,
        inbox_bytes=settings.inbox_bytes,
        inbox_seconds=settings.inbox_seconds,
        key_waiting=settings.key_waiting,
        key_running=settings.key_running,
        pool_policy=settings.pool_policy,
        detached=settings.detached,
        script_commands=None if settings.script_commands is None else tuple(settings.script_commands),
        message_bytes=settings.message_bytes,
        audit_entries=settings.audit_entries,
        audit_days=settings.audit_days,
        function_timeout=settings.function_timeout,
        function_concurrency=settings.function_concurrency,
        function_bytes=settings.function_bytes,
        app_rate=settings.app_rate,
        app_burst=int(settings.app_rate * 5),
        webhooks_per_key=settings.webhooks_per_key,
        webhook_private=settings.webhook_private,
        webhook_timeout=settings.webhook_timeout,
        webhook_retry_seconds=settings.webhook_retry_seconds,
        webhook_stop_seconds=settings.webhook_stop_seconds,
        webhook_bytes=settings.webhook_bytes,
        webhook_waiting=settings.webhook_waiting,
        webhook_dead=settings.webhook_dead,
        webhook_dead_seconds=settings.webhook_dead_seconds,
        schedules_per_key=settings.schedules_per_key,
        schedule_shortest=settings.schedule_shortest,
        timezone=settings.timezone,
    )


def _make_runtime(configuration: Configuration, store: Database, logs: LogRing) -> Runtime:
    def allows(origin: str | None) -> bool:
        return configuration.settings.allows_origin(origin)

    settings = configuration.settings
    clock = SystemClock()
    counts = Counts()
    core = Hub(
        clock=clock,
        ids=SystemIds(),
        store=store,
        journal=RunningJournal(counts),
        version=__version__,
        limits=limits_of(settings),
        routes=settings.routes,
        measures=RunningMeasures(counts),
        logs=logs,
    )
    return Runtime(core, clock, counts=counts, check_origin=allows)


@contextlib.contextmanager
def _signals(stop: Callable[[], None], reread: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the signals that ask a process to end, `reread` on SIGHUP, while inside."""
    loop = asyncio.get_running_loop()
    wanted = {signal.SIGINT: stop, signal.SIGTERM: stop}
    if hasattr(signal, "SIGBREAK"):
        wanted[signal.SIGBREAK] = stop
    if hasattr(signal, "SIGHUP"):
        wanted[signal.SIGHUP] = reread
    before = {number: signal.getsignal(number) for number in wanted}
    for number, call in wanted.items():
        # Not loop.add_signal_handler, which Windows does not have.
        signal.signal(number, lambda *_, call=call: loop.call_soon_threadsafe(call))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
