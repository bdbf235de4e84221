"""The catalogue: one row for each message type. The single source of the schema, the TypeScript types, the reference.

A new message is a Struct in the file of its noun and a row here; everything generated follows by `make generate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tavernlink.protocol import (
    bindings,
    chat,
    commands,
    pool,
    profiles,
    requests,
    session,
    streams,
    subscriptions,
    taverns,
)
from tavernlink.protocol.message import Message

__all__ = ["CATALOGUE", "UNCOUNTED", "Direction", "MessageType"]

Direction = Literal[
    "app → hub", "peer → hub", "hub → app", "tavern → hub", "hub → tavern", "tavern → hub → app", "hub → peer"
]


class MessageType(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a type name, who sends it to whom, its content, and what its ack carries."""

    name: str
    direction: Direction
    content: type[Message]
    result: Any = None
    """Type of `result` in the outcome; None: an outcome without a result. Only asked for `app → hub` and
    `peer → hub`."""

    @property
    def senders(self) -> frozenset[str]:
        """Roles of the peers that may send it to the hub: `app`, `tavern`."""
        if self.direction == "app → hub":
            return frozenset({"app"})
        if self.direction in ("tavern → hub", "tavern → hub → app"):
            return frozenset({"tavern"})
        either = self.direction == "peer → hub" or self.name == "confirm"
        return frozenset({"app", "tavern"}) if either else frozenset()


def _row(name: str, direction: Direction, content: type[Message], result: Any = None) -> MessageType:
    return MessageType(name=name, direction=direction, content=content, result=result)


_ROWS = (
    # The connection itself.
    _row("hello", "app → hub", session.Auth),
    _row("welcome", "hub → peer", session.Welcome),
    _row("resync", "hub → peer", session.Resync),
    _row("confirm", "hub → peer", session.Confirm),
    _row("closing", "hub → peer", session.Closing),
    # Taverns.
    _row("tavern.list", "app → hub", taverns.TavernList, list[taverns.TavernInfo]),
    _row("tavern.state", "tavern → hub", taverns.TavernState),
    _row("tavern.changed", "hub → app", taverns.TavernChanged),
    _row("characters.changed", "tavern → hub", taverns.CharactersChanged),
    _row("character.list", "app → hub", taverns.CharacterList, list[taverns.Character]),
    _row("context.get", "app → hub", taverns.ContextGet, commands.Context),
    _row("event", "tavern → hub → app", taverns.Event),
    _row("events.wanted", "hub → tavern", taverns.EventsWanted),
    # What an app hears.
    _row("subscribe", "app → hub", subscriptions.Subscribe),
    _row("unsubscribe", "app → hub", subscriptions.Unsubscribe),
    # The open chat.
    _row("chat.get", "app → hub", chat.ChatGet, chat.ChatView),
    _row("chat.update", "tavern → hub", chat.ChatUpdate),
    _row("chat.changed", "hub → app", chat.ChatChanged),
    _row("chat.send", "app → hub", chat.ChatSend, requests.Accepted),
    _row("chat.edit", "app → hub", chat.ChatEdit, requests.Accepted),
    _row("chat.delete", "app → hub", chat.ChatDelete, requests.Accepted),
    # Requests.
    _row("generate", "app → hub", requests.Generate, requests.Accepted),
    _row("generation.stop", "app → hub", requests.GenerationStop, dict[str, bool]),
    _row("request.get", "app → hub", requests.RequestGet, requests.RequestUpdate),
    _row("request.cancel", "app → hub", requests.RequestCancel, requests.RequestUpdate),
    _row("request.list", "app → hub", requests.RequestList, list[requests.RequestInfo]),
    _row("request.update", "hub → app", requests.RequestUpdate),
    # Sessions with a chat of their own, and the pool of taverns.
    _row("session.list", "app → hub", bindings.SessionList, list[bindings.SessionInfo]),
    _row("session.forget", "app → hub", bindings.SessionForget, dict[str, bool]),
    _row("pool.get", "app → hub", pool.PoolGet, pool.PoolInfo),
    _row("pool.pin", "app → hub", pool.PoolPin, pool.PoolInfo),
    # Profiles: settings that taverns share.
    _row("profile.list", "peer → hub", profiles.ProfileList, list[profiles.ProfileInfo]),
    _row("profile.history", "peer → hub", profiles.ProfileHistory, list[profiles.ProfileInfo]),
    _row("profile.get", "peer → hub", profiles.ProfileGet, profiles.Profile),
    _row("profile.diff", "peer → hub", profiles.ProfileDiff, list[profiles.ItemChange]),
    _row("profile.save", "peer → hub", profiles.ProfileSave, profiles.ProfileInfo),
    _row("profile.delete", "peer → hub", profiles.ProfileDelete),
    _row("profile.changed", "hub → peer", profiles.ProfileChanged),
    _row("profile.publish", "app → hub", profiles.ProfilePublish, requests.Accepted),
    _row("profile.apply", "app → hub", profiles.ProfileApply, requests.Accepted),
    _row("profile.undo", "app → hub", profiles.ProfileUndo, requests.Accepted),
    # Streams.
    _row("stream.start", "tavern → hub → app", streams.StreamStart),
    _row("stream.delta", "tavern → hub → app", streams.StreamDelta),
    _row("stream.end", "tavern → hub → app", streams.StreamEnd),
    # Work for a tavern.
    _row("command", "hub → tavern", commands.Command),
    _row("command.cancel", "hub → tavern", commands.CommandCancel),
    _row("command.done", "tavern → hub", commands.CommandDone),
)

CATALOGUE: Mapping[str, MessageType] = {row.name: row for row in _ROWS}

UNCOUNTED = frozenset({"hello", "welcome", "resync", "confirm", "closing"})
"""Types that neither side counts: they are about the counting, or come before it."""
