"""Messages about sessions of a key that have a SillyTavern chat of their own (`chat.send` with `session`)."""

from __future__ import annotations

from tavernlink.protocol.message import Count, Id, Message, Name

__all__ = ["SessionForget", "SessionInfo", "SessionList"]


class SessionList(Message):
    """app → hub, ack: [SessionInfo] of this key, or of every key for an admin."""


class SessionInfo(Message, omit_defaults=False):
    """A session and where its chat is."""

    session: Name
    key: Name
    """Id of the key that it belongs to."""
    tavern: Id | None = None
    """The tab that its next turn goes to; null: none that has its chat is connected."""
    character: Name | None = None
    """Avatar file name."""
    chat_id: Name | None = None
    used: float | None = None
    """End of its last turn, in seconds since 1970, to the minute."""
    open: Count = 0
    """Turns that wait or run."""


class SessionForget(Message):
    """app → hub, ack: `{forgotten: bool}`. The next turn begins a new chat; the old one stays in SillyTavern."""

    session: Name
    key: Name | None = None
    """For an admin: id of the key that it belongs to; default one's own."""
