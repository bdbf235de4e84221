"""The catalogue: one row for each message type. The single source of the schema, the TypeScript types, the reference.

A new message is a Struct in the file of its noun and a row here; everything generated follows by `make generate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tavernlink.protocol import (
    access,
    bindings,
    chat,
    commands,
    functions,
    inbox,
    logs,
    pool,
    profiles,
    queue,
    requests,
    room_moderation,
    rooms,
    routing,
    schedules,
    session,
    stats,
    streams,
    subscriptions,
    taverns,
    webhooks,
)
from tavernlink.protocol.commands import asking
from tavernlink.protocol.message import Message

__all__ = ["CATALOGUE", "UNCOUNTED", "Direction", "MessageType"]

Direction = Literal[
    "app → hub",
    "peer → hub",
    "hub → app",
    "tavern → hub",
    "hub → tavern",
    "tavern → hub → app",
    "peer → hub → peer",
    "hub → peer",
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
        either = self.direction in ("peer → hub", "peer → hub → peer") or self.name == "confirm"
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
    # Commands by name.
    _row("command.run", "app → hub", asking.CommandRun, requests.Accepted),
    _row("command.list", "app → hub", asking.CommandList, list[asking.CommandInfo]),
    # Requests.
    _row("generate", "app → hub", requests.Generate, requests.Accepted),
    _row("generation.stop", "app → hub", requests.GenerationStop, dict[str, bool]),
    _row("request.get", "app → hub", requests.RequestGet, requests.RequestUpdate),
    _row("request.cancel", "peer → hub", requests.RequestCancel, requests.RequestUpdate),
    _row("request.list", "app → hub", requests.RequestList, list[requests.RequestInfo]),
    _row("request.update", "hub → app", requests.RequestUpdate),
    _row("request.changed", "hub → app", requests.RequestChanged),
    _row("queue.watch", "tavern → hub", queue.QueueWatch),
    _row("queue.changed", "hub → tavern", queue.QueueChanged),
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
    # What came while an app was away.
    _row("inbox.message", "hub → app", inbox.InboxMessage),
    _row("inbox.get", "app → hub", inbox.InboxGet, list[inbox.InboxMessage]),
    _row("inbox.taken", "app → hub", inbox.InboxTaken, dict[str, int]),
    # Streams.
    _row("stream.start", "tavern → hub → app", streams.StreamStart),
    _row("stream.delta", "tavern → hub → app", streams.StreamDelta),
    _row("stream.tool_call", "tavern → hub → app", streams.StreamToolCall),
    _row("stream.end", "tavern → hub → app", streams.StreamEnd),
    # Access.
    _row("key.create", "peer → hub", access.KeyCreate, access.KeyMade),
    _row("key.list", "peer → hub", access.KeyList, list[access.KeyInfo]),
    _row("key.revoke", "peer → hub", access.KeyRevoke, list[access.KeyInfo]),
    _row("pairing.list", "app → hub", access.PairingList, list[access.PairingInfo]),
    _row("pairing.changed", "hub → app", access.PairingChanged),
    _row("pairing.approve", "app → hub", access.PairingApprove, access.PairingInfo),
    _row("pairing.refuse", "app → hub", access.PairingRefuse, access.PairingInfo),
    _row("audit.list", "app → hub", access.AuditList, list[access.AuditEntry]),
    _row("audit.written", "hub → app", access.AuditWritten),
    _row("log.list", "app → hub", logs.LogList, logs.LogPage),
    _row("log.lines", "hub → app", logs.LogLines),
    # How the hub is doing.
    _row("stats.get", "app → hub", stats.StatsGet, stats.Stats),
    _row("stats.changed", "hub → app", stats.StatsChanged),
    _row("traffic.flowed", "hub → app", stats.TrafficFlowed),
    # What goes on by itself.
    _row("webhook.create", "app → hub", webhooks.WebhookCreate, webhooks.WebhookMade),
    _row("webhook.set", "app → hub", webhooks.WebhookSet, webhooks.WebhookInfo),
    _row("webhook.list", "app → hub", webhooks.WebhookList, list[webhooks.WebhookInfo]),
    _row("webhook.remove", "app → hub", webhooks.WebhookRemove),
    _row("webhook.pause", "app → hub", webhooks.WebhookPause, webhooks.WebhookInfo),
    _row("webhook.resume", "app → hub", webhooks.WebhookResume, webhooks.WebhookInfo),
    _row("webhook.rotate", "app → hub", webhooks.WebhookRotate, webhooks.WebhookMade),
    _row("webhook.test", "app → hub", webhooks.WebhookTest, webhooks.DeliveryInfo),
    _row("webhook.deliveries", "app → hub", webhooks.WebhookDeliveries, list[webhooks.DeliveryInfo]),
    _row("webhook.replay", "app → hub", webhooks.WebhookReplay, dict[str, int]),
    _row("webhook.discard", "app → hub", webhooks.WebhookDiscard, dict[str, int]),
    _row("webhook.changed", "hub → app", webhooks.WebhookChanged),
    _row("schedule.create", "app → hub", schedules.ScheduleCreate, schedules.ScheduleInfo),
    _row("schedule.set", "app → hub", schedules.ScheduleSet, schedules.ScheduleInfo),
    _row("schedule.list", "app → hub", schedules.ScheduleList, list[schedules.ScheduleInfo]),
    _row("schedule.remove", "app → hub", schedules.ScheduleRemove),
    _row("schedule.pause", "app → hub", schedules.SchedulePause, schedules.ScheduleInfo),
    _row("schedule.resume", "app → hub", schedules.ScheduleResume, schedules.ScheduleInfo),
    _row("schedule.run", "app → hub", schedules.ScheduleRun, schedules.RunInfo),
    _row("schedule.runs", "app → hub", schedules.ScheduleRuns, list[schedules.RunInfo]),
    _row("schedule.changed", "hub → app", schedules.ScheduleChanged),
    # Rooms.
    _row("room.create", "peer → hub", rooms.RoomCreate, rooms.RoomInfo),
    _row("room.delete", "peer → hub", rooms.RoomDelete),
    _row("room.list", "peer → hub", rooms.RoomList, list[rooms.RoomInfo]),
    _row("room.get", "peer → hub", rooms.RoomGet, rooms.RoomInfo),
    _row("room.set", "peer → hub", rooms.RoomSet, rooms.RoomInfo),
    _row("room.join", "peer → hub", rooms.RoomJoin, rooms.RoomInfo),
    _row("room.leave", "peer → hub", rooms.RoomLeave),
    _row("room.add", "peer → hub", rooms.RoomAdd, rooms.MemberInfo),
    _row("room.remove", "peer → hub", room_moderation.RoomRemove),
    _row("room.kick", "peer → hub", room_moderation.RoomKick),
    _row("room.invite", "peer → hub", room_moderation.RoomInvite, room_moderation.Invitation),
    _row("room.invitations", "peer → hub", room_moderation.RoomInvitations, list[room_moderation.Invitation]),
    _row("room.revoke", "peer → hub", room_moderation.RoomRevoke),
    _row("room.role", "peer → hub", room_moderation.RoomRoleSet, rooms.MemberInfo),
    _row("room.mute", "peer → hub", room_moderation.RoomMute, rooms.MemberInfo),
    _row("room.unmute", "peer → hub", room_moderation.RoomUnmute),
    _row("room.typing.set", "peer → hub", rooms.RoomTypingSet),
    _row("room.context.set", "peer → hub", rooms.RoomContextSet, list[rooms.RoomContext]),
    _row("room.context.get", "peer → hub", rooms.RoomContextGet, list[rooms.RoomContext]),
    _row("room.release", "peer → hub", rooms.RoomRelease, requests.Accepted),
    _row("room.changed", "hub → peer", rooms.RoomChanged),
    _row("room.message", "hub → peer", rooms.RoomMessage),
    _row("room.typing", "hub → peer", rooms.RoomTyping),
    _row("room.turn", "hub → peer", rooms.RoomTurn),
    _row("room.closed", "hub → peer", rooms.RoomClosed),
    # From peer to peer. `x.message` stands for every type under `x.`, e.g. `x.dice.roll`.
    _row("x.message", "peer → hub → peer", routing.CustomMessage, routing.Sent),
    _row("route.list", "app → hub", routing.RouteList, list[routing.RouteInfo]),
    _row("route.put", "app → hub", routing.Route, routing.RouteInfo),
    _row("route.remove", "app → hub", routing.RouteRemove),
    _row("route.test", "app → hub", routing.RouteTest, routing.RouteTrace),
    _row("route.check", "app → hub", routing.Route, routing.RouteVerdict),
    # Functions.
    _row("function.register", "peer → hub", functions.FunctionRegister, list[str]),
    _row("function.unregister", "peer → hub", functions.FunctionUnregister, dict[str, int]),
    _row("function.list", "peer → hub", functions.FunctionList, list[functions.FunctionInfo]),
    _row("function.call", "peer → hub", functions.FunctionCall, functions.CallAccepted),
    _row("function.done", "peer → hub", functions.FunctionDone),
    _row("function.progress", "peer → hub → peer", functions.FunctionProgress),
    _row("function.cancel", "peer → hub → peer", functions.FunctionCancel, dict[str, functions.CallState]),
    _row("function.invoke", "hub → peer", functions.FunctionInvoke),
    _row("function.result", "hub → peer", functions.FunctionResult),
    _row("functions.changed", "hub → peer", functions.FunctionsChanged),
    # Work for a tavern.
    _row("command", "hub → tavern", commands.Command),
    _row("command.cancel", "hub → tavern", commands.CommandCancel),
    _row("command.done", "tavern → hub", commands.CommandDone),
    _row("commands.known", "tavern → hub", commands.CommandsKnown),
)

CATALOGUE: Mapping[str, MessageType] = {row.name: row for row in _ROWS}

UNCOUNTED = frozenset({"hello", "welcome", "resync", "confirm", "closing"})
"""Types that neither side counts: they are about the counting, or come before it."""
