"""Webhooks and their receivers: `hub.webhooks`, and `verify_webhook` for whoever receives them."""

from __future__ import annotations

import builtins
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tavernlink.errors import AuthError
from tavernlink.protocol.signatures import signature_matches
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
from tavernlink.sdk.calls import Repeat

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Webhooks", "verify_webhook"]

_TOLERANCE = 300.0  # seconds, as Standard Webhooks advises
_TEST_SECONDS = 90.0


def verify_webhook(
    secret: str | builtins.list[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: float | None = _TOLERANCE,
) -> dict[str, Any]:
    """Return a delivery as the hub wrote it. Raises `AuthError` where it is not from the hub, or is too old.

    `secret`: the webhook's, or several of which one must fit. `headers`: of the request; small and capital letters do
    not matter. `body`: exactly the bytes that came. `tolerance`: seconds by which the clocks may differ; None does not
    look. A delivery may come twice: remember its `id`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        id_, signatures = given["webhook-id"], given["webhook-signature"]
        timestamp = int(given["webhook-timestamp"])
    except KeyError as missing:
        raise _not_ours(f"the header {missing.args[0]!r} is missing") from None
    except ValueError:
        raise _not_ours("`webhook-timestamp` is no number") from None
    if tolerance is not None and abs(time.time() - timestamp) > tolerance:
        raise _not_ours(f"it was sent more than {tolerance:g} s ago, or the clocks differ")
    secrets = [secret] if isinstance(secret, str) else secret
    fits = [signature_matches(each, signatures, id_, timestamp, body) for each in secrets]
    if not any(fits):
        raise _not_ours("the signature does not fit")
    delivery: dict[str, Any] = json.loads(body)
    return delivery


def _not_ours(why: str) -> AuthError:
    return AuthError("unauthorized", f"This is no delivery of the webhook: {why}.")


class Webhooks:
    """`hub.webhooks`: needs the scope `automate`. A key sees its own, an admin's every one."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def create(
        self,
        url: str,
        types: builtins.list[str],
        *,
        name: str = "",
        tavern: str = "*",
        room: str | None = None,
        characters: builtins.list[str] | None = None,
        when: str = "",
        headers: dict[str, str] | None = None,
        ordered: bool = False,
        concurrency: int = 1,
    ) -> WebhookMade:
        """Have what happens posted to `url`; `.secret` of the answer is shown only now."""
        asked = WebhookCreate(
            url=url,
            types=types,
            name=name,
            tavern=tavern,
            room=room,
            characters=characters or [],
            when=when,
            headers=headers or {},
            ordered=ordered,
            concurrency=concurrency,
        )
        return await self._hub.ask("webhook.create", asked, WebhookMade, repeat=Repeat.NEVER)

    async def set(self, webhook: str, **changes: Any) -> WebhookInfo:
        """Change what is given, under the names that `create` has."""
        return await self._hub.ask("webhook.set", WebhookSet(webhook=webhook, **changes), WebhookInfo)

    async def list(self) -> builtins.list[WebhookInfo]:
        """Return them, oldest first."""
        return await self._hub.ask("webhook.list", WebhookList(), builtins.list[WebhookInfo])

    async def remove(self, webhook: str) -> None:
        """Remove it, and what waits for it. Raises `NotFound`."""
        await self._hub.call("webhook.remove", WebhookRemove(webhook=webhook))

    async def pause(self, webhook: str) -> WebhookInfo:
        """Send nothing; what happens is collected."""
        return await self._hub.ask("webhook.pause", WebhookPause(webhook=webhook), WebhookInfo)

    async def resume(self, webhook: str) -> WebhookInfo:
        """Go on, whatever stopped it."""
        return await self._hub.ask("webhook.resume", WebhookResume(webhook=webhook), WebhookInfo)

    async def rotate(self, webhook: str, *, overlap: float = 86_400.0) -> WebhookMade:
        """Make a new secret; the old one signs as well for `overlap` seconds."""
        return await self._hub.ask(
            "webhook.rotate",
            WebhookRotate(webhook=webhook, overlap=overlap),
            WebhookMade,
            repeat=Repeat.NEVER,
        )

    async def test(self, webhook: str) -> DeliveryInfo:
        """Send a test event, and return what came of it."""
        return await self._hub.ask(
            "webhook.test", WebhookTest(webhook=webhook), DeliveryInfo, timeout=_TEST_SECONDS
        )

    async def deliveries(
        self,
        webhook: str,
        *,
        state: DeliveryState | None = None,
        before: int | None = None,
        limit: int = 50,
        bodies: bool = False,
    ) -> builtins.list[DeliveryInfo]:
        """Return what was sent, waits or is dead, newest first."""
        query = WebhookDeliveries(webhook=webhook, state=state, before=before, limit=limit, bodies=bodies)
        return await self._hub.ask("webhook.deliveries", query, builtins.list[DeliveryInfo])

    async def replay(self, webhook: str, deliveries: builtins.list[str] | None = None) -> int:
        """Let dead ones be tried again, every one or those of these ids; return how many."""
        asked = WebhookReplay(webhook=webhook, deliveries=deliveries)
        return (await self._hub.ask("webhook.replay", asked, dict[str, int]))["replayed"]

    async def discard(self, webhook: str, deliveries: builtins.list[str] | None = None) -> int:
        """Forget dead ones, every one or those of these ids; return how many."""
        asked = WebhookDiscard(webhook=webhook, deliveries=deliveries)
        return (await self._hub.ask("webhook.discard", asked, dict[str, int]))["discarded"]
