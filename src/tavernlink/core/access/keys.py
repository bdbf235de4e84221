"""Keys: who may connect and as what. Shown once, kept as a hash.

A key reads `tl_<role>_<id>_<secret>`; the id finds the row, the secret's SHA-256 is compared in constant time. A plain
hash is enough, since the secret is 256 random bits and cannot be searched for.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, get_args

import msgspec

from tavernlink.core.access.permissions import Role
from tavernlink.core.access.rights import scopes_of
from tavernlink.errors import AuthError, Conflict, NotFound
from tavernlink.protocol.access import KeyInfo

if TYPE_CHECKING:
    from tavernlink.core.seams import Clock, Ids, Store

__all__ = ["KEY_PREFIX", "Key", "Keyring", "Role", "digest_of"]

KEY_PREFIX = "tl_"


class Key(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One credential as the store keeps it. Times are seconds since 1970."""

    id: str
    role: Role
    name: str
    digest: bytes
    """SHA-256 of the secret."""
    created: float
    last_used: float | None = None
    revoked: float | None = None
    expires: float | None = None
    """When it ends by itself; None: never."""
    scopes: tuple[str, ...] | None = None
    """Those of its role that it was narrowed to; None: all of them."""
    taverns: tuple[str, ...] | None = None
    """Ids or names of the taverns that it may use, or be; None: every one."""
    rooms: tuple[str, ...] | None = None
    """Ids or names of the rooms that it may use; None: every one."""
    made_by: str | None = None
    """Id of the key under which it was made; None: on the hub's own machine."""

    @cached_property
    def held(self) -> frozenset[str]:
        """Its scopes: the role's, or the fewer that it was narrowed to."""
        return scopes_of(self.role, self.scopes)

    def reaches_tavern(self, *words: str) -> bool:
        """True if a tavern with this id and name is not outside its limits."""
        return self.taverns is None or any(word in self.taverns for word in words)

    def reaches_room(self, *words: str) -> bool:
        """True if a room with this id and name is not outside its limits."""
        return self.rooms is None or any(word in self.rooms for word in words)


def digest_of(secret: str) -> bytes:
    """Return how a secret is kept."""
    return hashlib.sha256(secret.encode()).digest()


class Keyring:
    """Every key of this hub. Keeps them in memory and follows the store when another process changes it."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._keys: dict[str, Key] = {}
        self._declared: dict[str, tuple[str, Key]] = {}
        """Keys that stand in files, not in the store: id → (where, key); their digest is of the whole text."""
        self._by_digest: dict[bytes, str] = {}
        self._seen: int | None = None
        self._next_end = float("inf")
        """When the next key expires."""
        self.edition = 0
        """Grows whenever a key may have lost its rights; whoever keeps connections compares it."""

    def create(
        self,
        role: Role,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        taverns: Iterable[str] | None = None,
        rooms: Iterable[str] | None = None,
        expires: float | None = None,
        made_by: str | None = None,
    ) -> tuple[Key, str]:
        """Make a key; return it with its text, which is nowhere kept. Raises `ValueError` for what no key can be."""
        if role not in get_args(Role):
            raise ValueError(f"role must be one of {', '.join(get_args(Role))}, not {role!r}")
        narrowed = _sorted(scopes)
        lacking = set(narrowed or ()) - scopes_of(role, None)
        if lacking:
            raise ValueError(
                f"a key of the role {role} cannot hold {', '.join(sorted(lacking))}; "
                f"it may hold {', '.join(sorted(scopes_of(role, None)))}"
            )
        secret = self._ids.secret()
        key = Key(
            id=self._ids.new("k").removeprefix("k-"),
            role=role,
            name=name,
            digest=digest_of(secret),
            created=self._clock.wall(),
            expires=expires,
            scopes=narrowed,
            taverns=_sorted(taverns),
            rooms=_sorted(rooms),
            made_by=made_by,
        )
        self._put(key)
        return key, f"{KEY_PREFIX}{role}_{key.id}_{secret}"

    def listed(self) -> list[Key]:
        """Every key, oldest first, revoked ones too."""
        self.refresh()
        declared = (key for _, key in self._declared.values())
        return sorted([*self._keys.values(), *declared], key=lambda key: key.created)

    def find(self, key_id: str) -> Key | None:
        """Return the key with this id, of what `refresh` last saw."""
        declared = self._declared.get(key_id)
        return declared[1] if declared else self._keys.get(key_id)

    def named(self, id_or_name: str) -> list[Key]:
        """Return the key with this id, or every one with this name, but those that were revoked."""
        return [key for key in self.listed() if id_or_name in (key.id, key.name) and key.revoked is None]

    def info(self, key: Key) -> KeyInfo:
        """Return what may be shown of a key."""
        return KeyInfo(
            id=key.id,
            role=key.role,
            name=key.name,
            scopes=sorted(key.held),
            taverns=None if key.taverns is None else list(key.taverns),
            rooms=None if key.rooms is None else list(key.rooms),
            created=key.created,
            expires=key.expires,
            last_used=key.last_used,
            revoked=key.revoked,
            made_by=key.made_by,
            source=self._declared[key.id][0] if key.id in self._declared else None,
        )

    def declare(self, source: str, keys: Iterable[Key]) -> None:
        """Take over every key that this source declares, in the place of those that it declared before.

        Raises `ValueError`, and changes nothing, if another source declares one of the same name or text.
        """
        others = {id_: pair for id_, pair in self._declared.items() if pair[0] != source}
        digests = {key.digest: id_ for id_, (_, key) in others.items() if key.digest}
        fresh: dict[str, tuple[str, Key]] = {}
        for key in keys:
            if key.id in others or key.id in fresh:
                where = others[key.id][0] if key.id in others else source
                raise ValueError(f"the name {key.name!r} stands in {where} already")
            if key.digest in digests:
                raise ValueError(f"the key of {key.name!r} stands there under another name already")
            if key.digest:
                digests[key.digest] = key.id
            used = self._declared[key.id][1].last_used if key.id in self._declared else None
            fresh[key.id] = (source, msgspec.structs.replace(key, last_used=used))
        self._declared, self._by_digest = others | fresh, digests
        self.edition += 1
        self._find_next_end()

    def verify(self, text: str | None) -> Key:
        """Return the key that this text is. Raises `AuthError`: `unauthorized`, `key_revoked` or `key_expired`."""
        self.refresh()
        declared = self.find(self._by_digest.get(digest_of(text or ""), ""))
        if declared is not None:
            return self._let_in(declared)
        parts = (text or "").split("_", 3)
        key = self._keys.get(parts[2]) if len(parts) == 4 and f"{parts[0]}_" == KEY_PREFIX else None
        # Compared even where no row was found, so that the time taken tells nothing about ids.
        right = hmac.compare_digest(key.digest if key else bytes(32), digest_of(parts[-1]))
        if key is None or not right or parts[1] != key.role:
            raise AuthError("unauthorized")
        return self._let_in(key)

    def _let_in(self, key: Key) -> Key:
        ended = self.why_ended(key.id)
        if ended is not None:
            raise AuthError(ended)
        self._touch(key)
        return key

    def why_ended(self, key_id: str) -> str | None:
        """Return the error code for a key that is no longer good, of what `refresh` last saw; None: it is good."""
        key = self.find(key_id)
        if key is None or key.revoked is not None:
            return "key_revoked"
        if key.expires is not None and key.expires <= self._clock.wall():
            return "key_expired"
        return None

    def revoke(self, id_or_name: str) -> list[Key]:
        """Revoke the key with this id, or all with this name. Raises `NotFound`, or `Conflict` for a declared one."""
        found = self.named(id_or_name)
        if not found:
            raise NotFound(
                "unknown_key", f"No valid key has the id or name {id_or_name!r}. See `tavernlink keys list`."
            )
        for key in found:
            if key.id in self._declared:
                raise Conflict(
                    "declared_in_file", f"This key stands in {self._declared[key.id][0]}: remove it there."
                )
        revoked = [msgspec.structs.replace(key, revoked=self._clock.wall()) for key in found]
        for key in revoked:
            self._put(key)
        self.edition += 1
        return revoked

    def refresh(self) -> None:
        """Read the store again if another process changed it, and see whose time is over."""
        version = self._store.version()
        if version != self._seen:
            self._seen = version
            self._keys = {key.id: key for key in self._store.keys.load()}
            self.edition += 1
            self._find_next_end()
        elif self._clock.wall() >= self._next_end:
            self.edition += 1
            self._find_next_end()

    def _find_next_end(self) -> None:
        now = self._clock.wall()
        every = [*self._keys.values(), *(key for _, key in self._declared.values())]
        ends = (key.expires for key in every if key.expires is not None and key.expires > now)
        self._next_end = min(ends, default=float("inf"))

    def _touch(self, key: Key) -> None:
        # A write for each connect would wear the disk for nothing: "last used" is shown to the minute.
        if key.last_used is None or self._clock.wall() - key.last_used > 60:
            now = self._clock.wall()
            used = msgspec.structs.replace(key, last_used=now)
            if key.id in self._declared:
                self._declared[key.id] = (self._declared[key.id][0], used)
                return
            self._store.keys.set(key.id, last_used=now)  # alone: another process may just be revoking it
            self._keys[key.id] = used

    def _put(self, key: Key) -> None:
        self._store.keys.put(key)
        self._keys[key.id] = key
        self._find_next_end()


def _sorted(words: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(sorted(set(words)))
