"""Keys: who may connect and as what. Shown once, kept as a hash.

A key reads `tl_<role>_<id>_<secret>`; the id finds the row, the secret's SHA-256 is compared in constant time. A plain
hash is enough, since the secret is 256 random bits and cannot be searched for.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from tavernlink.errors import AuthError, NotFound

if TYPE_CHECKING:
    from tavernlink.core.seams import Clock, Ids, Store

__all__ = ["KEY_PREFIX", "Key", "Keyring", "Role"]

Role = Literal["admin", "tavern", "app", "viewer"]
KEY_PREFIX = "tl_"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One credential as the store keeps it. Times are seconds since 1970."""

    id: str
    role: Role
    name: str
    digest: bytes
    """SHA-256 of the secret."""
    created: float
    last_used: float | None = None
    revoked: float | None = None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class Keyring:
    """Every key of this hub. Keeps them in memory and follows the store when another process changes it."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._keys: dict[str, Key] = {}
        self._seen: int | None = None
        self.edition = 0
        """Grows whenever a key may have lost its rights; whoever keeps connections compares it."""

    def create(self, role: Role, name: str) -> tuple[Key, str]:
        """Make a key; return it with its text, which is nowhere kept."""
        if role not in get_args(Role):
            raise ValueError(f"role must be one of {', '.join(get_args(Role))}, not {role!r}")
        secret = self._ids.secret()
        key = Key(
            id=self._ids.new("k").removeprefix("k-"),
            role=role,
            name=name,
            digest=_digest(secret),
            created=self._clock.wall(),
        )
        self._put(key)
        return key, f"{KEY_PREFIX}{role}_{key.id}_{secret}"

    def listed(self) -> list[Key]:
        """Every key, oldest first, revoked ones too."""
        self.refresh()
        return sorted(self._keys.values(), key=lambda key: key.created)

    def verify(self, text: str | None) -> Key:
        """Return the key that this text is. Raises `AuthError`: `unauthorized` or `key_revoked`."""
        self.refresh()
        parts = (text or "").split("_", 3)
        key = self._keys.get(parts[2]) if len(parts) == 4 and f"{parts[0]}_" == KEY_PREFIX else None
        # Compared even where no row was found, so that the time taken tells nothing about ids.
        right = hmac.compare_digest(key.digest if key else bytes(32), _digest(parts[-1]))
        if key is None or not right or parts[1] != key.role:
            raise AuthError("unauthorized")
        if key.revoked is not None:
            raise AuthError("key_revoked")
        self._touch(key)
        return key

    def is_valid(self, key_id: str) -> bool:
        """True while the key exists and is not revoked; of what `refresh` last saw."""
        key = self._keys.get(key_id)
        return key is not None and key.revoked is None

    def revoke(self, id_or_name: str) -> list[Key]:
        """Revoke the key with this id, or every key with this name. Raises `NotFound`."""
        found = [key for key in self.listed() if id_or_name in (key.id, key.name) and key.revoked is None]
        if not found:
            raise NotFound(
                "unknown_key", f"No valid key has the id or name {id_or_name!r}. See `tavernlink keys list`."
            )
        revoked = [msgspec.structs.replace(key, revoked=self._clock.wall()) for key in found]
        for key in revoked:
            self._put(key)
        self.edition += 1
        return revoked

    def refresh(self) -> None:
        """Read the store again if another process changed it."""
        version = self._store.version()
        if version != self._seen:
            self._seen = version
            self._keys = {key.id: key for key in self._store.keys.load()}
            self.edition += 1

    def _touch(self, key: Key) -> None:
        # A write for each connect would wear the disk for nothing: "last used" is shown to the minute.
        if key.last_used is None or self._clock.wall() - key.last_used > 60:
            self._put(msgspec.structs.replace(key, last_used=self._clock.wall()))

    def _put(self, key: Key) -> None:
        self._store.keys.put(key)
        self._keys[key.id] = key
