"""The permission table: what each role may do, in one place, one row for each message type and each HTTP route.

A key has the scopes of its role, or the fewer that it was narrowed to. A row names the scopes of which one is enough;
`ANY_KEY` needs none. Whether an app or a tavern sends a message at all is the catalogue's `direction`. `rights` holds
keys against it. A test fails for a message type or a route without a row, and for a row without either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from tavernlink.protocol.commands.catalogue import COMMANDS as SPECS

__all__ = [
    "ANY_KEY",
    "COMMANDS",
    "CONNECT",
    "OPEN",
    "ROLES",
    "ROUTES",
    "SEND",
    "Need",
    "Role",
    "Scope",
]

Role = Literal["admin", "tavern", "app", "viewer"]
Scope = Literal[
    "chat:read",  # see taverns, chats, streams, requests
    "chat:write",  # send messages, generate, cancel one's own
    "control",  # change or delete what is there, press Stop, run commands, change SillyTavern's settings
    "rooms:manage",  # create and delete rooms
    "keys:manage",  # make, list and revoke keys
    "functions:call",
    "functions:register",
    "events:read",  # SillyTavern's own events
    "automate",  # leave things with the hub that go on by themselves: webhooks, schedules
    "admin",  # the hub itself: audit, pairing, rules
]

Need = frozenset[str]
"""Scopes of which one is enough; empty: whoever has a key."""

ANY_KEY: Final[Need] = frozenset()
OPEN: Final = None
"""A route that may be used without a key; none of them tells a secret."""

_READ: Final[Need] = frozenset({"chat:read"})
_WRITE: Final[Need] = frozenset({"chat:write"})
_CONTROL: Final[Need] = frozenset({"control"})
_ROOMS: Final[Need] = frozenset({"rooms:manage"})
_KEYS: Final[Need] = frozenset({"keys:manage"})
_ADMIN: Final[Need] = frozenset({"admin"})
_AUTOMATE: Final[Need] = frozenset({"automate"})
_CALL: Final[Need] = frozenset({"functions:call"})
_REGISTER: Final[Need] = frozenset({"functions:register"})

ROLES: Mapping[Role, frozenset[str]] = {
    "admin": frozenset(get_args(Scope)),
    # All that its own SillyTavern may be used for; what an app alone may ask is not for it (see `CATALOGUE`).
    "tavern": frozenset(get_args(Scope)) - {"admin"},
    # As before us: apps neither make rooms nor keys.
    "app": frozenset(
        {
            "chat:read",
            "chat:write",
            "control",
            "functions:call",
            "functions:register",
            "events:read",
            "automate",
        }
    ),
    "viewer": frozenset({"chat:read", "events:read"}),
}

CONNECT: Mapping[str, frozenset[str]] = {
    # connect as → roles of keys that may
    "tavern": frozenset({"admin", "tavern"}),
    "app": frozenset({"admin", "app", "viewer"}),
}

SEND: Mapping[str, Need] = {
    # message type → scopes of which one is enough
    "hello": ANY_KEY,
    "confirm": ANY_KEY,
    # Looking.
    "tavern.list": _READ,
    "character.list": _READ,
    "context.get": _READ,
    "chat.get": _READ,
    "subscribe": frozenset({"chat:read", "events:read"}),  # which topics: `may_hear`
    "unsubscribe": ANY_KEY,
    # Chats and requests.
    "chat.send": _WRITE,
    "chat.edit": _CONTROL,
    "chat.delete": _CONTROL,
    "generate": _WRITE,
    "generation.stop": _CONTROL,
    "request.get": frozenset({"chat:read", "chat:write", "functions:call"}),
    "request.cancel": frozenset({"chat:write", "control", "functions:call"}),
    "request.list": frozenset({"chat:read", "chat:write", "functions:call"}),
    "inbox.get": _READ,
    "inbox.taken": _READ,
    "session.list": _READ,
    "session.forget": _WRITE,
    "pool.get": _READ,
    "pool.pin": _ADMIN,
    # Messages from peer to peer; `x.message` stands for every type under `x.`.
    "x.message": _WRITE,
    "route.list": _ADMIN,
    "route.put": _ADMIN,
    "route.remove": _ADMIN,
    "route.test": _ADMIN,
    "route.check": _ADMIN,
    # Functions: each may ask for more scopes of its callers.
    "function.register": _REGISTER,
    "function.unregister": ANY_KEY,
    "function.list": _CALL,
    "function.call": _CALL,
    "function.cancel": _CALL,
    "function.done": ANY_KEY,  # of what the hub asked for
    "function.progress": ANY_KEY,
    # Commands by name: which one needs what stands in `COMMANDS`.
    "command.list": _READ,
    "command.run": frozenset({"chat:read", "chat:write", "control"}),
    # Profiles.
    "profile.list": _READ,
    "profile.history": _READ,
    "profile.get": _READ,
    "profile.diff": _READ,
    "profile.save": _CONTROL,
    "profile.delete": _CONTROL,
    "profile.publish": _CONTROL,
    "profile.apply": _CONTROL,
    "profile.undo": _CONTROL,
    # Access.
    "key.create": _KEYS,
    "key.list": _KEYS,
    "key.revoke": _KEYS,
    "pairing.list": _ADMIN,
    "pairing.approve": _ADMIN,
    "pairing.refuse": _ADMIN,
    "audit.list": _ADMIN,
    "log.list": _ADMIN,
    "stats.get": _READ,  # how much of it: `core.statistics`
    # Rooms: in them the member's role decides.
    "room.create": _ROOMS,
    "room.delete": _ROOMS,
    "room.list": _READ,
    "room.get": _READ,
    "room.set": _WRITE,
    "room.join": _READ,
    "room.leave": ANY_KEY,
    "room.add": _WRITE,
    "room.remove": _WRITE,
    "room.kick": _WRITE,
    "room.invite": _WRITE,
    "room.invitations": _WRITE,
    "room.revoke": _WRITE,
    "room.role": _WRITE,
    "room.mute": _WRITE,
    "room.unmute": _WRITE,
    "room.typing.set": _WRITE,
    "room.context.set": _WRITE,
    "room.context.get": _READ,
    "room.release": _WRITE,
    # What goes on by itself: what each one sends or hears is held against its key again, every time.
    "webhook.create": _AUTOMATE,
    "webhook.set": _AUTOMATE,
    "webhook.list": _AUTOMATE,
    "webhook.remove": _AUTOMATE,
    "webhook.pause": _AUTOMATE,
    "webhook.resume": _AUTOMATE,
    "webhook.rotate": _AUTOMATE,
    "webhook.test": _AUTOMATE,
    "webhook.deliveries": _AUTOMATE,
    "webhook.replay": _AUTOMATE,
    "webhook.discard": _AUTOMATE,
    "schedule.create": _AUTOMATE,
    "schedule.set": _AUTOMATE,
    "schedule.list": _AUTOMATE,
    "schedule.remove": _AUTOMATE,
    "schedule.pause": _AUTOMATE,
    "schedule.resume": _AUTOMATE,
    "schedule.run": _AUTOMATE,
    "schedule.runs": _AUTOMATE,
    # What a tavern tells of itself.
    "tavern.state": ANY_KEY,
    "characters.changed": ANY_KEY,
    "chat.update": ANY_KEY,
    "event": ANY_KEY,
    "stream.start": ANY_KEY,
    "stream.delta": ANY_KEY,
    "stream.tool_call": ANY_KEY,
    "stream.end": ANY_KEY,
    "command.done": ANY_KEY,
    "commands.known": ANY_KEY,
    "queue.watch": ANY_KEY,
}

COMMANDS: Mapping[str, Need] = {
    # command of the catalogue → scopes of which one is enough: its row's
    name: frozenset({spec.scope})
    for name, spec in SPECS.items()
}

ROUTES: Mapping[tuple[str, str], str | Need | None] = {
    # (method, path template) → the message type or command whose row counts here too; or scopes of its own; or OPEN.
    # HEAD goes by GET.
    ("GET", "/"): OPEN,
    ("GET", "/icon.svg"): OPEN,
    ("GET", "/assets/{name}"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/docs/{path}"): OPEN,
    # Git has no place for our keys; what it fetches is what the package holds.
    ("GET", "/extension/tavernlink.git/info/refs"): OPEN,
    ("POST", "/extension/tavernlink.git/git-upload-pack"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/api/schema"): ANY_KEY,
    ("GET", "/api/schema/openapi.json"): ANY_KEY,
    ("GET", "/api/schema/{path}"): ANY_KEY,  # Litestar's own, for what is not there
    ("GET", "/api/settings"): _ADMIN,
    ("PATCH", "/api/settings"): _ADMIN,
    ("POST", "/api/settings/check"): _ADMIN,
    ("GET", "/api/settings/file"): _ADMIN,
    ("GET", "/metrics"): _ADMIN,
    ("GET", "/api/mcp"): _ADMIN,
    ("POST", "/api/mcp/{server}/restart"): _ADMIN,
    ("GET", "/api/taverns"): "tavern.list",
    ("GET", "/api/characters"): "character.list",
    ("GET", "/api/taverns/{tavern}/context"): "context.get",
    ("POST", "/api/taverns/{tavern}/generate"): "generate",
    ("POST", "/api/taverns/{tavern}/stop"): "generation.stop",
    ("GET", "/api/commands"): "command.list",
    ("GET", "/api/taverns/{tavern}/commands/{name}"): "command.run",
    ("POST", "/api/taverns/{tavern}/commands/{name}"): "command.run",
    ("GET", "/api/taverns/{tavern}/characters/{character}/avatar"): "character.avatar",
    ("GET", "/api/taverns/{tavern}/characters/{character}/card"): "character.export_card",
    ("GET", "/api/taverns/{tavern}/characters/{character}/expressions/{expression}"): "expression.get",
    ("GET", "/api/taverns/{tavern}/personas/{persona}/avatar"): "persona.avatar",
    ("GET", "/api/taverns/{tavern}/chat/messages/{index}/files/{file}"): "file.get",
    ("GET", "/api/taverns/{tavern}/chat"): "chat.get",
    ("POST", "/api/taverns/{tavern}/chat"): "chat.send",
    ("PATCH", "/api/taverns/{tavern}/chat/messages/{index}"): "chat.edit",
    ("DELETE", "/api/taverns/{tavern}/chat/messages/{index}"): "chat.delete",
    ("GET", "/api/requests/{request_id}"): "request.get",
    ("DELETE", "/api/requests/{request_id}"): "request.cancel",
    ("POST", "/api/requests/{request_id}/cancel"): "request.cancel",
    ("GET", "/api/requests/{request_id}/events"): "request.get",
    ("GET", "/api/requests"): "request.list",
    ("GET", "/api/inbox/{app}"): "inbox.get",
    ("DELETE", "/api/inbox/{app}"): "inbox.taken",
    ("GET", "/api/sessions"): "session.list",
    ("DELETE", "/api/sessions/{session}"): "session.forget",
    ("GET", "/api/functions"): "function.list",
    ("POST", "/api/functions/{name}/call"): "function.call",
    ("POST", "/api/functions/{name}/events"): "function.call",
    ("GET", "/api/profiles"): "profile.list",
    ("GET", "/api/profiles/{profile}"): "profile.get",
    ("PUT", "/api/profiles/{profile}"): "profile.save",
    ("DELETE", "/api/profiles/{profile}"): "profile.delete",
    ("GET", "/api/profiles/{profile}/history"): "profile.history",
    ("GET", "/api/profiles/{profile}/diff"): "profile.diff",
    ("POST", "/api/taverns/{tavern}/profiles/{profile}/publish"): "profile.publish",
    ("POST", "/api/taverns/{tavern}/profiles/{profile}/apply"): "profile.apply",
    ("POST", "/api/taverns/{tavern}/profile-undo"): "profile.undo",
    ("GET", "/api/pool"): "pool.get",
    ("PUT", "/api/pool/pins/{character}"): "pool.pin",
    ("DELETE", "/api/pool/pins/{character}"): "pool.pin",
    ("GET", "/api/events"): "subscribe",
    ("POST", "/api/messages"): "x.message",
    ("GET", "/api/routes"): "route.list",
    ("POST", "/api/routes"): "route.put",
    ("POST", "/api/routes/test"): "route.test",
    ("POST", "/api/routes/check"): "route.check",
    ("PUT", "/api/routes/{route}"): "route.put",
    ("DELETE", "/api/routes/{route}"): "route.remove",
    ("GET", "/api/rooms"): "room.list",
    ("POST", "/api/rooms"): "room.create",
    ("GET", "/api/rooms/{room}"): "room.get",
    ("PATCH", "/api/rooms/{room}"): "room.set",
    ("DELETE", "/api/rooms/{room}"): "room.delete",
    ("POST", "/api/rooms/{room}/join"): "room.join",
    ("POST", "/api/rooms/{room}/leave"): "room.leave",
    ("POST", "/api/rooms/{room}/members"): "room.add",
    ("DELETE", "/api/rooms/{room}/members/{member}"): "room.remove",
    ("POST", "/api/rooms/{room}/members/{member}/kick"): "room.kick",
    ("PUT", "/api/rooms/{room}/members/{member}/mute"): "room.mute",
    ("DELETE", "/api/rooms/{room}/members/{member}/mute"): "room.unmute",
    ("PUT", "/api/rooms/{room}/members/{member}/role"): "room.role",
    ("POST", "/api/rooms/{room}/invitations"): "room.invite",
    ("GET", "/api/rooms/{room}/invitations"): "room.invitations",
    ("DELETE", "/api/rooms/{room}/invitations/{code}"): "room.revoke",
    ("POST", "/api/rooms/{room}/messages"): "chat.send",
    ("POST", "/api/rooms/{room}/release"): "room.release",
    ("PUT", "/api/rooms/{room}/typing"): "room.typing.set",
    ("GET", "/api/rooms/{room}/context"): "room.context.get",
    ("PUT", "/api/rooms/{room}/context"): "room.context.set",
    ("GET", "/api/rooms/{room}/events"): "subscribe",
    ("GET", "/api/keys"): "key.list",
    ("POST", "/api/keys"): "key.create",
    ("DELETE", "/api/keys/{key}"): "key.revoke",
    ("POST", "/api/console/sign-in"): OPEN,  # with a ticket of the hub's own process
    ("POST", "/api/pairings"): OPEN,  # ask for a code; see core.access.pairing
    ("POST", "/api/pairings/claim"): OPEN,  # with the secret ticket that came with the code
    ("GET", "/api/pairings"): "pairing.list",
    ("POST", "/api/pairings/{code}/approve"): "pairing.approve",
    ("POST", "/api/pairings/{code}/refuse"): "pairing.refuse",
    ("GET", "/api/audit"): "audit.list",
    ("GET", "/api/logs"): "log.list",
    ("GET", "/api/stats"): "stats.get",
    ("GET", "/api/webhooks"): "webhook.list",
    ("POST", "/api/webhooks"): "webhook.create",
    ("PATCH", "/api/webhooks/{webhook}"): "webhook.set",
    ("DELETE", "/api/webhooks/{webhook}"): "webhook.remove",
    ("POST", "/api/webhooks/{webhook}/pause"): "webhook.pause",
    ("POST", "/api/webhooks/{webhook}/resume"): "webhook.resume",
    ("POST", "/api/webhooks/{webhook}/rotate"): "webhook.rotate",
    ("POST", "/api/webhooks/{webhook}/test"): "webhook.test",
    ("GET", "/api/webhooks/{webhook}/deliveries"): "webhook.deliveries",
    ("POST", "/api/webhooks/{webhook}/replay"): "webhook.replay",
    ("POST", "/api/webhooks/{webhook}/discard"): "webhook.discard",
    ("GET", "/api/schedules"): "schedule.list",
    ("POST", "/api/schedules"): "schedule.create",
    ("PATCH", "/api/schedules/{schedule}"): "schedule.set",
    ("DELETE", "/api/schedules/{schedule}"): "schedule.remove",
    ("POST", "/api/schedules/{schedule}/pause"): "schedule.pause",
    ("POST", "/api/schedules/{schedule}/resume"): "schedule.resume",
    ("POST", "/api/schedules/{schedule}/run"): "schedule.run",
    ("GET", "/api/schedules/{schedule}/runs"): "schedule.runs",
    ("GET", "/v1/models"): "tavern.list",
    ("GET", "/v1/models/{model_id}"): "tavern.list",
    ("POST", "/v1/chat/completions"): "generate",
    # What a tool or resource needs is asked again when it is used.
    ("GET", "/mcp"): frozenset({"chat:read", "chat:write", "functions:call"}),
    ("POST", "/mcp"): frozenset({"chat:read", "chat:write", "functions:call"}),
    ("DELETE", "/mcp"): frozenset({"chat:read", "chat:write", "functions:call"}),
}
