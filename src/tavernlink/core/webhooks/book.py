"""Every webhook of the hub: made, changed, stopped; what is to be sent now, and what an answer means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tavernlink.core.limits import HubLimits
from tavernlink.core.webhooks.deliveries import Deliveries
from tavernlink.core.webhooks.hook import Hook
from tavernlink.core.webhooks.parcels import Answer, Parcel
from tavernlink.core.webhooks.patience import pause_of_hook, wait_before
from tavernlink.core.webhooks.records import DeliveryRecord, Secret, Standing, WebhookRecord, delivery_info
from tavernlink.core.webhooks.targets import Reach, host_of
from tavernlink.errors import Conflict, NotFound, TavernlinkError
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.event import Event
from tavernlink.protocol.signatures import secret_from, sign
from tavernlink.protocol.webhooks import DeliveryAttempt, DeliveryInfo, WebhookCreate

if TYPE_CHECKING:
    from tavernlink.core.seams import Clock, Ids, Journal, Store

__all__ = ["Webhooks"]

_PING: Final = "webhook.ping"
_ATTEMPTS: Final = 20  # of one delivery that are kept
_LOOK: Final = 60.0  # seconds between looks for what is too old
_MOST_UNDER_WAY: Final = 64
_GONE: Final = 410
_BUSY: Final = frozenset({429, 503})


class Webhooks:
    """Not thread-safe: the event loop's."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        journal: Journal,
        limits: HubLimits,
        reach_of: Callable[[str], Reach],
        hear: Callable[[Hook, Event], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._journal = journal
        self._limits = limits
        self._reach_of = reach_of
        """Key id → what its webhooks may be sent to."""
        self._hear = hear
        self.is_owned: Callable[[Hook], bool] = lambda _: True
        """Whether the key that made it is good."""
        self.hooks: dict[str, Hook] = {}
        self.by_session: dict[str, Hook] = {}
        self.wake: Callable[[], None] = lambda: None
        """Called when there may be something to send."""
        self.changed: Callable[[Hook], None] = lambda _: None
        """Called when one wants to hear something else than before."""
        self.touched: Callable[[Hook], None] = lambda _: None
        """Called when there is something new to show of one."""
        self._pings: dict[str, tuple[Hook, DeliveryRecord, Callable[[DeliveryInfo], None]]] = {}
        self._waiting_pings: list[str] = []
        self._next_look = 0.0
        self._number = 0
        self._load()

    def _load(self) -> None:
        for record in sorted(self._store.webhooks.load(), key=lambda each: (each.made, each.id)):
            try:
                self._take_up(record)
            except TavernlinkError as error:  # e.g. of a version whose expressions could do more
                self._journal("webhook.unusable", webhook=record.id, why=error.message)
        for delivery in sorted(self._store.webhook_deliveries.load(), key=lambda each: each.number):
            self._number = max(self._number, delivery.number)
            hook = self.hooks.get(delivery.webhook_id)
            if hook is None:
                self._store.webhook_deliveries.remove(delivery.id)
            else:
                hook.deliveries.restore(delivery)

    def _take_up(self, record: WebhookRecord) -> Hook:
        deliveries = Deliveries(self._store.webhook_deliveries, self._limits)
        hook = Hook(record, deliveries, session_id=self._ids.new("s"), hear=self._hear)
        self.hooks[hook.id] = hook
        self.by_session[hook.session.id] = hook
        return hook

    # Making and changing

    def find(self, id_: str) -> Hook:
        """Return the webhook with this id. Raises `unknown_webhook`."""
        hook = self.hooks.get(id_)
        if hook is None:
            raise NotFound("unknown_webhook", f"There is no webhook {id_!r} of this key.", {"webhook": id_})
        return hook

    def of_key(self, key_id: str | None) -> list[Hook]:
        """Return those of a key, or every one, oldest first."""
        return [hook for hook in self.hooks.values() if key_id in (None, hook.record.key_id)]

    def create(self, key_id: str, spec: WebhookCreate) -> tuple[Hook, str]:
        """Make one; return it with its secret. Raises `invalid_expression`."""
        secret = secret_from(bytes.fromhex(self._ids.secret()))
        now = self._clock.wall()
        record = WebhookRecord(
            id=self._ids.new("wh"),
            key_id=key_id,
            made=now,
            spec=spec,
            secrets=[Secret(text=secret)],
            standing=Standing(since=now),
        )
        hook = self._take_up(record)
        self._keep(hook)
        self.changed(hook)
        return hook, secret

    def change(self, hook: Hook, spec: WebhookCreate) -> None:
        """Let it want something else. Raises `invalid_expression`, and changes nothing then."""
        before = hook.record
        hook.record = msgspec.structs.replace(before, spec=spec)
        try:
            hook.compile()
        except TavernlinkError:
            hook.record = before
            raise
        hook.problem = None
        hook.hold_until = 0.0
        self._keep(hook)
        self.changed(hook)
        self.wake()

    def remove(self, hook: Hook) -> None:
        """Forget it and all that waits for it."""
        del self.hooks[hook.id]
        del self.by_session[hook.session.id]
        hook.stand(state="stopped")
        hook.deliveries.clear()
        self._store.webhooks.remove(hook.id)
        self.changed(hook)
        self.touched(hook)

    def rotate(self, hook: Hook, overlap: float) -> str:
        """Give it a new secret; return it. The one before it is good for so many seconds more."""
        now = self._clock.wall()
        secret = secret_from(bytes.fromhex(self._ids.secret()))
        old = [
            msgspec.structs.replace(each, until=min(each.until or now + overlap, now + overlap))
            for each in hook.valid_secrets(now)
        ]
        secrets = [Secret(text=secret), *(each for each in old if (each.until or 0) > now)]
        hook.record = msgspec.structs.replace(hook.record, secrets=secrets[:4])
        self._keep(hook)
        return secret

    def pause(self, hook: Hook) -> None:
        """Its owner wants nothing sent for a while."""
        self._stand(hook, state="paused", why=None)

    def resume(self, hook: Hook) -> None:
        """It goes on, as if nothing had failed. Raises `owner_gone`."""
        if not self.is_owned(hook):
            raise Conflict("owner_gone")
        hook.failures, hook.hold_until = 0, 0.0
        self._stand(hook, state="active", why=None, failing_since=None, last_error=None)
        self.wake()

    def stop(self, hook: Hook, why: str) -> None:
        """The hub gives it up until somebody resumes it; what waited for it becomes dead letters."""
        now = self._clock.wall()
        self._stand(hook, state="stopped", why=why)
        for record in list(hook.deliveries.waiting.values()):
            hook.deliveries.bury(record, now, why)
        self._journal("webhook.stopped", webhook=hook.id, host=host_of(hook.spec.url), why=why)

    def replay(self, hook: Hook, ids: list[str] | None) -> int:
        """Let dead ones be tried again; returns how many."""
        found = hook.deliveries.replay(ids, self._clock.wall())
        self.touched(hook)
        self.wake()
        return found

    def discard(self, hook: Hook, ids: list[str] | None) -> int:
        """Forget dead ones; returns how many."""
        found = hook.deliveries.discard(ids)
        self.touched(hook)
        return found

    def _stand(self, hook: Hook, **changes: Any) -> None:
        collected = hook.collects
        hook.stand(since=self._clock.wall(), **changes)
        self._keep(hook)
        if hook.collects != collected:
            self.changed(hook)

    def _keep(self, hook: Hook) -> None:
        self._store.webhooks.put(hook.record)
        self.touched(hook)

    # What happens

    def write(self, hook: Hook, type_: str, data: Any, tavern: dict[str, str] | None) -> None:
        """Write an event down for a webhook, to be sent as soon as it may be."""
        now = self._clock.wall()
        record = self._record(hook, type_, data, tavern, now)
        hook.deliveries.add(record, now)
        self.touched(hook)
        self.wake()

    def ping(self, hook: Hook, told: Callable[[DeliveryInfo], None]) -> None:
        """Send one event that means nothing, once; `told` hears what came of it."""
        now = self._clock.wall()
        record = self._record(hook, _PING, {"message": "This is a test."}, None, now)
        self._pings[record.id] = (hook, record, told)
        self._waiting_pings.append(record.id)
        self.wake()

    def _record(
        self, hook: Hook, type_: str, data: Any, tavern: dict[str, str] | None, now: float
    ) -> DeliveryRecord:
        self._number += 1
        id_ = self._ids.new("evt")
        head: dict[str, Any] = {
            "id": id_,
            "type": type_,
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
            "webhook": hook.id,
        }
        if tavern is not None:
            head["tavern"] = tavern
        body = encode_json({**head, "data": data})
        if len(body) > self._limits.webhook_bytes:
            omitted = {"bytes": len(body), "limit": self._limits.webhook_bytes}
            body = encode_json({**head, "data": None, "omitted": omitted})
        return DeliveryRecord(
            id=id_,
            webhook_id=hook.id,
            number=self._number,
            type=type_,
            state="waiting",
            created=now,
            since=now,
            next=now,
            tries=0,
            attempts=[],
            why=None,
            body=body,
        )

    # Sending

    def due(self) -> list[Parcel]:
        """Return what is to be sent now. Each is under way until `done` says what came of it."""
        now = self._clock.wall()
        parcels: list[Parcel] = []
        for id_ in self._waiting_pings:
            hook, ping, _ = self._pings[id_]
            parcels.append(self._parcel(hook, ping, now))
        self._waiting_pings.clear()
        room = _MOST_UNDER_WAY - sum(len(hook.deliveries.under_way) for hook in self.hooks.values())
        for hook in self.hooks.values():
            if room <= 0:
                break
            if hook.standing.state != "active" or hook.hold_until > now:
                continue
            # One at a time feels whether a receiver that failed is back.
            most = 1 if hook.failures or hook.spec.ordered else hook.spec.concurrency
            found = hook.deliveries.due(now, ordered=hook.spec.ordered, most=most)
            parcels += [self._parcel(hook, record, now) for record in found]
            room -= len(found)
        return parcels

    def _parcel(self, hook: Hook, record: DeliveryRecord, now: float) -> Parcel:
        secrets = [each.text for each in hook.valid_secrets(now)]
        return Parcel(
            webhook_id=hook.id,
            delivery_id=record.id,
            url=hook.spec.url,
            headers={
                **hook.spec.headers,
                "content-type": "application/json",
                "webhook-id": record.id,
                "webhook-timestamp": str(int(now)),
                "webhook-signature": sign(secrets, record.id, int(now), record.body),
            },
            body=record.body,
            reach=self._reach_of(hook.record.key_id),
            timeout=self._limits.webhook_timeout,
        )

    def done(self, parcel: Parcel, answer: Answer) -> None:
        """Take what came of a parcel."""
        now = self._clock.wall()
        attempt = DeliveryAttempt(
            time=now - answer.seconds,
            seconds=round(answer.seconds, 3),
            status=answer.status,
            error=None if answer.accepted else answer.why_not(),
        )
        ping = self._pings.pop(parcel.delivery_id, None)
        if ping is not None:
            self._pinged(*ping, attempt)
            return
        hook = self.hooks.get(parcel.webhook_id)
        record = hook.deliveries.waiting.get(parcel.delivery_id) if hook is not None else None
        if hook is None or record is None:
            return  # removed, or given up meanwhile
        tried = msgspec.structs.replace(
            record, tries=record.tries + 1, attempts=[*record.attempts, attempt][-_ATTEMPTS:]
        )
        if answer.accepted:
            self._succeeded(hook, tried, now)
        else:
            self._failed(hook, tried, answer, now)
        self.wake()

    def _pinged(
        self,
        hook: Hook,
        record: DeliveryRecord,
        told: Callable[[DeliveryInfo], None],
        attempt: DeliveryAttempt,
    ) -> None:
        state = "dead" if attempt.error else "delivered"
        told(
            delivery_info(
                msgspec.structs.replace(
                    record,
                    state=state,
                    tries=1,
                    attempts=[attempt],
                    why=attempt.error,
                )
            )
        )
        if state == "delivered":
            hook.hold_until = 0.0  # its receiver is there
            self.wake()

    def _succeeded(self, hook: Hook, record: DeliveryRecord, now: float) -> None:
        hook.deliveries.succeed(record, now)
        was_failing = hook.standing.failing_since is not None
        hook.failures, hook.hold_until = 0, 0.0
        # Written at once only where it says something new: a success a minute ago is in the log anyway.
        hook_is_old = now - (hook.standing.last_success or 0.0) > _LOOK
        hook.stand(last_success=now, failing_since=None, last_error=None)
        self.touched(hook)
        if was_failing or hook_is_old:
            self._keep(hook)

    def _failed(self, hook: Hook, record: DeliveryRecord, answer: Answer, now: float) -> None:
        why = answer.why_not()
        hook.failures += 1
        hook.stand(last_failure=now, last_error=why, failing_since=hook.standing.failing_since or now)
        wait = wait_before(record.tries, self._ids)
        told = min(answer.retry_after or 0.0, self._limits.webhook_retry_seconds)
        if answer.status in _BUSY and told:
            hook.hold_until = now + told
        else:
            hook.hold_until = now + pause_of_hook(hook.failures)
        moment = now + max(wait, told)
        if answer.status == _GONE:
            hook.deliveries.bury(record, now, why)
            self.stop(hook, "The receiver says that it is gone for good (410).")
            return
        if moment - record.since > self._limits.webhook_retry_seconds:
            hook.deliveries.bury(record, now, why)
            self._journal(
                "webhook.dead_letter", webhook=hook.id, delivery=record.id, type=record.type, why=why
            )
        else:
            hook.deliveries.again(msgspec.structs.replace(record, next=moment))
        self._keep(hook)
        if now - (hook.standing.failing_since or now) > self._limits.webhook_stop_seconds:
            self.stop(hook, f"Every attempt failed for too long. The last time: {why}")

    def tick(self) -> None:
        """Let time pass."""
        now = self._clock.wall()
        if now >= self._next_look:
            self._next_look = now + _LOOK
            for hook in self.hooks.values():
                hook.deliveries.drop_old(now)
        self.wake()
