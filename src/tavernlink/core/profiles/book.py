"""The book of profiles: for each name its last versions, each a list of hashes; contents are kept once.

Everything is in memory and on disk. The bounds below hold for both; what is over them is refused, but for old
versions, which go when new ones come.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import msgspec

from tavernlink.core.profiles.differences import differences
from tavernlink.core.profiles.secrets import without_secrets
from tavernlink.core.seams import Clock, Shelf
from tavernlink.errors import BadMessage, Conflict, NotFound
from tavernlink.protocol.profiles import ItemChange, ItemRef, Profile, ProfileInfo, ProfileItem, ProfileSave

__all__ = ["ProfileBook", "ProfileContent", "ProfileLimits", "ProfileVersion", "StoredItem"]

_Key = tuple[str, str]


class ProfileLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes of JSON."""

    profiles: int = 100
    versions: int = 20
    """Of one profile; the oldest goes."""
    item: int = 4 << 20
    profile: int = 12 << 20
    """Below the largest message, so that a profile fits into one."""
    total: int = 128 << 20
    """Of all distinct contents."""


class StoredItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a version: what it is called, and which content it has."""

    kind: str
    name: str
    hash: str


class ProfileVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a profile, as it is on disk."""

    profile: str
    version: int
    time: float
    author: str
    note: str
    items: list[StoredItem]


class ProfileContent(msgspec.Struct, frozen=True, kw_only=True):
    """A content that any number of versions have."""

    hash: str
    content: bytes
    """JSON, with the fields in the order in which they came."""


class ProfileBook:
    """Every profile with its versions, oldest first."""

    def __init__(
        self,
        versions: Shelf[ProfileVersion],
        contents: Shelf[ProfileContent],
        clock: Clock,
        limits: ProfileLimits | None = None,
    ) -> None:
        self.limits = limits or ProfileLimits()
        self._versions_shelf = versions
        self._contents_shelf = contents
        self._clock = clock
        self._profiles: dict[str, list[ProfileVersion]] = {}
        self._contents = {record.hash: record.content for record in contents.load()}
        for record in sorted(versions.load(), key=lambda record: record.version):
            self._profiles.setdefault(record.profile, []).append(record)
        self._used = Counter(
            item.hash for kept in self._profiles.values() for one in kept for item in one.items
        )
        self._total = sum(len(content) for content in self._contents.values())
        # A hub that was killed between a content and its version leaves one that nobody has.
        self._drop({hash_ for hash_ in self._contents if not self._used[hash_]})

    # Looking

    def listed(self) -> list[ProfileInfo]:
        """Newest version of each, by name."""
        return [self._info(kept[-1]) for _, kept in sorted(self._profiles.items())]

    def history(self, profile: str) -> list[ProfileInfo]:
        """Versions that are kept, newest first. Raises `unknown_profile`."""
        return [self._info(one) for one in reversed(self._kept(profile))]

    def get(self, profile: str, version: int | None, wanted: list[ItemRef] | None) -> Profile:
        """Return a version, or parts of it. Raises `unknown_profile`."""
        found = self._find(profile, version)
        names = None if wanted is None else {(ref.kind, ref.name) for ref in wanted}
        items = [
            ProfileItem(
                kind=item.kind,  # type: ignore[arg-type]  # was checked when it came
                name=item.name,
                content=self._content(item.hash),
                hash=item.hash,
            )
            for item in found.items
            if names is None or (item.kind, item.name) in names
        ]
        return Profile(info=self._info(found), items=items)

    def diff(self, profile: str, version: int | None, since: int | None) -> list[ItemChange]:
        """Compare a version with an older one; without one, with the one before it, or with nothing."""
        after = self._find(profile, version)
        before = (
            self._find(profile, since)
            if since is not None
            else next((one for one in reversed(self._kept(profile)) if one.version < after.version), None)
        )
        old = _by_key(before.items) if before is not None else {}
        new = _by_key(after.items)
        changes: list[ItemChange] = []
        for key in [*new, *(key for key in old if key not in new)]:
            if key not in new or key not in old:
                changes.append(_change(key, "added" if key in new else "removed"))
            elif old[key] != new[key]:
                fields, more = differences(self._content(old[key]), self._content(new[key]))
                changes.append(msgspec.structs.replace(_change(key, "changed"), fields=fields, more=more))
        return changes

    # Changing

    def save(self, message: ProfileSave, author: str) -> tuple[ProfileInfo, bool]:
        """Make a new version; returns it, and whether anything is new.

        Raises `stale_profile`, or `too_large` for what is over a limit.
        """
        kept = self._profiles.get(message.profile, [])
        newest = kept[-1] if kept else None
        self._check_base(message, newest)
        if newest is None and len(self._profiles) >= self.limits.profiles:
            raise BadMessage("too_large", f"The hub keeps {self.limits.profiles} profiles. Delete one first.")
        contents: dict[str, bytes] = {}
        items = _by_key(newest.items) if newest is not None and message.merge else {}
        for ref in message.remove:
            items.pop((ref.kind, ref.name), None)
        named: set[_Key] = set()
        for item in message.items:
            key = (item.kind, item.name)
            if key in named:
                raise BadMessage("invalid_message", f"The item {item.name!r} ({item.kind}) is there twice.")
            named.add(key)
            items[key] = self._take(item, contents)
        if newest is not None and items == _by_key(newest.items):
            return self._info(newest), False
        self._check_room(items, contents)
        made = ProfileVersion(
            profile=message.profile,
            version=newest.version + 1 if newest is not None else 1,
            time=self._clock.wall(),
            author=author[:200],
            note=message.note,
            items=[StoredItem(kind=kind, name=name, hash=hash_) for (kind, name), hash_ in items.items()],
        )
        for hash_, content in contents.items():
            if hash_ not in self._contents:
                self._contents[hash_] = content
                self._total += len(content)
                self._contents_shelf.put(ProfileContent(hash=hash_, content=content))
        self._versions_shelf.put(made)
        self._used.update(item.hash for item in made.items)
        self._profiles.setdefault(message.profile, []).append(made)
        while len(self._profiles[message.profile]) > self.limits.versions:
            self._forget(self._profiles[message.profile].pop(0))
        return self._info(made), True

    def delete(self, profile: str) -> None:
        """Delete a profile with its versions. Raises `unknown_profile`."""
        for one in self._kept(profile):
            self._forget(one)
        del self._profiles[profile]

    def _check_base(self, message: ProfileSave, newest: ProfileVersion | None) -> None:
        version = newest.version if newest is not None else 0
        if message.base is not None and message.base != version:
            raise Conflict(
                "stale_profile",
                f"The profile {message.profile!r} is at version {version} and not {message.base}. "
                "Look at it again, then publish again.",
                {"version": version},
            )

    def _take(self, item: ProfileItem, contents: dict[str, bytes]) -> str:
        clean = without_secrets(item.content, lore=item.kind == "lorebook")
        content = msgspec.json.encode(clean)
        if len(content) > self.limits.item:
            raise BadMessage(
                "too_large",
                f"The item {item.name!r} ({item.kind}) has {len(content)} bytes; {self.limits.item} are allowed.",
            )
        hash_ = hashlib.sha256(msgspec.json.encode(clean, order="sorted")).hexdigest()
        contents[hash_] = content
        return hash_

    def _check_room(self, items: dict[_Key, str], contents: dict[str, bytes]) -> None:
        size = sum(len(contents.get(hash_) or self._contents[hash_]) for hash_ in items.values())
        if size > self.limits.profile:
            raise BadMessage(
                "too_large", f"The profile would have {size} bytes; {self.limits.profile} are allowed."
            )
        added = sum(len(content) for hash_, content in contents.items() if hash_ not in self._contents)
        if self._total + added > self.limits.total:
            raise BadMessage(
                "too_large",
                f"All profiles together may have {self.limits.total} bytes. Delete one that nobody needs.",
            )

    def _forget(self, version: ProfileVersion) -> None:
        self._versions_shelf.remove(version.profile, version.version)
        self._used.subtract(item.hash for item in version.items)
        self._drop({item.hash for item in version.items if not self._used[item.hash]})

    def _drop(self, hashes: set[str]) -> None:
        for hash_ in hashes:
            del self._used[hash_]
            self._total -= len(self._contents.pop(hash_))
            self._contents_shelf.remove(hash_)

    def _kept(self, profile: str) -> list[ProfileVersion]:
        kept = self._profiles.get(profile)
        if not kept:
            raise NotFound("unknown_profile", f"There is no profile {profile!r}.", {"profile": profile})
        return kept

    def _find(self, profile: str, version: int | None) -> ProfileVersion:
        kept = self._kept(profile)
        found = kept[-1] if version is None else next((one for one in kept if one.version == version), None)
        if found is None:
            raise NotFound(
                "unknown_profile",
                f"The profile {profile!r} has no version {version}; {kept[0].version} to {kept[-1].version} "
                "are kept.",
                {"profile": profile, "version": version},
            )
        return found

    def _content(self, hash_: str) -> dict[str, Any]:
        content: dict[str, Any] = msgspec.json.decode(self._contents[hash_])
        return content

    def _info(self, version: ProfileVersion) -> ProfileInfo:
        return ProfileInfo(
            profile=version.profile,
            version=version.version,
            time=version.time,
            author=version.author,
            note=version.note,
            items=len(version.items),
            size=sum(len(self._contents[item.hash]) for item in version.items),
            kinds=dict(Counter(item.kind for item in version.items)),
        )


def _by_key(items: list[StoredItem]) -> dict[_Key, str]:
    return {(item.kind, item.name): item.hash for item in items}


def _change(key: _Key, change: str) -> ItemChange:
    return ItemChange(kind=key[0], name=key[1], change=change)  # type: ignore[arg-type]  # was checked when it came
