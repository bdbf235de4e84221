"""`tavernlink.sdk.Profiles` with blocking methods; what a tavern has to do is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tavernlink.protocol.profiles import (
    ItemChange,
    Profile,
    ProfileApplied,
    ProfileInfo,
    ProfileItem,
    ProfileRestored,
)
from tavernlink.sdk.profiles import Profiles

if TYPE_CHECKING:
    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncProfiles"]


class SyncProfiles:
    """The profiles of a hub; options are those of the namesakes in `Profiles`."""

    def __init__(self, hub: SyncHub, profiles: Profiles) -> None:
        self._hub = hub
        self._profiles = profiles

    def all(self) -> list[ProfileInfo]:
        """As `Profiles.all`."""
        return self._hub.loop.run(self._profiles.all())

    def history(self, profile: str) -> list[ProfileInfo]:
        """As `Profiles.history`."""
        return self._hub.loop.run(self._profiles.history(profile))

    def get(self, profile: str, **options: Any) -> Profile:
        """As `Profiles.get`."""
        return self._hub.loop.run(self._profiles.get(profile, **options))

    def diff(self, profile: str, **options: Any) -> list[ItemChange]:
        """As `Profiles.diff`."""
        return self._hub.loop.run(self._profiles.diff(profile, **options))

    def save(self, profile: str, items: list[ProfileItem], **options: Any) -> ProfileInfo:
        """As `Profiles.save`."""
        return self._hub.loop.run(self._profiles.save(profile, items, **options))

    def delete(self, profile: str) -> None:
        """As `Profiles.delete`."""
        self._hub.loop.run(self._profiles.delete(profile))

    def publish(self, profile: str, **options: Any) -> ProfileInfo:
        """As `Profiles.publish`, and waits for it."""

        async def work() -> ProfileInfo:
            return await self._profiles.publish(profile, **options)

        return self._hub.loop.run(work())

    def apply(self, profile: str, **options: Any) -> ProfileApplied:
        """As `Profiles.apply`, and waits for it."""

        async def work() -> ProfileApplied:
            return await self._profiles.apply(profile, **options)

        return self._hub.loop.run(work())

    def undo(self, **options: Any) -> ProfileRestored:
        """As `Profiles.undo`, and waits for it."""

        async def work() -> ProfileRestored:
            return await self._profiles.undo(**options)

        return self._hub.loop.run(work())
