"""One webhook: what it wants to hear, how it fares, and what waits for it."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from tavernlink.core.peers.session import Bounds, Session
from tavernlink.core.routing.expression import Expression, ExpressionError, Facts, compile_expression
from tavernlink.core.webhooks.deliveries import Deliveries
from tavernlink.core.webhooks.records import Secret, Standing, WebhookRecord
from tavernlink.core.webhooks.targets import hidden
from tavernlink.errors import BadMessage
from tavernlink.protocol.event import Event
from tavernlink.protocol.webhooks import WebhookCreate, WebhookInfo

__all__ = ["PUBLISHED", "Hook", "check_types"]

PUBLISHED: Final = ("stream.start", "stream.end", "chat.changed", "tavern.changed")
"""What taverns publish; and `event.NAME`."""
_OTHERS: Final = ("request.update",)
_ROOMS: Final = ("room.message", "room.changed", "room.typing", "room.turn", "room.closed")
_EVENT: Final = "event."
_END: Final = "stream.end"


def covers(glob: str, type_: str) -> bool:
    """True if a glob stands for this topic. SillyTavern's own events need a glob that says `event.`."""
    if type_.startswith(_EVENT) and not glob.startswith(_EVENT):
        return False
    return fnmatchcase(type_, glob)


def check_types(globs: list[str]) -> None:
    """Raise `invalid_message` for a glob that nothing can come of."""
    for glob in globs:
        if glob == "stream.delta":
            raise _bad("single tokens are not sent; `stream.end` brings the whole reply")
        if not glob.startswith(_EVENT) and not any(
            covers(glob, each) for each in (*PUBLISHED, *_OTHERS, *_ROOMS)
        ):
            known = ", ".join((*PUBLISHED, *_OTHERS, "room.message", "event.NAME"))
            raise _bad(f"nothing is called {glob!r}; there are {known} and more of room.*")


def _bad(why: str) -> BadMessage:
    return BadMessage(
        "invalid_message", f"A webhook cannot want that: {why} (at $.types).", {"path": "$.types"}
    )


class Hook:
    """A webhook at run time. Also the line of the session under which it hears its taverns."""

    def __init__(
        self,
        record: WebhookRecord,
        deliveries: Deliveries,
        *,
        session_id: str,
        hear: Callable[[Hook, Event], None],
    ) -> None:
        """Raises `invalid_expression` for a condition that cannot be read."""
        self.record = record
        self.deliveries = deliveries
        self.expression: Expression | None = None
        self.compile()
        self._hear = hear
        self.problem: str | None = None
        self.failures = 0
        """In a row, whichever deliveries they were."""
        self.hold_until = 0.0
        """Nothing is sent before; seconds since 1970."""
        self.session = Session(session_id, Bounds(kept=0, kept_bytes=0))
        self.session.link = self

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.id

    @property
    def spec(self) -> WebhookCreate:
        """What it was asked to be."""
        return self.record.spec

    @property
    def standing(self) -> Standing:
        """How it fares."""
        return self.record.standing

    @property
    def collects(self) -> bool:
        """True if what happens is written down for it."""
        return self.standing.state != "stopped"

    def compile(self) -> None:
        """Read its condition. Raises `invalid_expression`."""
        text = self.spec.when.strip()
        self.expression = compile_expression(text) if text else None

    def wants(self, type_: str) -> bool:
        """True if it wants this topic, wherever it comes from."""
        return any(covers(glob, type_) for glob in self.spec.types)

    def topics(self) -> list[str]:
        """What it subscribes to of its taverns; the ends of streams come from the relay, which knows whose they are."""
        if not self.collects:
            return []
        found = [glob for glob in self.spec.types if glob.startswith(_EVENT)]
        return found + [topic for topic in PUBLISHED if topic != _END and self.wants(topic)]

    def agrees(self, facts: Facts) -> bool:
        """True if its condition holds; one that fails is noted."""
        if self.expression is None:
            return True
        try:
            return self.expression.matches(facts)
        except ExpressionError as error:
            self.problem = str(error)
            return False

    def valid_secrets(self, now: float) -> list[Secret]:
        """Those that deliveries are signed with now, newest first."""
        return [each for each in self.record.secrets if each.until is None or each.until > now]

    def stand(self, **changes: Any) -> None:
        """Fare otherwise from now on."""
        standing = msgspec.structs.replace(self.standing, **changes)
        self.record = msgspec.structs.replace(self.record, standing=standing)

    def info(self, now: float) -> WebhookInfo:
        """Return what may be shown of it."""
        spec, standing = self.spec, self.standing
        failing = standing.state == "active" and standing.failing_since is not None
        old = [each.until for each in self.valid_secrets(now) if each.until is not None]
        return WebhookInfo(
            id=self.id,
            name=spec.name,
            key=self.record.key_id,
            url=hidden(spec.url),
            types=spec.types,
            tavern=spec.tavern,
            room=spec.room,
            characters=spec.characters,
            when=spec.when,
            headers=sorted(spec.headers),
            ordered=spec.ordered,
            concurrency=spec.concurrency,
            created=self.record.made,
            state="failing" if failing else standing.state,
            why=standing.last_error if failing else standing.why,
            since=standing.failing_since if failing else standing.since,
            waiting=len(self.deliveries.waiting),
            dead=len(self.deliveries.dead),
            forgotten=self.deliveries.forgotten,
            last_success=standing.last_success,
            last_failure=standing.last_failure,
            old_secret_until=max(old, default=None),
            problem=self.problem,
        )

    # Link

    def send(self, event: Event) -> None:
        """Take what a tavern published."""
        self._hear(self, event)

    def close(self, code: str, message: str) -> None:
        """Nobody closes it; its session ends with the webhook."""
