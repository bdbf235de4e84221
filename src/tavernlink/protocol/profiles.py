"""Messages about profiles: settings of a SillyTavern that others can take over or follow.

A profile is a named list of items (a preset, a lorebook, …). The hub keeps its last versions; each item has a hash of
its content, so two versions are compared without looking inside. Contents never hold keys or passwords: whoever
publishes leaves them out, and the hub takes out what is left.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name

__all__ = [
    "FieldChange",
    "ItemChange",
    "ItemName",
    "ItemRef",
    "Profile",
    "ProfileApplied",
    "ProfileApply",
    "ProfileChanged",
    "ProfileDelete",
    "ProfileDiff",
    "ProfileGet",
    "ProfileHistory",
    "ProfileInfo",
    "ProfileItem",
    "ProfileKind",
    "ProfileList",
    "ProfilePublish",
    "ProfileRestored",
    "ProfileSave",
    "ProfileUndo",
]

ProfileKind = Literal[
    "chat_completion",
    "text_completion",
    "instruct",
    "context",
    "sysprompt",
    "reasoning",
    "lorebook",
    "regex",
    "quick_reply",
    "tavernlink",
]
"""The first six are presets as SillyTavern calls them; `tavernlink` is the extension's own settings."""

ItemName = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
"""SillyTavern's own name of a preset, lorebook, script or set."""

_Excerpt = Annotated[str, msgspec.Meta(max_length=4_000)]


class ItemRef(Message):
    """One item, by what it is called."""

    kind: ProfileKind
    name: ItemName


class ProfileItem(Message):
    """One item with what it holds."""

    kind: ProfileKind
    name: ItemName
    content: dict[str, Any]
    """As SillyTavern saves it, without secrets."""
    hash: str | None = None
    """SHA-256 of the content; filled in by the hub."""


_Items = Annotated[list[ProfileItem], msgspec.Meta(max_length=2_000)]
_Refs = Annotated[list[ItemRef], msgspec.Meta(max_length=2_000)]


class ProfileInfo(Message, omit_defaults=False):
    """A profile without its contents. Every field is always there."""

    profile: Id
    version: Annotated[int, msgspec.Meta(ge=1)]
    """1 at first, one more with each change."""
    time: float
    """Of this version, in seconds since 1970."""
    author: Name
    """Name of the tavern or app that published this version."""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    items: Count = 0
    size: Count = 0
    """Bytes of all contents."""
    kinds: dict[str, int] = msgspec.field(default_factory=dict)
    """Kind → how many items."""


class Profile(Message):
    """One version of a profile, whole or as much as was asked for."""

    info: ProfileInfo
    items: list[ProfileItem]


class ProfileList(Message):
    """app, tavern → hub, ack: `[ProfileInfo]`, newest versions."""


class ProfileHistory(Message):
    """app, tavern → hub, ack: `[ProfileInfo]`, the versions that are kept, newest first."""

    profile: Id


class ProfileGet(Message):
    """app, tavern → hub, ack: Profile."""

    profile: Id
    version: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Default: the newest."""
    items: _Refs | None = None
    """Only these; default all."""


class ProfileSave(Message):
    """app, tavern → hub, ack: ProfileInfo. Makes a new version; the same contents again change nothing."""

    profile: Id
    items: _Items = msgspec.field(default_factory=list)
    remove: _Refs = msgspec.field(default_factory=list)
    """With `merge`: items to take out."""
    merge: bool = False
    """True: items that are not named stay as they are. False: these are all there is."""
    base: Count | None = None
    """Refuse with `stale_profile` unless the newest version is still this one; 0: unless there is no such profile."""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ProfileDelete(Message):
    """app, tavern → hub, ack: nothing. The profile and all its versions."""

    profile: Id


class FieldChange(Message):
    """One field of an item that differs."""

    path: Annotated[str, msgspec.Meta(max_length=1_000)]
    """E.g. `prompts[main].content`; parts of a list are named by their identifier where they have one."""
    before: _Excerpt | None = None
    """As JSON, cut to a readable length; null: not there."""
    after: _Excerpt | None = None


class ItemChange(Message):
    """One item that differs."""

    kind: ProfileKind
    name: ItemName
    change: Literal["added", "changed", "removed"]
    fields: list[FieldChange] = msgspec.field(default_factory=list)
    """With `changed`: the first fields that differ."""
    more: Count = 0
    """How many further fields differ."""
    held: Literal["conflict", "open"] | None = None
    """Why a tavern does not apply it by itself: changed there since it was last applied, or being edited there."""


class ProfileDiff(Message):
    """app, tavern → hub, ack: `[ItemChange]` from one version to another."""

    profile: Id
    version: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Default: the newest."""
    since: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Default: the version before it; before the first one there was nothing."""


class ProfileChanged(Message):
    """hub → app and tavern: a profile has a new version, or is gone. Apps subscribe to it; taverns always get it."""

    profile: Id
    version: Count
    """Newest version; 0: the profile was deleted."""
    author: Name


class ProfilePublish(Message):
    """app → hub, ack: Accepted. A tavern publishes its settings; the request's result is ProfileInfo."""

    profile: Id
    tavern: Id | None = None
    kinds: list[ProfileKind] = msgspec.field(default_factory=list)
    """Everything of these kinds, …"""
    items: _Refs = msgspec.field(default_factory=list)
    """… and these."""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    request_id: Id | None = None
    timeout: float | None = None


class ProfileApply(Message):
    """app → hub, ack: Accepted. A tavern takes a profile over; the request's result is ProfileApplied."""

    profile: Id
    tavern: Id | None = None
    version: Annotated[int, msgspec.Meta(ge=1)] | None = None
    items: _Refs | None = None
    """Only these; default all."""
    overwrite: bool = False
    """True: also items that were changed in the tavern since they were last applied."""
    dry_run: bool = False
    """True: only say what would change."""
    request_id: Id | None = None
    timeout: float | None = None


class ProfileApplied(Message, omit_defaults=False):
    """Result of a request for `profile.apply`."""

    profile: Id
    version: Annotated[int, msgspec.Meta(ge=1)]
    changes: list[ItemChange] = msgspec.field(default_factory=list)
    """What differed before."""
    applied: list[ItemRef] = msgspec.field(default_factory=list)
    backup: Id | None = None
    """What `profile.undo` takes; null: nothing was replaced."""


class ProfileUndo(Message):
    """app → hub, ack: Accepted. A tavern puts back what it had before it last applied a profile.

    The request's result is ProfileRestored.
    """

    tavern: Id | None = None
    backup: Id | None = None
    """Default: the newest backup."""
    request_id: Id | None = None
    timeout: float | None = None


class ProfileRestored(Message, omit_defaults=False):
    """Result of a request for `profile.undo`."""

    profile: Id
    version: Annotated[int, msgspec.Meta(ge=1)]
    """Of what was undone."""
    backup: Id
    """What was there before the undoing."""
    restored: list[ItemRef] = msgspec.field(default_factory=list)
