"""What the core is handed: time, identifiers, disk, and a line to each peer.

Each seam has an in-memory implementation in the tests and a real one in `runtime` or `store`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from tavernlink.core.access.keys import Key
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Failure, Success

__all__ = ["Ack", "Binding", "Clock", "Ids", "Journal", "Link", "Store"]

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


class Binding(NamedTuple):
    """A session's own SillyTavern chat."""

    tavern_id: str
    character: str | None
    chat_id: str | None


class Store(Protocol):
    """What outlives the process."""

    def load_keys(self) -> list[Key]:
        """Every key, revoked ones too."""

    def version(self) -> int:
        """A number that changes when another process changed the keys."""

    def put_key(self, key: Key) -> None:
        """Insert or replace."""

    def binding(self, key_id: str, session: str) -> Binding | None:
        """Return the chat of a session, or None."""

    def put_binding(self, key_id: str, session: str, bound: Binding) -> None:
        """Insert or replace."""
