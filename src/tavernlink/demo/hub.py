"""A hub inside the running event loop, with one key of each kind, for the demo and the end-to-end tests."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tavernlink.app import Server
from tavernlink.config import Settings, SettingsError
from tavernlink.demo.errors import DemoError
from tavernlink.errors import NotFound

__all__ = ["RunningHub", "open_hub"]

_KEY_NAME = "demo"


@dataclass(frozen=True, slots=True)
class RunningHub:
    """A hub that listens, and keys for it."""

    server: Server
    admin_key: str
    app_key: str
    tavern_key: str
    viewer_key: str

    @property
    def url(self) -> str:
        """The hub's address, without a slash at the end."""
        return self.server.url


@contextlib.asynccontextmanager
async def open_hub(data_dir: Path, *, port: int = 0, **settings: Any) -> AsyncIterator[RunningHub]:
    """Run a hub on 127.0.0.1 with its data in `data_dir`; `port=0` picks a free one.

    Keys that an earlier run on the same data made are revoked. Raises DemoError `hub_failed`.
    """
    server = Server(Settings(port=port, data_dir=data_dir, **settings))
    try:
        await server.start()
    except SettingsError as error:
        raise DemoError("hub_failed", f"The hub did not start: {error}") from error
    try:
        keyring = server.runtime.core.keyring
        with contextlib.suppress(NotFound):
            keyring.revoke(_KEY_NAME)
        keys = {
            f"{role}_key": keyring.create(role, _KEY_NAME)[1] for role in ("admin", "app", "tavern", "viewer")
        }
        yield RunningHub(server, **keys)
    finally:
        await server.stop()
