"""What apps ask about webhooks. A key sees and changes its own; an admin's every one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tavernlink.core.access.rights import check_scope
from tavernlink.core.webhooks.hook import Hook, check_types
from tavernlink.core.webhooks.listening import is_member
from tavernlink.core.webhooks.records import delivery_info
from tavernlink.core.webhooks.targets import Reach, check_url, host_of
from tavernlink.errors import AuthError, BadMessage, NotFound, Unavailable
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.webhooks import (
    WebhookCreate,
    WebhookDeliveries,
    WebhookDiscard,
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

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Key
    from tavernlink.core.limits import HubLimits
    from tavernlink.core.messages.handlers import Asked
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.peer import App
    from tavernlink.core.rooms.rooms import Rooms
    from tavernlink.core.seams import Ack, Clock
    from tavernlink.core.webhooks.book import Webhooks

__all__ = ["WebhookMessages"]

_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_OURS: Final = ("webhook-", "content-", "transfer-", "proxy-")
_RESERVED: Final = frozenset(
    {"host", "connection", "upgrade", "te", "trailer", "keep-alive", "expect", "accept-encoding"}
)


class WebhookMessages:
    """Handlers of `webhook.*`."""

    def __init__(
        self,
        book: Webhooks,
        *,
        directory: Directory,
        rooms: Rooms,
        audit: Audit,
        clock: Clock,
        limits: HubLimits,
        reach: Callable[[Key], Reach],
        key_of: Callable[[Hook], Key | None],
    ) -> None:
        self._book = book
        self._directory = directory
        self._rooms = rooms
        self._audit = audit
        self._clock = clock
        self._limits = limits
        self._reach = reach
        self._key_of = key_of
        self.handlers: Mapping[str, Asked] = {
            "webhook.create": self._create,
            "webhook.set": self._set,
            "webhook.list": self._list,
            "webhook.remove": self._remove,
            "webhook.pause": self._pause,
            "webhook.resume": self._resume,
            "webhook.rotate": self._rotate,
            "webhook.test": self._test,
            "webhook.deliveries": self._deliveries,
            "webhook.replay": self._replay,
            "webhook.discard": self._discard,
        }

    def _create(self, app: App, message: WebhookCreate, ack: Ack) -> None:
        most = self._limits.webhooks_per_key
        if len(self._book.of_key(app.key.id)) >= most:
            raise Unavailable("quota", f"This key has {most} webhooks, which is as many as it may.")
        hook, secret = self._book.create(app.key.id, self._checked(app, app.key, message))
        self._audit.record("webhook.created", app, target=hook.id, host=host_of(hook.spec.url))
        ack(Success(result=WebhookMade(secret=secret, info=self._info(hook))))

    def _set(self, app: App, message: WebhookSet, ack: Ack) -> None:
        hook = self._mine(app, message.webhook)
        given: dict[str, Any] = {
            name: getattr(message, name)
            for name in WebhookCreate.__struct_fields__
            if getattr(message, name) is not None
        }
        if given.get("room") == "":
            given["room"] = None
        # It sends under its maker's key, whoever changes it.
        key = self._key_of(hook) or app.key
        spec = self._checked(app, key, msgspec.structs.replace(hook.spec, **given))
        self._book.change(hook, spec)
        self._audit.record("webhook.changed", app, target=hook.id, host=host_of(spec.url))
        ack(Success(result=self._info(hook)))

    def _checked(self, app: App, key: Key, spec: WebhookCreate) -> WebhookCreate:
        """Return what may be made, with names of rooms and taverns as ids. Raises where it may not."""
        check_url(spec.url, self._reach(key))
        check_types(spec.types)
        for glob in spec.types:
            if glob.startswith("event."):
                check_scope(key, "events:read", f"hear {glob!r}")
        if any(not glob.startswith("event.") for glob in spec.types):
            check_scope(key, "chat:read", "hear of taverns")
        for name in spec.headers:
            _check_header(name, spec.headers[name])
        room = None
        if spec.room is not None:
            found = self._rooms.reach(app, spec.room)
            if not is_member(key, found):
                raise AuthError("not_a_member", details={"room": found.id})
            room = found.id
        return msgspec.structs.replace(spec, room=room, tavern=self._tavern(key, spec.tavern))

    def _tavern(self, key: Key, wanted: str) -> str:
        """Return the id of a tavern that is there; one that is away may be named too."""
        if wanted == "*":
            return wanted
        try:
            return self._directory.resolve(wanted, key).id
        except NotFound:
            return wanted

    def _list(self, app: App, message: WebhookList, ack: Ack) -> None:
        found = self._book.of_key(None if "admin" in app.key.held else app.key.id)
        ack(Success(result=[self._info(hook) for hook in found]))

    def _remove(self, app: App, message: WebhookRemove, ack: Ack) -> None:
        hook = self._mine(app, message.webhook)
        self._book.remove(hook)
        self._audit.record("webhook.removed", app, target=hook.id, host=host_of(hook.spec.url))
        ack(Success())

    def _pause(self, app: App, message: WebhookPause, ack: Ack) -> None:
        hook = self._mine(app, message.webhook)
        self._book.pause(hook)
        self._audit.record("webhook.paused", app, target=hook.id)
        ack(Success(result=self._info(hook)))

    def _resume(self, app: App, message: WebhookResume, ack: Ack) -> None:
        hook = self._mine(app, message.webhook)
        self._book.resume(hook)
        self._audit.record("webhook.resumed", app, target=hook.id)
        ack(Success(result=self._info(hook)))

    def _rotate(self, app: App, message: WebhookRotate, ack: Ack) -> None:
        hook = self._mine(app, message.webhook)
        secret = self._book.rotate(hook, message.overlap)
        self._audit.record("webhook.rotated", app, target=hook.id, overlap=message.overlap)
        ack(Success(result=WebhookMade(secret=secret, info=self._info(hook))))

    def _test(self, app: App, message: WebhookTest, ack: Ack) -> None:
        hook = self._mine(app, message.webhook)
        self._book.ping(hook, lambda info: ack(Success(result=info)))

    def _deliveries(self, app: App, message: WebhookDeliveries, ack: Ack) -> None:
        found = [
            record
            for record in self._mine(app, message.webhook).deliveries.listed()
            if message.state in (None, record.state)
            and (message.before is None or record.number < message.before)
        ]
        ack(Success(result=[delivery_info(each, body=message.bodies) for each in found[: message.limit]]))

    def _replay(self, app: App, message: WebhookReplay, ack: Ack) -> None:
        hook = self._mine(app, message.webhook)
        replayed = self._book.replay(hook, message.deliveries)
        self._audit.record("webhook.replayed", app, target=hook.id, deliveries=replayed)
        ack(Success(result={"replayed": replayed}))

    def _discard(self, app: App, message: WebhookDiscard, ack: Ack) -> None:
        hook = self._mine(app, message.webhook)
        discarded = self._book.discard(hook, message.deliveries)
        self._audit.record("webhook.discarded", app, target=hook.id, deliveries=discarded)
        ack(Success(result={"discarded": discarded}))

    def _mine(self, app: App, id_: str) -> Hook:
        hook = self._book.find(id_)
        if hook.record.key_id != app.key.id and "admin" not in app.key.held:
            raise NotFound("unknown_webhook", f"There is no webhook {id_!r} of this key.", {"webhook": id_})
        return hook

    def _info(self, hook: Hook) -> Any:
        return hook.info(self._clock.wall())


def _check_header(name: str, value: str) -> None:
    lower = name.lower()
    path = {"path": "$.headers"}
    if not _HEADER.fullmatch(name) or lower in _RESERVED or lower.startswith(_OURS):
        raise BadMessage("invalid_message", f"A webhook cannot set the header {name!r} (at $.headers).", path)
    if not value.isascii() or any(not each.isprintable() for each in value):
        raise BadMessage(
            "invalid_message",
            f"The header {name!r} has characters that no header may have (at $.headers).",
            path,
        )
