"""The numbers of a Socket.IO server above those of Engine.IO."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Times in seconds."""

    connect_timeout: float = 10.0
    """From the session's opening to its first accepted namespace."""
    max_attachments: int = 64
    """Of one packet."""
