"""A hub on a table: a clock that is turned by hand, keys in memory, lines that remember what was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from tavernlink.core.access.keys import Key, Role
from tavernlink.core.hub import Hub
from tavernlink.core.inbox.letter import InboxOwner, Letter
from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.peer import Peer
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
from tavernlink.errors import Unavailable
from tavernlink.protocol.access import AuditEntry
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Failure, Success
from tavernlink.protocol.session import Auth, Resume

Record = TypeVar("Record", bound=msgspec.Struct)


class HandClock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_800_000_000.0 + self.time


class CountedIds:
    """Identifiers that can be foretold."""

    def __init__(self) -> None:
        self.count = 0

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}-{self.count}"

    def secret(self) -> str:
        self.count += 1
        return f"{self.count:064x}"


class MemoryShelf(Generic[Record]):
    """A shelf in memory; `key` names the fields that tell records apart."""

    def __init__(self, *key: str) -> None:
        self.key = key
        self.kept: dict[tuple[Any, ...], Record] = {}
        self.puts = 0

    def load(self) -> list[Record]:
        return list(self.kept.values())

    def put(self, record: Record) -> None:
        self.puts += 1
        self.kept[tuple(getattr(record, name) for name in self.key)] = record

    def remove(self, *key: Any) -> None:
        self.puts += 1
        self.kept.pop(key, None)

    def set(self, *key: Any, **fields: Any) -> None:
        if key in self.kept:
            self.kept[key] = msgspec.structs.replace(self.kept[key], **fields)


class MemoryStore:
    """The store seam in memory."""

    def __init__(self) -> None:
        self.keys: MemoryShelf[Key] = MemoryShelf("id")
        self.audit: MemoryShelf[AuditEntry] = MemoryShelf("id")
        self.bindings: MemoryShelf[Binding] = MemoryShelf("key_id", "session")
        self.routes: MemoryShelf[RouteRecord] = MemoryShelf("id")
        self.pins: MemoryShelf[Pin] = MemoryShelf("character")
        self.profile_versions: MemoryShelf[ProfileVersion] = MemoryShelf("profile", "version")
        self.profile_contents: MemoryShelf[ProfileContent] = MemoryShelf("hash")
        self.rooms: MemoryShelf[RoomRecord] = MemoryShelf("id")
        self.room_members: MemoryShelf[MemberRecord] = MemoryShelf("room_id", "member_id")
        self.room_sanctions: MemoryShelf[SanctionRecord] = MemoryShelf("room_id", "member_id", "kind")
        self.room_invitations: MemoryShelf[InvitationRecord] = MemoryShelf("code")
        self.room_held: MemoryShelf[HeldMessage] = MemoryShelf("room_id", "message_id")
        self.inbox_owners: MemoryShelf[InboxOwner] = MemoryShelf("key_id", "app_id")
        self.inbox: MemoryShelf[Letter] = MemoryShelf("key_id", "app_id", "id")
        self.requests: MemoryShelf[KeptRequest] = MemoryShelf("wire_id")
        self.webhooks: MemoryShelf[WebhookRecord] = MemoryShelf("id")
        self.webhook_deliveries: MemoryShelf[DeliveryRecord] = MemoryShelf("id")
        self.schedules: MemoryShelf[ScheduleRecord] = MemoryShelf("id")
        self.changes = 0
        self.on_disk: dict[str, dict[tuple[Any, ...], Any]] = {}
        self.held: list[Callable[[], None]] | None = None
        self.trouble: Unavailable | None = None

    @property
    def puts(self) -> int:
        return sum(shelf.puts for _, shelf in self._shelves())

    def version(self) -> int:
        return self.changes

    def after_commit(
        self, call: Callable[[], None], failed: Callable[[Unavailable], None] | None = None
    ) -> None:
        """At once, unless `hold` makes the disk slow or `trouble` makes it refuse."""
        if self.trouble is not None:
            if failed is not None:
                failed(self.trouble)
        elif self.held is not None:
            self.held.append(call)
        else:
            call()

    def hold(self) -> None:
        """Commit nothing until `commit`."""
        self.held = []
        self.on_disk = {name: dict(shelf.kept) for name, shelf in self._shelves()}

    def commit(self) -> None:
        """Let everything that was put be on disk."""
        held, self.held = self.held or [], None
        for call in held:
            call()

    def lose(self) -> None:
        """The process is killed: what was not committed never was."""
        if self.held is not None:
            for name, shelf in self._shelves():
                shelf.kept = self.on_disk[name]
        self.held = None

    def _shelves(self) -> list[tuple[str, MemoryShelf[Any]]]:
        return [(name, each) for name, each in vars(self).items() if isinstance(each, MemoryShelf)]


class Line:
    """A link that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.closed: tuple[str, str] | None = None

    def send(self, event: Event) -> None:
        self.events.append(event)

    def close(self, code: str, message: str) -> None:
        self.closed = (code, message)

    def of(self, type_: str) -> list[Any]:
        """Contents of this type, as JSON."""
        return [json.loads(event.json) for event in self.events if event.type == type_]

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


class Actor:
    """One peer with its line and the outcomes it got."""

    def __init__(self, stage: Stage, peer: Peer, line: Line) -> None:
        self.stage = stage
        self.peer = peer
        self.line = line

    def say(self, type_: str, **content: Any) -> Any:
        """Send a message; return the result. Raises the error of a failure."""
        outcomes: list[Success | Failure] = []
        self.stage.hub.receive(self.peer, type_, json.dumps(content).encode(), outcomes.append)
        if not outcomes:
            return None
        (outcome,) = outcomes
        if isinstance(outcome, Failure):
            raise outcome.error.to_error()
        return msgspec.to_builtins(outcome.result)

    def later(self, type_: str, **content: Any) -> list[Success | Failure]:
        """Send a message whose outcome comes later, into the list that is returned."""
        outcomes: list[Success | Failure] = []
        self.stage.hub.receive(self.peer, type_, json.dumps(content).encode(), outcomes.append)
        return outcomes

    def drop(self) -> None:
        self.stage.hub.disconnected(self.peer, self.line)

    def back(self, count: int) -> Actor:
        """Come back over a new line with `count` events received."""
        role = "tavern" if hasattr(self.peer, "mirror") else "app"
        resume = Resume(session=self.peer.session.id, count=count)
        return self.stage.join(role, key=self.peer.key, id=self.peer.id, resume=resume)

    @property
    def commands(self) -> list[Any]:
        return self.line.of("command")

    def updates(self, request_id: str) -> list[str]:
        return [each["state"] for each in self.line.of("request.update") if each["request_id"] == request_id]


class Stage:
    """A hub and a way to put peers before it."""

    def __init__(self, **limits: Any) -> None:
        self.clock = HandClock()
        self.store = MemoryStore()
        self.happenings: list[tuple[str, dict[str, Any]]] = []
        self.ids = CountedIds()
        self.limits = limits
        self.hub = self._start()
        self.texts: dict[str, str] = {}

    def _start(self) -> Hub:
        return Hub(
            clock=self.clock,
            ids=self.ids,
            store=self.store,
            journal=self.record,
            version="0",
            limits=HubLimits(**self.limits),
        )

    def kill(self, *, away: float = 1.0) -> None:
        """Kill the hub with everything in its memory, and start it again on the same disk."""
        self.store.lose()
        self.clock.time += away
        self.hub = self._start()
        self.hub.keyring.refresh()

    def record(self, happening: str, /, **facts: Any) -> None:
        """The journal seam."""
        self.happenings.append((happening, facts))

    def key(self, role: Role, name: str = "k") -> Key:
        key, self.texts[name] = self.hub.keyring.create(role, name)
        return key

    def join(self, role: str, *, key: Key | None = None, **auth: Any) -> Actor:
        line = Line()
        key = key or self.key("tavern" if role == "tavern" else "app")
        peer = self.hub.connect(Auth(role=role, **auth), key, line, "127.0.0.1")  # type: ignore[arg-type]
        return Actor(self, peer, line)

    def wait(self, seconds: float) -> None:
        self.clock.time += seconds
        self.hub.tick()
