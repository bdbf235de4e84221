"""Keys, pairing and the audit log, for programs whose key may manage them: `hub.keys`, `hub.pairings`, `hub.audit`."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from tavernlink.protocol.access import (
    KeyCreate,
    KeyInfo,
    KeyList,
    KeyMade,
    KeyRevoke,
    PairingApprove,
    PairingInfo,
    PairingList,
    PairingRefuse,
)

if TYPE_CHECKING:
    from typing import Literal

    from tavernlink.sdk.hub import Hub

__all__ = ["Keys", "Pairings"]


class Keys:
    """`hub.keys`: needs the scope `keys:manage`, which apps do not have."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def create(
        self,
        name: str,
        *,
        role: Literal["admin", "tavern", "app", "viewer"] = "app",
        scopes: builtins.list[str] | None = None,
        taverns: builtins.list[str] | None = None,
        rooms: builtins.list[str] | None = None,
        expires_in: float | None = None,
    ) -> KeyMade:
        """Make a key; `.key` is its text, shown only now. `expires_in`: seconds. None: all that the role may."""
        asked = KeyCreate(
            name=name, role=role, scopes=scopes, taverns=taverns, rooms=rooms, expires_in=expires_in
        )
        return await self._hub.ask("key.create", asked, KeyMade)

    async def list(self, *, all: bool = False) -> builtins.list[KeyInfo]:  # noqa: A002 (as the message has it)
        """Return the keys; `all`: revoked and expired ones too."""
        return await self._hub.ask("key.list", KeyList(all=all), builtins.list[KeyInfo])

    async def revoke(self, key: str) -> builtins.list[KeyInfo]:
        """Revoke a key by its id, or every one of a name; return them. Raises `NotFound`."""
        return await self._hub.ask("key.revoke", KeyRevoke(key=key), builtins.list[KeyInfo])


class Pairings:
    """`hub.pairings`: SillyTaverns that show a code and wait for a key; needs the scope `admin`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def list(self) -> builtins.list[PairingInfo]:
        """Return those that wait."""
        return await self._hub.ask("pairing.list", PairingList(), builtins.list[PairingInfo])

    async def approve(self, code: str, *, name: str | None = None) -> PairingInfo:
        """Give a key to the one who shows this code. Raises `NotFound`, or `Conflict` if it was answered before."""
        return await self._hub.ask("pairing.approve", PairingApprove(code=code, name=name), PairingInfo)

    async def refuse(self, code: str) -> PairingInfo:
        """Tell the one who shows this code no."""
        return await self._hub.ask("pairing.refuse", PairingRefuse(code=code), PairingInfo)
