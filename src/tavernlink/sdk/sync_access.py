"""`hub.keys` and `hub.pairings`, blocking."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from tavernlink.protocol.access import KeyInfo, KeyMade, PairingInfo
from tavernlink.sdk.access import Keys, Pairings

if TYPE_CHECKING:
    from typing import Literal

    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncKeys", "SyncPairings"]


class SyncKeys:
    """As `Keys`."""

    def __init__(self, hub: SyncHub, keys: Keys) -> None:
        self._hub = hub
        self._keys = keys

    def create(
        self,
        name: str,
        *,
        role: Literal["admin", "tavern", "app", "viewer"] = "app",
        scopes: builtins.list[str] | None = None,
        taverns: builtins.list[str] | None = None,
        rooms: builtins.list[str] | None = None,
        expires_in: float | None = None,
    ) -> KeyMade:
        """As `Keys.create`."""
        made = self._keys.create(
            name, role=role, scopes=scopes, taverns=taverns, rooms=rooms, expires_in=expires_in
        )
        return self._hub.loop.run(made)

    def list(self, *, all: bool = False) -> builtins.list[KeyInfo]:  # noqa: A002 (as the message has it)
        """As `Keys.list`."""
        return self._hub.loop.run(self._keys.list(all=all))

    def revoke(self, key: str) -> builtins.list[KeyInfo]:
        """As `Keys.revoke`."""
        return self._hub.loop.run(self._keys.revoke(key))


class SyncPairings:
    """As `Pairings`."""

    def __init__(self, hub: SyncHub, pairings: Pairings) -> None:
        self._hub = hub
        self._pairings = pairings

    def list(self) -> builtins.list[PairingInfo]:
        """As `Pairings.list`."""
        return self._hub.loop.run(self._pairings.list())

    def approve(self, code: str, *, name: str | None = None) -> PairingInfo:
        """As `Pairings.approve`."""
        return self._hub.loop.run(self._pairings.approve(code, name=name))

    def refuse(self, code: str) -> PairingInfo:
        """As `Pairings.refuse`."""
        return self._hub.loop.run(self._pairings.refuse(code))
