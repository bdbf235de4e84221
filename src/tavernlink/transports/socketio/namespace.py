"""The seam between the Socket.IO server and what it is used for: one handler for each namespace."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Protocol

from tavernlink.transports.socketio.packet import Arguments

if TYPE_CHECKING:
    from tavernlink.transports.socketio.socket import Ack, Socket

__all__ = ["Namespace", "Refusal"]


class Refusal(Exception):
    """Raised by `on_connect`: the client gets CONNECT_ERROR with this message and data."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class Namespace(Protocol):
    """Handles the sockets of one namespace. Calls for one socket come in order, and never overlap."""

    def on_connect(self, socket: Socket, auth: bytes) -> Awaitable[None] | None:
        """A client asks to join; `auth` is a JSON object. Return (or await) to accept, raise `Refusal` to refuse.

        What is emitted here reaches the client after its CONNECT.
        """

    def on_event(self, socket: Socket, name: str, arguments: Arguments, ack: Ack | None) -> None:
        """An event came; `ack` where the client wants an answer."""

    def on_blocked(self, socket: Socket) -> None:
        """The client takes less than it is sent: hold what can wait."""

    def on_writable(self, socket: Socket) -> None:
        """The client takes messages again."""

    def on_disconnect(self, socket: Socket, reason: str) -> None:
        """Called once for a socket that was accepted, last."""
