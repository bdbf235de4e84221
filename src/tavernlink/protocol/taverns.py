"""Messages about taverns: who is there, what is open, which characters they have."""

from __future__ import annotations

from typing import Any, Literal

from tavernlink.protocol.message import Count, Id, Message, Name
from tavernlink.protocol.session import Versions

__all__ = [
    "Character",
    "CharacterList",
    "CharactersChanged",
    "ContextGet",
    "Event",
    "EventsWanted",
    "TavernChanged",
    "TavernInfo",
    "TavernList",
    "TavernState",
]


class TavernInfo(Message, omit_defaults=False):
    """One tavern as apps see it. Every field is always there."""

    tavern_id: Id
    name: Name
    online: bool
    user: Name | None = None
    """Name of the persona that the person plays."""
    character: Name | None = None
    """Name of the open character or group; null on the welcome screen."""
    character_id: Id | None = None
    """Avatar file name of the open character, or id of the open group."""
    chat_id: Id | None = None
    generating: bool = False
    """A visible generation is running."""
    queued: Count = 0
    """Requests that wait in this tavern's queue."""
    running: Count = 0
    """Requests that this tavern works on."""
    backend: Name | None = None
    """What SillyTavern is connected to, e.g. "openai/gpt-4o"; null: not connected to a model."""
    server: Id | None = None
    """The same for every tab of one SillyTavern account: they share characters and chats. Null: not known."""
    versions: Versions | None = None


class TavernList(Message):
    """app → hub, ack: `[TavernInfo]`, those online and those whose session still lives."""


class TavernState(Message):
    """tavern → hub: what is open now; sent after connect and after each change. Replaces the last one whole."""

    user: Name | None = None
    character: Name | None = None
    character_id: Id | None = None
    chat_id: Id | None = None
    generating: bool = False
    backend: Name | None = None
    server: Id | None = None


class TavernChanged(Message):
    """hub → app: a tavern came, went (`online` false) or opened something else."""

    tavern: TavernInfo


class Character(Message):
    """A character or group that a tavern can speak as."""

    id: Id
    """Avatar file name of a character, id of a group. Names repeat, ids do not."""
    name: Name
    kind: Literal["character", "group"] = "character"
    tavern: Id | None = None
    """Filled in by the hub."""


class CharactersChanged(Message):
    """tavern → hub: every character and group that it has, after connect and after each change."""

    characters: list[Character]


class CharacterList(Message):
    """app → hub, ack: `[Character]` of one tavern, or of all."""

    tavern: Id | None = None


class ContextGet(Message):
    """app → hub, ack: the tavern's context, see `commands.Context`; does not wait in the queue."""

    tavern: Id | None = None
    last: Count = 10
    """How many of the last messages to include."""


class Event(Message):
    """tavern → hub → app: one SillyTavern event by its own name, to those who subscribed to `event.NAME`."""

    name: Name
    """SillyTavern's own value, e.g. "message_sent"."""
    args: list[Any]
    """The event's arguments, made JSON-safe and cut to size."""
    tavern: Id | None = None
    """Filled in by the hub."""


class EventsWanted(Message):
    """hub → tavern: globs of the SillyTavern events that somebody subscribed to; others are not sent."""

    names: list[str]
