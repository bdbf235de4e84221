"""Everything that can be set, as one frozen value; a running hub that reads its file again gets another one."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
import platformdirs

from tavernlink.config.mcp import McpSettings, why_no_server
from tavernlink.config.origins import matches_origin, why_no_origin
from tavernlink.protocol.routing import Route

__all__ = ["Settings", "SettingsError", "is_loopback"]

_Positive = Annotated[float, msgspec.Meta(gt=0)]
_BASE_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_Size = Annotated[int, msgspec.Meta(ge=1_024, le=1 << 30)]


class SettingsError(Exception):
    """A setting is wrong; the message says which, where, and what it may be."""


class RouteTable(Route, forbid_unknown_fields=True):
    """A rule as the settings have it: a misspelled field would make a rule that does something else."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    """Address to listen on; one that others can reach needs TLS."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8001
    """Port to listen on; 0: a free one."""
    data_dir: Path = msgspec.field(
        default_factory=lambda: Path(platformdirs.user_data_dir("tavernlink", appauthor=False))
    )
    """Folder of the hub's own files: keys, settings."""
    database_url: str | None = None
    """SQLAlchemy URL; default a SQLite file in `data_dir`."""
    tls: bool = False
    """Speak https and wss; without `tls_certificate`, with a certificate that the hub makes for itself."""
    tls_certificate: Path | None = None
    """PEM file with the certificate and what signs it; with `tls_key`, the hub speaks https and wss."""
    tls_key: Path | None = None
    """PEM file with the certificate's key."""
    tls_names: list[str] = msgspec.field(default_factory=list)
    """More names and addresses for the hub's own certificate, e.g. "tavern.home"; it has those of this machine."""
    allow_insecure_bind: bool = False
    """Listen on an address that others can reach without TLS."""
    allowed_origins: list[str] = msgspec.field(default_factory=list)
    """Browser origins, e.g. "https://tavern.example" or "https://*.example.org"; pages on this machine always may."""
    trusted_proxies: list[str] = msgspec.field(default_factory=list)
    """Addresses and networks of reverse proxies, e.g. "127.0.0.1", whose word on the client is believed."""
    proxy_headers: Literal["x-forwarded", "forwarded"] = "x-forwarded"
    """Which headers those proxies write: X-Forwarded-For, -Proto, -Host, -Prefix, or Forwarded (RFC 7239)."""
    base_path: str = ""
    """Sub-path under which a reverse proxy shows the hub, e.g. "/tavern"."""
    chatbridge_without_key: bool = False
    """Let the first ChatBridge extension, which can send no key, in; from loopback addresses only."""
    tavern_password: str | None = None
    """A password that lets a tavern in as a key does; hashed at the start where it stands as plain text."""
    audit_entries: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)] = 10_000
    """How many entries of the audit log are kept."""
    audit_days: _Positive = 90.0
    """How many days they are kept."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What the hub writes down: this level, and what is more serious."""
    log_format: Literal["auto", "human", "json"] = "auto"
    """`auto`: for people in a terminal, JSON elsewhere."""
    max_payload: _Size = 16 << 20
    """Largest message on every door."""
    app_session: _Positive = 120.0
    """How long an app's session outlives its connection."""
    tavern_grace: _Positive = 30.0
    """How long a tavern may be away before its running requests fail."""
    request_timeout: _Positive = 300.0
    """How long a request may run where it does not say."""
    queue_timeout: _Positive = 600.0
    """How long a request may wait for its turn."""
    queue_length: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 100
    """How many requests may wait for one tavern."""
    kept_requests: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 5_000
    """How many finished requests are remembered, so that one that is asked again is answered and not done again."""
    kept_seconds: _Positive = 86_400.0
    """How long a finished request is remembered."""
    inbox_count: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 1_000
    """How many messages wait for one app that is away."""
    inbox_bytes: _Size = 8 << 20
    """How much waits for one app that is away."""
    inbox_seconds: _Positive = 604_800.0
    """How long a message waits for an app that is away."""
    key_waiting: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 200
    """How many requests of one key may wait, over all taverns."""
    key_running: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 64
    """How many requests of one key run at once, over all taverns; more of them wait."""
    pool_policy: Literal["least_loaded", "random", "pinned", "broadcast"] = "least_loaded"
    """Which tavern gets what no tavern was named for; see the guide to the pool."""
    script_commands: list[str] | None = None
    """Slash commands that scripts may use, of those that the person at SillyTavern allows; not set: all of those."""
    detached: Annotated[int, msgspec.Meta(ge=1, le=256)] = 32
    """How many detached generations one tab runs at once."""
    message_bytes: Annotated[int, msgspec.Meta(ge=1_024, le=16 << 20)] = 256 << 10
    """Largest content of a message of a program's own type (`x.…`)."""
    routes: list[RouteTable] = msgspec.field(default_factory=list)
    """Routing rules, as `[[routes]]` tables; see the guide to routing."""
    functions_dir: Path | None = None
    """Folder of Python files whose functions the hub offers; default `functions` in `data_dir`."""
    function_timeout: _Positive = 60.0
    """Seconds that a call of a function may take, waiting included, where neither it nor the caller says."""
    function_concurrency: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 64
    """Calls of one function that run at once, where it does not say."""
    function_bytes: _Size = 4 << 20
    """Largest arguments and largest result of a call."""
    mcp: McpSettings = msgspec.field(default_factory=McpSettings)
    """MCP servers whose tools become functions, as `[mcp.servers.NAME]` tables; see the guide to MCP."""
    app_rate: _Positive = 200.0
    """Messages per second from one app."""
    http_rate: _Positive = 50.0
    """HTTP requests per second under one key."""
    address_rate: _Positive = 100.0
    """HTTP requests per second from one address other than this machine, whatever their keys."""
    connect_rate: _Positive = 10.0
    """New socket connections per second from one address other than this machine."""
    webhooks_per_key: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 20
    """How many webhooks one key may have."""
    webhook_private: Literal["admins", "everyone", "nobody"] = "admins"
    """Whose webhooks may go to this machine and to private networks: those of admins' keys, everyone's, nobody's."""
    webhook_timeout: _Positive = 15.0
    """How long a webhook's receiver may take to answer."""
    webhook_retry_seconds: _Positive = 86_400.0
    """How long a delivery that fails is tried again before it is a dead letter."""
    webhook_stop_seconds: _Positive = 259_200.0
    """How long every attempt of a webhook may fail before the hub stops it."""
    webhook_bytes: _Size = 1 << 20
    """Largest body of a delivery; of a larger event only that it happened is sent."""
    webhook_waiting: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1_000
    """How many deliveries wait for one webhook; past that, the oldest become dead letters."""
    webhook_dead: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 1_000
    """How many dead letters of one webhook are kept."""
    webhook_dead_seconds: _Positive = 604_800.0
    """How long a dead letter is kept."""
    schedules_per_key: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 50
    """How many schedules one key may have."""
    schedule_shortest: Annotated[float, msgspec.Meta(ge=1)] = 10.0
    """The shortest interval of a schedule."""
    timezone: str = "UTC"
    """Time zone of schedules that name none, e.g. "Europe/Berlin"."""
    metrics_open_to_loopback: bool = False
    """Show `/metrics` to this machine without a key; elsewhere it needs an admin's."""
    otlp_endpoint: str | None = None
    """Where traces go, e.g. "http://127.0.0.1:4318"; needs `pip install "tavernlink[otel]"`."""

    @property
    def url(self) -> str:
        """Return the store's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'tavernlink.db').as_posix()}"

    @property
    def secure(self) -> bool:
        """True if the hub speaks https and wss."""
        return self.tls or self.tls_certificate is not None

    @property
    def scheme(self) -> str:
        """`https` or `http`."""
        return "https" if self.secure else "http"

    def check(self) -> None:
        """Raise `SettingsError` for values that do not go together, and for addresses that are none."""
        self._check_tls()
        self._check_timezone()
        for origin in self.allowed_origins:
            if (why := why_no_origin(origin)) is not None:
                raise SettingsError(f"`allowed_origins` names {origin!r}: {why}.")
        for proxy in self.trusted_proxies:
            if not _is_network(proxy):
                raise SettingsError(
                    f"`trusted_proxies` names {proxy!r}, which is no address or network such as 10.0.0.0/8."
                )
        for name, server in self.mcp.servers.items():
            if (why := why_no_server(name, server)) is not None:
                raise SettingsError(f"`[mcp.servers.{name}]` does not fit: {why}.")
        if not _BASE_PATH.fullmatch(self.base_path):
            raise SettingsError(
                f"`base_path` is {self.base_path!r}; it must read like '/tavern', without a slash at its end."
            )
        if self.otlp_endpoint is not None and not self.otlp_endpoint.startswith(("http://", "https://")):
            raise SettingsError(f"`otlp_endpoint` is {self.otlp_endpoint!r}; it must be an http(s) address.")

    def _check_timezone(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise SettingsError(
                f"`timezone` is {self.timezone!r}; it must be an IANA name such as Europe/Berlin."
            ) from None

    def _check_tls(self) -> None:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise SettingsError("TLS needs both `tls_certificate` and `tls_key`; set the other one too.")
        for file in (self.tls_certificate, self.tls_key):
            if file is not None and not file.is_file():
                raise SettingsError(f"There is no file {file}, which the TLS settings name.")
        for name in self.tls_names:
            if "/" in name or not (_NAME.fullmatch(name) or _is_network(name)):
                raise SettingsError(
                    f"`tls_names` has {name!r}, which is neither a host's name nor an address."
                )
        if not self.secure and not self.allow_insecure_bind and not is_loopback(self.host):
            raise SettingsError(
                f"Refusing to listen on {self.host} without TLS: keys and chats would cross the network in the clear. "
                "Say `--tls`, set `tls_certificate` and `tls_key`, put a TLS proxy before a hub on 127.0.0.1, "
                "or say `--allow-insecure-bind` if you trust that network."
            )

    def allows_origin(self, origin: str | None) -> bool:
        """True if a page of this origin may talk to the hub. None, which browsers never send, is not a page."""
        if origin is None:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return False
        return is_loopback(parts.hostname) or matches_origin(origin, self.allowed_origins)


def is_loopback(host: str) -> bool:
    """True for a name or address that only this machine can reach."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
