"""`/api/profiles`: settings that taverns share; and a tavern that publishes, applies or undoes them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from tavernlink.http.api.answers import Answer, Asked, Wait, ok, submit, tavern_of
from tavernlink.http.caller import AsCaller, HttpRequest
from tavernlink.protocol.message import Id, Message
from tavernlink.protocol.profiles import (
    ItemChange,
    ItemRef,
    Profile,
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
    ProfileSave,
    ProfileUndo,
)

__all__ = ["ProfileRoutes", "TavernProfileRoutes", "list_profiles"]

_Version = Annotated[int | None, QueryParameter(ge=1, description="Default: the newest.")]


class ProfileBody(Message):
    """`profile.save` without what the address says."""

    items: Annotated[list[ProfileItem], msgspec.Meta(max_length=2_000)] = msgspec.field(default_factory=list)
    remove: list[ItemRef] = msgspec.field(default_factory=list)
    merge: bool = False
    base: Annotated[int, msgspec.Meta(ge=0)] | None = None
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class PublishBody(Message):
    """`profile.publish` without what the address says."""

    kinds: list[ProfileKind] = msgspec.field(default_factory=list)
    items: list[ItemRef] = msgspec.field(default_factory=list)
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    request_id: Id | None = None
    timeout: float | None = None


class ApplyBody(Message):
    """`profile.apply` without what the address says."""

    version: Annotated[int, msgspec.Meta(ge=1)] | None = None
    items: list[ItemRef] | None = None
    overwrite: bool = False
    dry_run: bool = False
    request_id: Id | None = None
    timeout: float | None = None


class UndoBody(Message):
    """`profile.undo` without what the address says."""

    backup: Id | None = None
    request_id: Id | None = None
    timeout: float | None = None


@get("/profiles", tags=["profiles"], summary="Every profile, without contents")
async def list_profiles(caller: AsCaller) -> Answer[list[ProfileInfo]]:
    """`profile.list`."""
    return ok(await caller.ask("profile.list", ProfileList()))


class ProfileRoutes(Controller):
    """One profile, as the hub keeps it."""

    path = "/profiles/{profile:str}"
    tags = ["profiles"]

    @get("/", summary="A version with its contents")
    async def show(
        self, *, caller: AsCaller, profile: FromPath[str], version: _Version = None
    ) -> Answer[Profile]:
        """`profile.get`."""
        return ok(await caller.ask("profile.get", ProfileGet(profile=profile, version=version)))

    @put("/", summary="Make a new version")
    async def save(
        self, *, caller: AsCaller, profile: FromPath[str], data: JSONBody[ProfileBody]
    ) -> Answer[ProfileInfo]:
        """`profile.save`; who may not wait for a newer version of somebody else's names a `base`."""
        content = ProfileSave(profile=profile, **msgspec.structs.asdict(data))
        return ok(await caller.ask("profile.save", content))

    @delete("/", summary="Delete it with all its versions", status_code=200)
    async def remove(self, caller: AsCaller, profile: FromPath[str]) -> Answer[None]:
        """`profile.delete`."""
        return ok(await caller.ask("profile.delete", ProfileDelete(profile=profile)))

    @get("/history", summary="The versions that the hub keeps, newest first")
    async def history(self, caller: AsCaller, profile: FromPath[str]) -> Answer[list[ProfileInfo]]:
        """`profile.history`."""
        return ok(await caller.ask("profile.history", ProfileHistory(profile=profile)))

    @get("/diff", summary="What changed in a version, item by item and field by field")
    async def diff(
        self,
        *,
        caller: AsCaller,
        profile: FromPath[str],
        version: _Version = None,
        since: Annotated[int | None, QueryParameter(ge=1, description="Default: the version before.")] = None,
    ) -> Answer[list[ItemChange]]:
        """`profile.diff`."""
        content = ProfileDiff(profile=profile, version=version, since=since)
        return ok(await caller.ask("profile.diff", content))


class TavernProfileRoutes(Controller):
    """What a tavern does with profiles. `tavern` is its id or name; `default` is the first one that is online."""

    path = "/taverns/{tavern:str}"
    tags = ["profiles"]

    @post("/profiles/{profile:str}/publish", summary="Publish its settings", status_code=202)
    async def publish(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        profile: FromPath[str],
        data: JSONBody[PublishBody],
        wait: Wait = False,
    ) -> Asked:
        """`profile.publish`."""
        content = ProfilePublish(profile=profile, tavern=tavern_of(tavern), **msgspec.structs.asdict(data))
        return await submit(caller, request, "profile.publish", content, wait=wait)

    @post("/profiles/{profile:str}/apply", summary="Take a profile over", status_code=202)
    async def apply(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        profile: FromPath[str],
        data: JSONBody[ApplyBody],
        wait: Wait = False,
    ) -> Asked:
        """`profile.apply`."""
        content = ProfileApply(profile=profile, tavern=tavern_of(tavern), **msgspec.structs.asdict(data))
        return await submit(caller, request, "profile.apply", content, wait=wait)

    @post("/profile-undo", summary="Put back what the last take-over replaced", status_code=202)
    async def undo(
        self,
        *,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        data: JSONBody[UndoBody],
        wait: Wait = False,
    ) -> Asked:
        """`profile.undo`."""
        content = ProfileUndo(tavern=tavern_of(tavern), **msgspec.structs.asdict(data))
        return await submit(caller, request, "profile.undo", content, wait=wait)
