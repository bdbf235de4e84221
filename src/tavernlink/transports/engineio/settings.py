"""The numbers of an Engine.IO server."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Times in seconds, sizes in bytes."""

    ping_interval: float = 25.0
    """From a pong to the next ping."""
    ping_timeout: float = 20.0
    """From a ping to the latest moment of its pong."""
    max_payload: int = 16_000_000
    """One message, and one polling request body; told to the client in the handshake."""
    upgrade_timeout: float = 10.0
    """From a WebSocket's knock to the completed upgrade."""
    polling_high_water: int = 65_536
    """Queued bytes at which a polling session counts as paused."""
    max_polling_buffer: int = 16_000_000
    """Queued bytes at which a polling session is closed as a slow consumer."""
    max_strangers_per_address: int = 100
    """Open sessions of one address that no application has accepted yet."""
