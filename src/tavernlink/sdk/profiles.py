"""Profiles: settings that taverns share. Made by `Hub.profiles`; costs nothing.

    applied = await hub.profiles.apply("house rules", tavern="laptop")
    print([item.name for item in applied.applied])

What the hub answers is awaited; what a tavern has to do returns a `Request` at once, as in `tavern`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tavernlink.protocol.profiles import (
    ItemChange,
    ItemRef,
    Profile,
    ProfileApplied,
    ProfileApply,
    ProfileDelete,
    ProfileDiff,
    ProfileGet,
    ProfileHistory,
    ProfileInfo,
    ProfileItem,
    ProfileKind,
    ProfileList,
    ProfilePublish,
    ProfileRestored,
    ProfileSave,
    ProfileUndo,
)
from tavernlink.sdk.calls import Repeat
from tavernlink.sdk.request import Request

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Profiles"]

_T = TypeVar("_T", ProfileInfo, ProfileApplied, ProfileRestored)


class Profiles:
    """The profiles of a hub. What names one that is not there raises `NotFound("unknown_profile")`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def all(self) -> list[ProfileInfo]:
        """Return the newest version of each profile, without contents."""
        return await self._hub.ask("profile.list", ProfileList(), list[ProfileInfo])

    async def history(self, profile: str) -> list[ProfileInfo]:
        """Return the versions that the hub keeps, newest first."""
        return await self._hub.ask("profile.history", ProfileHistory(profile=profile), list[ProfileInfo])

    async def get(
        self, profile: str, *, version: int | None = None, items: Iterable[ItemRef] | None = None
    ) -> Profile:
        """Return a version with its contents, or only `items` of it."""
        wanted = None if items is None else list(items)
        return await self._hub.ask(
            "profile.get", ProfileGet(profile=profile, version=version, items=wanted), Profile
        )

    async def diff(
        self, profile: str, *, version: int | None = None, since: int | None = None
    ) -> list[ItemChange]:
        """Return what changed in a version, since the one before it or since `since`."""
        return await self._hub.ask(
            "profile.diff", ProfileDiff(profile=profile, version=version, since=since), list[ItemChange]
        )

    async def save(
        self,
        profile: str,
        items: Iterable[ProfileItem],
        *,
        remove: Iterable[ItemRef] = (),
        merge: bool = False,
        base: int | None = None,
        note: str = "",
    ) -> ProfileInfo:
        """Make a new version of these items; with `merge`, keep those that are not named, but for `remove`.

        `base`: fail with `Conflict("stale_profile")` unless this is the newest version (0: there is none). Without it
        the last one to save wins; without `merge`, saying it twice does no harm.
        """
        content = ProfileSave(
            profile=profile,
            items=list(items),
            remove=list(remove),
            merge=merge,
            base=base,
            note=note,
        )
        # With a base, a repetition would find its own version in the way.
        repeat = Repeat.ALWAYS if base is None else Repeat.NEVER
        return await self._hub.ask("profile.save", content, ProfileInfo, repeat=repeat)

    async def delete(self, profile: str) -> None:
        """Delete a profile with all its versions; taverns keep what they took over."""
        content = ProfileDelete(profile=profile)
        await self._hub.ask("profile.delete", content, object, repeat=Repeat.NEVER)

    def publish(
        self,
        profile: str,
        *,
        tavern: str | None = None,
        kinds: Iterable[ProfileKind] = (),
        items: Iterable[ItemRef] = (),
        note: str = "",
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> Request[ProfileInfo]:
        """Have a tavern publish its settings: everything of `kinds`, and `items`. Secrets never leave it."""
        request_id = request_id or uuid.uuid4().hex
        content = ProfilePublish(
            profile=profile,
            tavern=tavern,
            kinds=list(kinds),
            items=list(items),
            note=note,
            timeout=timeout,
            request_id=request_id,
        )
        return Request(self._hub, "profile.publish", content, request_id, _to(ProfileInfo))

    def apply(
        self,
        profile: str,
        *,
        tavern: str | None = None,
        version: int | None = None,
        items: Iterable[ItemRef] | None = None,
        overwrite: bool = False,
        dry_run: bool = False,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> Request[ProfileApplied]:
        """Have a tavern take a profile over; it backs up what it replaces.

        What was changed there since it was last applied stays, unless `overwrite`. `dry_run` only tells what differs.
        """
        request_id = request_id or uuid.uuid4().hex
        content = ProfileApply(
            profile=profile,
            tavern=tavern,
            version=version,
            items=None if items is None else list(items),
            overwrite=overwrite,
            dry_run=dry_run,
            timeout=timeout,
            request_id=request_id,
        )
        return Request(self._hub, "profile.apply", content, request_id, _to(ProfileApplied))

    def undo(
        self,
        *,
        tavern: str | None = None,
        backup: str | None = None,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> Request[ProfileRestored]:
        """Have a tavern put back what its last `apply` replaced, or what `backup` names."""
        request_id = request_id or uuid.uuid4().hex
        content = ProfileUndo(tavern=tavern, backup=backup, timeout=timeout, request_id=request_id)
        return Request(self._hub, "profile.undo", content, request_id, _to(ProfileRestored))


def _to(kind: type[_T]) -> Any:
    return lambda result: msgspec.convert(result, kind)
