"""What apps send: one small function for each message type, and the table that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.directory import ANY, Directory
from tavernlink.core.peers.peer import App, Tavern
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.seams import Ack, Clock, Ids
from tavernlink.core.work.requests import Lane, Request
from tavernlink.core.work.work import Work
from tavernlink.errors import BadMessage, NotFound, TavernlinkError
from tavernlink.protocol.chat import ChatDelete, ChatEdit, ChatGet, ChatSend
from tavernlink.protocol.message import Message
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.requests import Generate, GenerationStop, RequestCancel, RequestGet, RequestUpdate
from tavernlink.protocol.subscriptions import Subscribe, Unsubscribe
from tavernlink.protocol.taverns import CharacterList, ContextGet, TavernList

__all__ = ["AppMessages"]

_WORKING = frozenset({"tavern", "room", "request_id", "timeout", "session", "revision"})
"""Fields that are for the hub; a command's arguments leave them out."""


class AppMessages:
    """Carries out what apps ask. Each handler acks exactly once, now or later, or raises."""

    def __init__(
        self,
        *,
        directory: Directory,
        subscriptions: Subscriptions,
        work: Work,
        clock: Clock,
        ids: Ids,
        limits: HubLimits,
        wanted_changed: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._subscriptions = subscriptions
        self._work = work
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._wanted_changed = wanted_changed
        self.handlers: Mapping[str, Callable[[App, Any, Ack], None]] = {
            "tavern.list": self._tavern_list,
            "character.list": self._character_list,
            "context.get": self._context_get,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "chat.get": self._chat_get,
            "chat.send": self._chat_send,
            "chat.edit": self._chat_edit,
            "chat.delete": self._chat_delete,
            "generate": self._generate,
            "generation.stop": self._generation_stop,
            "request.get": self._request_get,
            "request.cancel": self._request_cancel,
        }

    def _tavern_list(self, app: App, message: TavernList, ack: Ack) -> None:
        ack(Success(result=[tavern.info() for tavern in self._directory.listed()]))

    def _character_list(self, app: App, message: CharacterList, ack: Ack) -> None:
        ack(Success(result=self._directory.characters(message.tavern)))

    def _context_get(self, app: App, message: ContextGet, ack: Ack) -> None:
        self._work.ask(self._directory.resolve(message.tavern), "context", {"last": message.last}, ack)

    def _subscribe(self, app: App, message: Subscribe, ack: Ack) -> None:
        _refuse_room(message.room)
        if self._subscriptions.count(app.session) + len(message.types) > self._limits.subscriptions:
            raise BadMessage("too_large", f"An app may hold {self._limits.subscriptions} subscriptions.")
        tavern = message.tavern if message.tavern == ANY else self._directory.resolve(message.tavern).id
        self._subscriptions.add(app.session, tavern, message.types)
        ack(Success())
        self._wanted_changed()

    def _unsubscribe(self, app: App, message: Unsubscribe, ack: Ack) -> None:
        _refuse_room(message.room)
        tavern = message.tavern if message.tavern == ANY else self._directory.resolve(message.tavern).id
        self._subscriptions.remove(app.session, tavern, message.types)
        ack(Success())
        self._wanted_changed()

    def _chat_get(self, app: App, message: ChatGet, ack: Ack) -> None:
        tavern = self._directory.resolve(message.tavern)
        limit = min(message.limit, 1_000)
        view = tavern.mirror.view(tavern.id, since=message.since, before=message.before, limit=limit)
        ack(Success(result=view))

    def _chat_send(self, app: App, message: ChatSend, ack: Ack) -> None:
        _refuse_room(message.room)
        args = {"generate": message.generate, **_args(message)}
        if message.session is None:
            if message.character is not None:
                raise BadMessage(
                    "unsupported_parameter", "`character` goes with `session`; the open chat has its own."
                )
            self._submit(app, "chat.send", message, ack, lane="visible", command="send", args=args)
            return
        args["name"] = message.session
        bound = self._work.bindings.find(app.key.id, message.session)
        home = (
            bound.tavern_id
            if bound and message.tavern is None and bound.tavern_id in self._directory.taverns
            else None
        )
        self._submit(
            app,
            "chat.send",
            message,
            ack,
            lane="visible",
            command="session.turn",
            args=args,
            session=message.session,
            home=home,
        )

    def _chat_edit(self, app: App, message: ChatEdit, ack: Ack) -> None:
        self._check_place(message.tavern, message.index, 1, message.revision)
        self._submit(app, "chat.edit", message, ack, lane="visible", command="edit", args=_args(message))

    def _chat_delete(self, app: App, message: ChatDelete, ack: Ack) -> None:
        self._check_place(message.tavern, message.index, message.count, message.revision)
        args = {"count": message.count, **_args(message)}
        self._submit(app, "chat.delete", message, ack, lane="visible", command="delete", args=args)

    def _generate(self, app: App, message: Generate, ack: Ack) -> None:
        if message.mode == "detached" and message.messages is None:
            raise BadMessage("invalid_message", "The mode 'detached' needs `messages` (at $.messages).")
        if message.mode in ("quiet", "raw") and message.prompt is None and message.messages is None:
            raise BadMessage("invalid_message", f"The mode {message.mode!r} needs a `prompt` (at $.prompt).")
        lane: Lane = "detached" if message.mode in ("detached", "raw") else "visible"
        args = {"mode": message.mode, **_args(message)}
        self._submit(app, "generate", message, ack, lane=lane, command="generate", args=args)

    def _generation_stop(self, app: App, message: GenerationStop, ack: Ack) -> None:
        self._work.ask(self._directory.resolve(message.tavern), "stop", {}, ack)

    def _request_get(self, app: App, message: RequestGet, ack: Ack) -> None:
        request = self._find(app, message.request_id)
        ack(Success(result=self._state(request)))
        if message.watch:
            self._work.watch(request, app.session)

    def _request_cancel(self, app: App, message: RequestCancel, ack: Ack) -> None:
        request = self._find(app, message.request_id)
        self._work.cancel(request)
        ack(Success(result=self._state(request)))

    def _submit(
        self,
        app: App,
        type_: str,
        message: Any,
        ack: Ack,
        *,
        lane: Lane,
        command: str,
        args: dict[str, Any],
        session: str | None = None,
        home: str | None = None,
    ) -> None:
        asked = _fingerprint(type_, message)
        request_id = message.request_id or self._ids.new("r")
        repeated = self._work.book.repeated(app.key.id, request_id, asked)
        if repeated is not None:
            ack(Success(result=self._work.accepted(repeated)))
            self._work.watch(repeated, app.session)
            return
        tavern = self._directory.resolve(home or message.tavern)
        if args.get("character") is not None:
            args["character"] = _character_id(tavern, args["character"])
        now = self._clock.now()
        request = Request(
            request_id=request_id,
            wire_id=self._ids.new("w"),
            key_id=app.key.id,
            lane=lane,
            command=command,
            args=args,
            asked=asked,
            created=now,
            deadline=now + self._limits.queue_timeout,
            timeout=self._timeout(getattr(message, "timeout", None)),
        )
        request.floating = message.tavern is None and session is None
        request.session_name = session
        self._work.submit(request, tavern, app.session, ack)

    def _timeout(self, wanted: float | None) -> float:
        if wanted is None:
            return self._limits.request_timeout
        if not 0 < wanted <= self._limits.longest_timeout:
            longest = self._limits.longest_timeout
            raise BadMessage(
                "invalid_message", f"`timeout` must be over 0 and at most {longest:g} seconds (at $.timeout)."
            )
        return wanted

    def _check_place(self, wanted: str | None, index: int, count: int, revision: int | None) -> Tavern:
        tavern = self._directory.resolve(wanted)
        tavern.mirror.check(revision)
        total = len(tavern.mirror.messages)
        if count < 1 or index + count > total:
            raise NotFound(
                "unknown_message",
                f"The open chat has {total} messages; there is no message {index + count - 1}.",
            )
        return tavern

    def _find(self, app: App, request_id: str) -> Request:
        try:
            return self._work.book.find(app.key.id, request_id)
        except TavernlinkError:
            if app.key.role == "admin":
                return self._work.book.find_any(request_id)
            raise

    def _state(self, request: Request) -> RequestUpdate:
        return request.update(self._work.position(request) if request.state == "queued" else None)


def _args(message: Message) -> dict[str, Any]:
    """The command's arguments: the message's own JSON, without what is for the hub."""
    fields: dict[str, Any] = msgspec.to_builtins(message)
    return {name: value for name, value in fields.items() if name not in _WORKING}


def _fingerprint(type_: str, message: Message) -> bytes:
    return hashlib.sha256(type_.encode() + msgspec.json.encode(message)).digest()


def _character_id(tavern: Tavern, wanted: str) -> str:
    found = tavern.find_character(wanted)
    if found is None and tavern.characters:
        raise NotFound(
            "unknown_character",
            f"The tavern {tavern.name!r} has no character or group {wanted!r}. `character.list` shows those it has.",
            {"character": wanted},
        )
    return found.id if found else wanted


def _refuse_room(room: str | None) -> None:
    if room is not None:
        raise NotFound("unknown_room", f"There is no room {room!r}.")
