"""How a command reaches a hub: its address and a key, from options, environment, settings, or the data folder.

On the machine of the hub nobody should have to make a key just to look at it: whoever can read the data folder may
make keys anyway. So there a command makes one for itself once and keeps it beside the database, readable to the
owner only. It is never sent to another machine.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tavernlink.cli.output import fail, note
from tavernlink.errors import AuthError

if TYPE_CHECKING:
    from tavernlink.config import Settings
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Keyring
    from tavernlink.sdk.sync import SyncHub

__all__ = [
    "Access",
    "Ca",
    "DataDir",
    "KeyText",
    "Url",
    "find_access",
    "find_url",
    "open_hub",
    "open_keys",
    "settings_of",
]

KEY_FILE = "command-line.key"
ADMIN_KEY_FILE = "command-line-admin.key"
"""For commands that an app may not give; readable to whoever may make keys anyway."""
_CA = "TAVERNLINK_CA"

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="TAVERNLINK_URL", help="The hub's address.", show_default="from settings"),
]
KeyText = Annotated[
    str | None,
    typer.Option(
        "--key", envvar="TAVERNLINK_KEY", help="A key for the hub.", show_default="this machine's own"
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The hub's data folder.", show_default="of this system's user"),
]


Ca = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        envvar=_CA,
        help="PEM file of the authority that signed the hub's certificate.",
        show_default="this machine's own hub's",
    ),
]


class Access(NamedTuple):
    """An address and a key that belong together."""

    url: str
    key: str


def settings_of(data_dir: Path | None) -> Settings:
    """Return the hub's settings; ends the command with a sentence where they are wrong."""
    from tavernlink.config import SettingsError, load_settings

    try:
        return load_settings({"data_dir": data_dir})
    except SettingsError as error:
        fail(str(error))


@contextlib.contextmanager
def open_keys(settings: Settings) -> Iterator[tuple[Keyring, Audit]]:
    """Open the hub's keys and its audit log; a hub that runs on them notices what changes."""
    from sqlalchemy.exc import SQLAlchemyError

    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Keyring
    from tavernlink.core.limits import HubLimits
    from tavernlink.runtime.declared import DeclaredKeys
    from tavernlink.runtime.system import SystemClock, SystemIds
    from tavernlink.store import open_store

    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = open_store(settings.url)
    except (OSError, SQLAlchemyError) as error:
        fail(
            f"Cannot open the hub's data in {settings.data_dir}: {error}. Choose another folder with --data-dir."
        )
    try:
        clock, ids = SystemClock(), SystemIds()
        keyring = Keyring(store, clock, ids)
        DeclaredKeys(settings.data_dir, keyring, _tell_broken).look()
        limits = HubLimits(audit_entries=settings.audit_entries, audit_days=settings.audit_days)
        yield keyring, Audit(store, clock, ids, limits)
    finally:
        store.close()


def _tell_broken(happening: str, file: str, why: str) -> None:
    if happening == "keys.broken":
        note(f"warning: {file} is left out: {why}.")


def find_url(url: str | None, data_dir: Path | None, ca: Path | None = None) -> str:
    """Return the hub's address: as given, or as the settings say."""
    _trust(ca)
    if url and not url.startswith(("https:", "wss:")):
        return url
    settings = settings_of(data_dir)
    own = settings.data_dir / "tls" / "ca.pem"
    if _CA not in os.environ and own.is_file():
        _trust(own)
    if url:
        return url
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    return f"{settings.scheme}://{host}:{settings.port}"


def find_access(
    url: str | None, key: str | None, data_dir: Path | None, ca: Path | None = None, *, admin: bool = False
) -> Access:
    """Return where the hub is and a key for it; `admin`: one that may manage it. Raises `AuthError` without one."""
    from tavernlink.sdk.address import is_loopback, websocket_address

    address = find_url(url, data_dir, ca)
    if key:
        return Access(address, key)
    settings = settings_of(data_dir)
    if not is_loopback(websocket_address(address)) or not _has_data(settings):
        raise AuthError(
            "unauthorized",
            f"A key is needed to talk to the hub at {address}. Pass --key, or set TAVERNLINK_KEY; "
            "on the machine of the hub, --data-dir with its data folder will do.",
        )
    return Access(address, _own_key(settings, admin=admin))


def open_hub(
    url: str | None,
    key: str | None,
    data_dir: Path | None,
    ca: Path | None = None,
    *,
    name: str,
    admin: bool = False,
) -> SyncHub:
    """Return a line to the hub for `tavernlink NAME`; close it, or use it in `with`. Raises as `find_access` does."""
    from tavernlink.sdk import connect_sync

    access = find_access(url, key, data_dir, ca, admin=admin)
    return connect_sync(access.url, access.key, name=f"tavernlink {name}")


def _trust(file: Path | None) -> None:
    if file is not None:
        os.environ[_CA] = str(file)  # where the SDK looks


def _has_data(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.data_dir / "tavernlink.db").is_file()


def _own_key(settings: Settings, *, admin: bool) -> str:
    """Return the key that commands on this machine use; made at the first need."""
    path = settings.data_dir / (ADMIN_KEY_FILE if admin else KEY_FILE)
    with contextlib.suppress(FileNotFoundError):
        return path.read_text("ascii").strip()
    with open_keys(settings) as (keyring, audit):
        key, text = keyring.create("admin" if admin else "app", "command line of this machine")
        audit.record("key.created", "command line", target=key.id, name=key.name, role=key.role)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
    return text
