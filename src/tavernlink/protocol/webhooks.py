"""Messages about webhooks: what the hub is to send by HTTP POST to whom, and what became of it.

A delivery's body is `{"id", "type", "timestamp", "webhook", "data", "tavern"?: {"id", "name"}, "omitted"?}`: `type` is
the topic, `data` what a subscriber of it would get. It is signed as Standard Webhooks says, see `protocol.signatures`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.message import Count, Id, Message, Name

__all__ = [
    "DeliveryAttempt",
    "DeliveryInfo",
    "DeliveryState",
    "WebhookChanged",
    "WebhookCreate",
    "WebhookDeliveries",
    "WebhookDiscard",
    "WebhookInfo",
    "WebhookList",
    "WebhookMade",
    "WebhookPause",
    "WebhookRemove",
    "WebhookReplay",
    "WebhookResume",
    "WebhookRotate",
    "WebhookSet",
    "WebhookState",
    "WebhookTest",
]

WebhookState = Literal["active", "failing", "paused", "stopped"]
"""`failing`: the last attempt failed, it is tried on; `paused`: by its owner, what happens is collected; `stopped`: by
the hub, `why` says why, and nothing is collected until `webhook.resume`."""
DeliveryState = Literal["waiting", "delivered", "dead"]

_Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
_Glob = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Globs = Annotated[list[_Glob], msgspec.Meta(min_length=1, max_length=64)]
_Names = Annotated[list[Name], msgspec.Meta(max_length=64)]
_Expression = Annotated[str, msgspec.Meta(max_length=2_000)]
_HeaderValue = Annotated[str, msgspec.Meta(max_length=2_000)]
_Headers = Annotated[dict[str, _HeaderValue], msgspec.Meta(max_length=16)]
_Concurrency = Annotated[int, msgspec.Meta(ge=1, le=16)]
_Ids = Annotated[list[Id], msgspec.Meta(max_length=1_000)]


class WebhookCreate(Message):
    """app → hub, ack: WebhookMade. Sends what this key may hear, for as long as it may."""

    url: _Url
    """`http` or `https`. An address of this machine or of a private network only as `webhook_private` says."""
    types: _Globs
    """Globs as `subscribe` takes them: `stream.end` (a whole reply), `chat.changed`, `tavern.changed`, `stream.start`,
    `event.NAME`; also `request.update` (final states of the key's own requests) and `room.*`. Never single tokens."""
    name: Name = ""
    tavern: Id = "*"
    """Id or name; `*`: every one."""
    room: Id | None = None
    """Only of this room and of its taverns; a member of it must be of this key."""
    characters: _Names = msgspec.field(default_factory=list)
    """Only while one of these speaks or is open, by name or id; empty: whoever."""
    when: _Expression = ""
    """A CEL expression as in routing rules, over `type`, `source` (the tavern) and `content`; empty: always."""
    headers: _Headers = msgspec.field(default_factory=dict)
    """Sent with each delivery, e.g. `Authorization`. Their values are never shown again."""
    ordered: bool = False
    """True: strictly one after the other; a delivery that fails holds back those behind it."""
    concurrency: _Concurrency = 1
    """How many are sent at once where the order does not matter."""


class WebhookSet(Message):
    """app → hub, ack: WebhookInfo. Changes what is given."""

    webhook: Id
    url: _Url | None = None
    types: _Globs | None = None
    name: Name | None = None
    tavern: Id | None = None
    room: Name | None = None
    """Empty: no room any more."""
    characters: _Names | None = None
    when: _Expression | None = None
    headers: _Headers | None = None
    """In the place of all that there were."""
    ordered: bool | None = None
    concurrency: _Concurrency | None = None


class WebhookList(Message):
    """app → hub, ack: `[WebhookInfo]`, oldest first: those of this key, of every key for an admin."""


class WebhookRemove(Message):
    """app → hub, ack: nothing. What waits is forgotten with it."""

    webhook: Id


class WebhookPause(Message):
    """app → hub, ack: WebhookInfo. Nothing is sent; what happens is collected, up to `webhook_waiting`."""

    webhook: Id


class WebhookResume(Message):
    """app → hub, ack: WebhookInfo. Goes on at once, whatever stopped it."""

    webhook: Id


class WebhookRotate(Message):
    """app → hub, ack: WebhookMade. Until the overlap is over each delivery is signed with both secrets."""

    webhook: Id
    overlap: Annotated[float, msgspec.Meta(ge=0, le=2_592_000)] = 86_400.0
    """Seconds."""


class WebhookTest(Message):
    """app → hub, ack: DeliveryInfo of a `webhook.ping`, after its one attempt. Paused and stopped ones send it too."""

    webhook: Id


class WebhookDeliveries(Message):
    """app → hub, ack: `[DeliveryInfo]`, newest first."""

    webhook: Id
    state: DeliveryState | None = None
    before: Count | None = None
    """Only those with a smaller `number`."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 50
    bodies: bool = False
    """With what is or was to be sent, where it is still kept: of waiting and dead ones."""


class WebhookReplay(Message):
    """app → hub, ack: `{replayed: n}`. Dead ones wait again, under their ids of before."""

    webhook: Id
    deliveries: _Ids | None = None
    """Absent: every dead one."""


class WebhookDiscard(Message):
    """app → hub, ack: `{discarded: n}`. Forgets dead ones."""

    webhook: Id
    deliveries: _Ids | None = None


class DeliveryAttempt(Message, omit_defaults=False):
    """One POST."""

    time: float
    """Seconds since 1970."""
    seconds: float
    """How long it took."""
    status: int | None = None
    """Of the receiver's answer, where one came."""
    error: str | None = None
    """What went wrong; null: it was accepted."""


class DeliveryInfo(Message, omit_defaults=False):
    """One delivery."""

    id: Id
    """The `webhook-id` of every attempt: a receiver that has seen it has seen the event."""
    number: Count
    """Grows with each event of this hub."""
    webhook: Id
    type: Name
    state: DeliveryState
    created: float
    """Seconds since 1970."""
    tries: Count
    next: float | None = None
    """While it waits: when it is tried again."""
    why: str | None = None
    """Of a dead one: what it died of."""
    attempts: list[DeliveryAttempt] = msgspec.field(default_factory=list)
    """The last ones, oldest first."""
    body: Any = None


class WebhookInfo(Message, omit_defaults=False):
    """One webhook, without its secret and the values of its headers. Times are seconds since 1970."""

    id: Id
    name: Name
    key: Id
    """Id of the key that made it."""
    url: str
    """With its query's values hidden."""
    types: list[str]
    tavern: Id
    room: Id | None
    characters: list[Name]
    when: str
    headers: list[str]
    """Their names."""
    ordered: bool
    concurrency: int
    created: float
    state: WebhookState
    why: str | None = None
    """Why it is `failing` or `stopped`."""
    since: float | None = None
    """Since when it is in this state."""
    waiting: Count = 0
    dead: Count = 0
    forgotten: Count = 0
    """Dead ones that had to make room since the hub started."""
    last_success: float | None = None
    last_failure: float | None = None
    old_secret_until: float | None = None
    problem: str | None = None
    """The last failure of its expression; such an event is not sent."""


class WebhookMade(Message, omit_defaults=False):
    """A webhook with a new secret."""

    secret: str
    """`whsec_…`. Shown only now."""
    info: WebhookInfo


class WebhookChanged(Message, omit_defaults=False):
    """hub → app: a webhook was made, changed, fared otherwise or was removed; to the key that made it and to admins."""

    id: Id
    webhook: WebhookInfo | None = None
    """As it is now; null: it was removed."""
