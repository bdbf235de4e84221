"""Settings: defaults, then `tavernlink.toml` in the data folder, then `TAVERNLINK_*` variables, then the command line.

Parsed once, at the start, into one frozen value. A name that does not exist or a value that does not fit is an error
that names where it stands.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
import platformdirs

__all__ = ["FILE_NAME", "Settings", "SettingsError", "is_loopback", "load_settings"]

FILE_NAME = "tavernlink.toml"
_ENV = "TAVERNLINK_"

_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Size = Annotated[int, msgspec.Meta(ge=1_024, le=1 << 30)]


class SettingsError(Exception):
    """A setting is wrong; the message says which, where, and what it may be."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    """Address to listen on; one that others can reach needs TLS."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8001
    """0: a free one."""
    data_dir: Path = msgspec.field(
        default_factory=lambda: Path(platformdirs.user_data_dir("tavernlink", appauthor=False))
    )
    """Folder of the hub's own files: keys, settings."""
    database_url: str | None = None
    """SQLAlchemy URL; default a SQLite file in `data_dir`."""
    tls_certificate: Path | None = None
    """PEM file with the certificate and what signs it; with `tls_key`, the hub speaks https and wss."""
    tls_key: Path | None = None
    """PEM file with the certificate's key."""
    allow_insecure_bind: bool = False
    """Listen on an address that others can reach without TLS."""
    allowed_origins: list[str] = msgspec.field(default_factory=list)
    """Browser origins, e.g. "https://tavern.example"; pages on this machine and the hub's own are always allowed."""
    chatbridge_without_key: bool = False
    """Let the first ChatBridge extension, which can send no key, in; from loopback addresses only."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
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
    detached: Annotated[int, msgspec.Meta(ge=1, le=256)] = 32
    """How many detached generations one tab runs at once."""
    app_rate: _Positive = 200.0
    """Messages per second from one app."""
    http_rate: _Positive = 50.0
    """HTTP requests per second under one key."""

    @property
    def url(self) -> str:
        """Return the store's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'tavernlink.db').as_posix()}"

    @property
    def tls(self) -> bool:
        """True if the hub speaks https and wss."""
        return self.tls_certificate is not None

    def check(self) -> None:
        """Raise `SettingsError` for values that do not go together."""
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise SettingsError("TLS needs both `tls_certificate` and `tls_key`; set the other one too.")
        for file in (self.tls_certificate, self.tls_key):
            if file is not None and not file.is_file():
                raise SettingsError(f"There is no file {file}, which the TLS settings name.")
        if not self.tls and not self.allow_insecure_bind and not is_loopback(self.host):
            raise SettingsError(
                f"Refusing to listen on {self.host} without TLS: keys and chats would cross the network in the clear. "
                "Set `tls_certificate` and `tls_key`, put a TLS proxy before a hub on 127.0.0.1, "
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
        return is_loopback(parts.hostname) or origin.rstrip("/") in {
            each.rstrip("/") for each in self.allowed_origins
        }


def is_loopback(host: str) -> bool:
    """True for a name or address that only this machine can reach."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load_settings(
    overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings; `overrides` (from the command line) go before everything, None in it counts as not given.

    Raises `SettingsError`.
    """
    environ = os.environ if environ is None else environ
    from_env = _from_environment(environ)
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    data_dir = Path(given.get("data_dir") or from_env.get("data_dir") or Settings().data_dir)
    merged = {**_from_file(data_dir / FILE_NAME), **from_env, **given, "data_dir": data_dir}
    try:
        settings = msgspec.convert(merged, Settings, strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"The settings do not fit: {error}.") from None
    settings.check()
    return settings


def _to_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"settings have no type {kind}")


def _from_file(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"Cannot read the settings file {path}: {error}.") from None
    unknown = set(found) - set(Settings.__struct_fields__)
    if unknown:
        raise SettingsError(
            f"The settings file {path} names {', '.join(sorted(unknown))}, which no setting is called."
        )
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        value = environ.get(_ENV + name.upper())
        if value is not None:
            found[name] = (
                [part.strip() for part in value.split(",") if part.strip()]
                if name == "allowed_origins"
                else value
            )
    return found
