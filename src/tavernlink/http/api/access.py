"""`/api/keys`, `/api/pairings` and `/api/audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from litestar import Controller, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tavernlink.core.access.pairing import Asked, Claimed
from tavernlink.http.address import address_of
from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller, HttpRequest
from tavernlink.protocol.access import (
    AuditEntry,
    AuditList,
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
from tavernlink.protocol.message import Name

if TYPE_CHECKING:
    from tavernlink.runtime.hub import Runtime

__all__ = ["KeyRoutes", "PairingRoutes", "list_audit", "pairing_doors"]


class KeyRoutes(Controller):
    """Keys, without their secrets."""

    path = "/keys"
    tags = ["access"]

    @get("/", summary="Keys; a tavern sees those that it made")
    async def show(
        self,
        caller: AsCaller,
        *,
        every: Annotated[
            bool, QueryParameter(name="all", description="Revoked and expired ones too.")
        ] = False,
    ) -> Answer[list[KeyInfo]]:
        """`key.list`."""
        return ok(await caller.ask("key.list", KeyList(all=every)))

    @post("/", summary="Make a key; its text is shown only in this answer", status_code=201)
    async def create(self, caller: AsCaller, data: JSONBody[KeyCreate]) -> Answer[KeyMade]:
        """`key.create`."""
        return ok(await caller.ask("key.create", data), status=201)

    @delete("/{key:str}", summary="Revoke it, by id or name", status_code=200)
    async def revoke(self, caller: AsCaller, key: FromPath[str]) -> Answer[list[KeyInfo]]:
        """`key.revoke`."""
        return ok(await caller.ask("key.revoke", KeyRevoke(key=key)))


class Approval(msgspec.Struct, kw_only=True):
    """Body of an approval; may be left out."""

    name: Name | None = None
    """Name of the key."""


class PairingRoutes(Controller):
    """Taverns that wait for a key."""

    path = "/pairings"
    tags = ["access"]

    @get("/", summary="SillyTaverns that show a code and wait")
    async def show(self, caller: AsCaller) -> Answer[list[PairingInfo]]:
        """`pairing.list`."""
        return ok(await caller.ask("pairing.list", PairingList()))

    @post("/{code:str}/approve", summary="Let the one who shows this code have a key", status_code=200)
    async def approve(
        self, caller: AsCaller, code: FromPath[str], data: JSONBody[Approval | None] = None
    ) -> Answer[PairingInfo]:
        """`pairing.approve`."""
        name = data.name if data else None
        return ok(await caller.ask("pairing.approve", PairingApprove(code=code, name=name)))

    @post("/{code:str}/refuse", summary="Tell the one who shows this code no", status_code=200)
    async def refuse(self, caller: AsCaller, code: FromPath[str]) -> Answer[PairingInfo]:
        """`pairing.refuse`."""
        return ok(await caller.ask("pairing.refuse", PairingRefuse(code=code)))


class Ask(msgspec.Struct, kw_only=True):
    """Who asks to be paired."""

    name: Name = ""
    """A name that tells people which SillyTavern this is."""


class Claim(msgspec.Struct, kw_only=True):
    """A ticket from `POST /api/pairings`, or from the address that `tavernlink up` opens."""

    ticket: Annotated[str, msgspec.Meta(max_length=200)]


class SignedIn(msgspec.Struct, kw_only=True):
    """What a ticket was exchanged for."""

    key: str


def pairing_doors(runtime: Runtime) -> list[HTTPRouteHandler]:
    """Return the routes that need no key: all that somebody without one may do."""

    @post(
        "/pairings",
        tags=["access"],
        summary="Ask for a code to show to a person",
        status_code=201,
        security=[{}],
    )
    async def ask(request: HttpRequest, data: JSONBody[Ask]) -> Answer[Asked]:
        """Good for five minutes. An admin approves the code; `claim` then gives the key, once."""
        origin = request.headers.get("origin")
        asked = runtime.core.pairings.ask(
            data.name, address_of(request.scope), origin[:200] if origin else None
        )
        return ok(asked, status=201)

    @post(
        "/pairings/claim",
        tags=["access"],
        summary="See whether it was approved",
        status_code=200,
        security=[{}],
    )
    async def claim(request: HttpRequest, data: JSONBody[Claim]) -> Answer[Claimed]:
        """`state` is `waiting`, `refused`, `over`, or `approved` with the key: that once and never again."""
        return ok(runtime.core.pairings.claim(data.ticket, address_of(request.scope)))

    @post(
        "/console/sign-in",
        tags=["access"],
        summary="Exchange a ticket of `tavernlink up` for a key",
        status_code=201,
        security=[{}],
    )
    async def sign_in(request: HttpRequest, data: JSONBody[Claim]) -> Answer[SignedIn]:
        """A ticket works once, within two minutes; the key is an admin's and ends by itself."""
        key = runtime.core.tickets.redeem(data.ticket, address_of(request.scope))
        return ok(SignedIn(key=key), status=201)

    return [ask, claim, sign_in]


@get("/audit", tags=["access"], summary="Who did what to whom, when, from where; newest first")
async def list_audit(
    *,
    caller: AsCaller,
    action: Annotated[str | None, QueryParameter(description="Glob, e.g. `key.*`.")] = None,
    who: Annotated[str | None, QueryParameter(description="Id or name of a key, or name of a peer.")] = None,
    target: FromQuery[str | None] = None,
    address: FromQuery[str | None] = None,
    since: Annotated[float | None, QueryParameter(description="Seconds since 1970.")] = None,
    until: FromQuery[float | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 100,
) -> Answer[list[AuditEntry]]:
    """`audit.list`."""
    query = AuditList(
        action=action, who=who, target=target, address=address, since=since, until=until, limit=limit
    )
    return ok(await caller.ask("audit.list", query))
