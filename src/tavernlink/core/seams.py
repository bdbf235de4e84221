"""What the core is handed: time, identifiers, disk, and a line to each peer.

Each seam has an in-memory implementation in the tests and a real one in `runtime` or `store`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from tavernlink.errors import Unavailable
from tavernlink.protocol.access import AuditEntry
from tavernlink.protocol.event import Event
from tavernlink.protocol.logs import LogLevel, LogLine
from tavernlink.protocol.outcome import Failure, Success

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.core.inbox.letter import InboxOwner, Letter
    from tavernlink.core.profiles.book import ProfileContent, ProfileVersion
    from tavernlink.core.rooms.records import (
        HeldMessage,
        InvitationRecord,
        MemberRecord,
        RoomRecord,
        SanctionRecord,
    )
    from tavernlink.core.routing.rulebook import RouteRecord
    from tavernlink.core.schedules.records import ScheduleRecord
    from tavernlink.core.webhooks.records import DeliveryRecord, WebhookRecord
    from tavernlink.core.work.bindings import Binding
    from tavernlink.core.work.ledger import KeptRequest
    from tavernlink.core.work.pool import Pin

__all__ = ["Ack", "Clock", "Ids", "Journal", "Link", "LogSource", "Shelf", "Store"]

Record = TypeVar("Record", bound=msgspec.Struct)

Ack = Callable[[Success | Failure], None]
"""Takes the outcome back to the asker; called at most once."""


class Clock(Protocol):
    """Time, in seconds."""

    def now(self) -> float:
        """Monotonic seconds; for durations and deadlines."""

    def wall(self) -> float:
        """Seconds since 1970; for people and other machines."""


class Ids(Protocol):
    """Fresh identifiers."""

    def new(self, prefix: str) -> str:
        """Return an identifier that was never used and cannot be guessed."""

    def secret(self) -> str:
        """Return 256 random bits, URL-safe."""


class Link(Protocol):
    """The line to one connected peer; implemented by every door."""

    def send(self, event: Event) -> None:
        """Write one event. Never blocks and never raises; a dead line swallows it."""

    def close(self, code: str, message: str) -> None:
        """End the connection for a stated reason."""


class Journal(Protocol):
    """Where the core says what happened, for logs."""

    def __call__(self, happening: str, /, **facts: Any) -> None:
        """Record one happening; facts never hold a secret."""


class LogSource(Protocol):
    """The newest lines of the log, without secrets."""

    @property
    def last(self) -> int:
        """Id of the newest line; 0: there is none."""

    @property
    def forgotten(self) -> int:
        """Lines that are no longer kept."""

    def threshold(self) -> LogLevel:
        """Return the level from which on lines are written at all."""

    def kept(self) -> list[LogLine]:
        """Return every line that is kept, oldest first."""

    def after(self, id_: int) -> tuple[list[LogLine], int]:
        """Return the newer lines that listeners are told of, and how many went before anybody asked."""

    def quiet(self) -> AbstractContextManager[None]:
        """What is said inside is kept and told to nobody."""


class Shelf(Protocol[Record]):
    """Records of one kind on disk. Whoever uses it reads them all at the start and keeps them in memory."""

    def load(self) -> list[Record]:
        """Every record."""

    def put(self, record: Record) -> None:
        """Insert, or replace the one with the same key."""

    def remove(self, *key: Any) -> None:
        """Delete the record with this key, where there is one."""

    def set(self, *key: Any, **fields: Any) -> None:
        """Change some fields of the record with this key; for what nobody waits for, e.g. when it was last used."""


class Store(Protocol):
    """What outlives the process."""

    @property
    def keys(self) -> Shelf[Key]:
        """Keys, revoked ones too."""

    @property
    def audit(self) -> Shelf[AuditEntry]:
        """Who did what."""

    @property
    def bindings(self) -> Shelf[Binding]:
        """The chats of sessions."""

    @property
    def routes(self) -> Shelf[RouteRecord]:
        """Routing rules made by API."""

    @property
    def pins(self) -> Shelf[Pin]:
        """Characters whose requests go to one tavern."""

    @property
    def profile_versions(self) -> Shelf[ProfileVersion]:
        """Versions of profiles, without contents."""

    @property
    def profile_contents(self) -> Shelf[ProfileContent]:
        """What their items hold."""

    @property
    def rooms(self) -> Shelf[RoomRecord]:
        """Rooms."""

    @property
    def room_members(self) -> Shelf[MemberRecord]:
        """Who is in which room."""

    @property
    def room_sanctions(self) -> Shelf[SanctionRecord]:
        """Mutes and bans."""

    @property
    def room_invitations(self) -> Shelf[InvitationRecord]:
        """Codes by which one may join."""

    @property
    def room_held(self) -> Shelf[HeldMessage]:
        """Messages that wait for a room's turn."""

    @property
    def inbox_owners(self) -> Shelf[InboxOwner]:
        """Apps that have an inbox."""

    @property
    def inbox(self) -> Shelf[Letter]:
        """Messages that wait for apps."""

    @property
    def requests(self) -> Shelf[KeptRequest]:
        """Requests, and for a while those that are over."""

    @property
    def webhooks(self) -> Shelf[WebhookRecord]:
        """Webhooks, with the secrets that they sign with."""

    @property
    def webhook_deliveries(self) -> Shelf[DeliveryRecord]:
        """What waits for them, what was delivered lately, dead letters."""

    @property
    def schedules(self) -> Shelf[ScheduleRecord]:
        """Schedules and their last runs."""

    @property
    def trouble(self) -> Unavailable | None:
        """Why nothing can be kept just now; None while all is well."""

    @property
    def puts(self) -> int:
        """How often something was put or removed so far: who compares it knows whether there is a commit to await."""

    def version(self) -> int:
        """A number that changes whenever a key was put or removed, by whichever process."""

    def after_commit(
        self, call: Callable[[], None], failed: Callable[[Unavailable], None] | None = None
    ) -> None:
        """Call back once, when everything that was put before is on disk; at once where it is already.

        `failed` is called instead where the disk refuses it; what was put is then tried again until it can be kept.
        """
