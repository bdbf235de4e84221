"""`/api/webhooks`: what the hub posts to other programs."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller
from tavernlink.protocol.message import Id
from tavernlink.protocol.webhooks import (
    DeliveryInfo,
    DeliveryState,
    WebhookCreate,
    WebhookDeliveries,
    WebhookDiscard,
    WebhookInfo,
    WebhookList,
    WebhookMade,
    WebhookPause,
    WebhookRemove,
    WebhookReplay,
    WebhookResume,
    WebhookRotate,
    WebhookSet,
    WebhookTest,
)

__all__ = ["WebhookRoutes"]


class WebhookChange(msgspec.Struct, kw_only=True):
    """Body of a change: what is given becomes so."""

    url: str | None = None
    types: list[str] | None = None
    name: str | None = None
    tavern: str | None = None
    room: str | None = None
    """Empty: no room any more."""
    characters: list[str] | None = None
    when: str | None = None
    headers: dict[str, str] | None = None
    ordered: bool | None = None
    concurrency: int | None = None


class Rotation(msgspec.Struct, kw_only=True):
    """Body of a rotation; may be left out."""

    overlap: Annotated[float, msgspec.Meta(ge=0, le=2_592_000)] = 86_400.0
    """Seconds for which the secret of before signs as well."""


class Choice(msgspec.Struct, kw_only=True):
    """Body that chooses dead letters; left out: every one."""

    deliveries: Annotated[list[Id], msgspec.Meta(max_length=1_000)] | None = None


class WebhookRoutes(Controller):
    """Those of the caller's key; every one for an admin."""

    path = "/webhooks"
    tags = ["webhooks"]

    @get("/", summary="Webhooks and how they fare")
    async def show(self, caller: AsCaller) -> Answer[list[WebhookInfo]]:
        """`webhook.list`."""
        return ok(await caller.ask("webhook.list", WebhookList()))

    @post("/", summary="Make one; its secret is shown only in this answer", status_code=201)
    async def create(self, caller: AsCaller, data: JSONBody[WebhookCreate]) -> Answer[WebhookMade]:
        """`webhook.create`."""
        return ok(await caller.ask("webhook.create", data), status=201)

    @patch("/{webhook:str}", summary="Change what is given")
    async def change(
        self, caller: AsCaller, webhook: FromPath[str], data: JSONBody[WebhookChange]
    ) -> Answer[WebhookInfo]:
        """`webhook.set`."""
        return ok(
            await caller.ask("webhook.set", WebhookSet(webhook=webhook, **msgspec.structs.asdict(data)))
        )

    @delete("/{webhook:str}", summary="Remove it, and what waits for it", status_code=200)
    async def remove(self, caller: AsCaller, webhook: FromPath[str]) -> Answer[None]:
        """`webhook.remove`."""
        return ok(await caller.ask("webhook.remove", WebhookRemove(webhook=webhook)))

    @post("/{webhook:str}/pause", summary="Send nothing; go on to collect", status_code=200)
    async def pause(self, caller: AsCaller, webhook: FromPath[str]) -> Answer[WebhookInfo]:
        """`webhook.pause`."""
        return ok(await caller.ask("webhook.pause", WebhookPause(webhook=webhook)))

    @post("/{webhook:str}/resume", summary="Go on, whatever stopped it", status_code=200)
    async def resume(self, caller: AsCaller, webhook: FromPath[str]) -> Answer[WebhookInfo]:
        """`webhook.resume`."""
        return ok(await caller.ask("webhook.resume", WebhookResume(webhook=webhook)))

    @post("/{webhook:str}/rotate", summary="A new secret; the old one signs too for a while", status_code=200)
    async def rotate(
        self, caller: AsCaller, webhook: FromPath[str], data: JSONBody[Rotation | None] = None
    ) -> Answer[WebhookMade]:
        """`webhook.rotate`."""
        overlap = (data or Rotation()).overlap
        return ok(await caller.ask("webhook.rotate", WebhookRotate(webhook=webhook, overlap=overlap)))

    @post("/{webhook:str}/test", summary="Send a test event once, and say what came of it", status_code=200)
    async def test(self, caller: AsCaller, webhook: FromPath[str]) -> Answer[DeliveryInfo]:
        """`webhook.test`."""
        return ok(await caller.ask("webhook.test", WebhookTest(webhook=webhook)))

    @get("/{webhook:str}/deliveries", summary="What was sent, waits, or is dead; newest first")
    async def deliveries(
        self,
        *,
        caller: AsCaller,
        webhook: FromPath[str],
        wanted: Annotated[
            DeliveryState | None,
            QueryParameter(name="state", description="Only `waiting`, `delivered` or `dead` ones."),
        ] = None,
        before: Annotated[
            int | None, QueryParameter(ge=0, description="Only with a smaller `number`.")
        ] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 50,
        bodies: Annotated[bool, QueryParameter(description="With what is sent, where it is kept.")] = False,
    ) -> Answer[list[DeliveryInfo]]:
        """`webhook.deliveries`."""
        query = WebhookDeliveries(webhook=webhook, state=wanted, before=before, limit=limit, bodies=bodies)
        return ok(await caller.ask("webhook.deliveries", query))

    @post("/{webhook:str}/replay", summary="Try dead letters again", status_code=200)
    async def replay(
        self, caller: AsCaller, webhook: FromPath[str], data: JSONBody[Choice | None] = None
    ) -> Answer[dict[str, int]]:
        """`webhook.replay`."""
        chosen = data.deliveries if data else None
        return ok(await caller.ask("webhook.replay", WebhookReplay(webhook=webhook, deliveries=chosen)))

    @post("/{webhook:str}/discard", summary="Forget dead letters", status_code=200)
    async def discard(
        self, caller: AsCaller, webhook: FromPath[str], data: JSONBody[Choice | None] = None
    ) -> Answer[dict[str, int]]:
        """`webhook.discard`."""
        chosen = data.deliveries if data else None
        return ok(await caller.ask("webhook.discard", WebhookDiscard(webhook=webhook, deliveries=chosen)))
