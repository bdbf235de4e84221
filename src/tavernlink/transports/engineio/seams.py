"""The seams of an Engine.IO session: the clock, what carries it, what stands above it, who keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tavernlink.transports.frame import Frame

if TYPE_CHECKING:
    from tavernlink.transports.engineio.session import Session

__all__ = ["Application", "Cancellable", "Channel", "Clock", "Owner", "Poll"]


class Cancellable(Protocol):
    """A set timer."""

    def cancel(self) -> None:
        """Never call back."""


class Clock(Protocol):
    """Time and timers; an asyncio event loop satisfies it as it is."""

    def time(self) -> float:
        """Monotonic seconds."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> Cancellable:
        """Call back at `when`."""

    def call_soon(self, callback: Callable[[], object], /) -> Cancellable:
        """Call back at the end of this turn."""


class Channel(Protocol):
    """A WebSocket that carries the session."""

    paused: bool

    def write(self, frame: Frame) -> None:
        """Send."""

    def write_buffer_size(self) -> int:
        """Bytes not sent yet."""

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End it."""


class Poll(Protocol):
    """A GET request that waits for packets."""

    def answer(self, payload: bytes) -> None:
        """Answer 200."""


class Application(Protocol):
    """What stands above a session."""

    def receive_message(self, data: bytes) -> None:
        """A text message; raises `InvalidPacket` to have the session closed."""

    def receive_binary(self, data: bytes) -> None:
        """A binary message."""

    def blocked(self) -> None:
        """The client takes less than it is sent: hold what can wait."""

    def writable(self) -> None:
        """The client takes messages again."""

    def session_closed(self, reason: str) -> None:
        """Called once, last."""


class Owner(Protocol):
    """Who keeps the sessions."""

    def session_accepted(self, session: Session) -> None:
        """The application knows who this is."""

    def session_ended(self, session: Session) -> None:
        """It is closed."""
