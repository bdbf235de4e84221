"""What is asked about work: chats, generations, requests, sessions, the pool. One small function for each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tavernlink.core.access.audit import Audit
from tavernlink.core.access.rights import check_scope
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.seams import Ack
from tavernlink.core.work.asking import Asking, Order, fingerprint
from tavernlink.core.work.requests import FINAL, Lane, Request
from tavernlink.core.work.watching import Watching
from tavernlink.core.work.work import Work
from tavernlink.errors import BadMessage, NotFound, TavernlinkError
from tavernlink.protocol.bindings import SessionForget, SessionInfo, SessionList
from tavernlink.protocol.chat import ChatDelete, ChatEdit, ChatSend
from tavernlink.protocol.message import Message
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.pool import PinInfo, PoolGet, PoolInfo, PoolPin, PoolTavern
from tavernlink.protocol.requests import (
    Generate,
    GenerationStop,
    RequestCancel,
    RequestGet,
    RequestList,
    RequestUpdate,
)

__all__ = ["WorkMessages"]

_WORKING = frozenset(
    {"tavern", "room", "request_id", "timeout", "session", "revision", "priority", "character"}
)
"""Fields that are for the hub; a command's arguments leave them out."""

ToRoom = Callable[[Any, ChatSend, Ack], None]


class WorkMessages:
    """Carries out what peers ask. Each handler acks exactly once, now or later, or raises."""

    def __init__(
        self, directory: Directory, work: Work, asking: Asking, audit: Audit, watching: Watching
    ) -> None:
        self._audit = audit
        self._watching = watching
        self._directory = directory
        self._work = work
        self._asking = asking
        self.to_room: ToRoom | None = None
        """Takes a `chat.send` that names a room."""
        self.for_room: Callable[[Any, Generate, Ack], None] | None = None
        """Takes a `generate` that names a room."""
        self.handlers: Mapping[str, Asked] = {
            "chat.send": self._chat_send,
            "chat.edit": self._chat_edit,
            "chat.delete": self._chat_delete,
            "generate": self._generate,
            "generation.stop": self._generation_stop,
            "request.get": self._request_get,
            "request.cancel": self._request_cancel,
            "request.list": self._request_list,
            "session.list": self._session_list,
            "session.forget": self._session_forget,
            "pool.get": self._pool_get,
            "pool.pin": self._pool_pin,
        }

    # Asking for work

    def _chat_send(self, peer: Peer, message: ChatSend, ack: Ack) -> None:
        if message.room is not None:
            if self.to_room is None:
                raise NotFound("unknown_room", f"There is no room {message.room!r}.")
            self.to_room(peer, message, ack)
            return
        args = {"generate": message.generate, "by": peer.member_id, **_args(message)}
        command = "send"
        if message.session is not None:
            if not message.session.strip():
                raise BadMessage("invalid_message", "`session` must be a name (at $.session).")
            command, args["name"] = "session.turn", message.session
        elif message.character is not None:
            raise BadMessage(
                "unsupported_parameter", "`character` goes with `session`; the open chat has its own."
            )
        self._take(peer, "chat.send", message, ack, command=command, lane="visible", args=args)

    def _chat_edit(self, peer: Peer, message: ChatEdit, ack: Ack) -> None:
        self._check_place(peer, message.tavern, message.index, 1, message.revision)
        self._take(peer, "chat.edit", message, ack, command="edit", lane="visible", args=_args(message))

    def _chat_delete(self, peer: Peer, message: ChatDelete, ack: Ack) -> None:
        self._check_place(peer, message.tavern, message.index, message.count, message.revision)
        args = {"count": message.count, **_args(message)}
        self._take(peer, "chat.delete", message, ack, command="delete", lane="visible", args=args)

    def _generate(self, peer: Peer, message: Generate, ack: Ack) -> None:
        if message.room is not None:
            if self.for_room is None:
                raise NotFound("unknown_room", f"There is no room {message.room!r}.")
            self.for_room(peer, message, ack)
            return
        if message.mode == "detached" and message.messages is None:
            raise BadMessage("invalid_message", "The mode 'detached' needs `messages` (at $.messages).")
        if message.mode in ("quiet", "raw") and message.prompt is None and message.messages is None:
            raise BadMessage("invalid_message", f"The mode {message.mode!r} needs a `prompt` (at $.prompt).")
        lane: Lane = "detached" if message.mode in ("detached", "raw") else "visible"
        args = {"mode": message.mode, **_args(message)}
        self._take(peer, "generate", message, ack, command="generate", lane=lane, args=args)

    def _take(
        self,
        peer: Peer,
        type_: str,
        message: Any,
        ack: Ack,
        *,
        command: str,
        lane: Lane,
        args: dict[str, Any],
    ) -> None:
        priority = getattr(message, "priority", 0)
        if priority:
            check_scope(peer.key, "admin", "give a request a priority")
        order = Order(
            command=command,
            lane=lane,
            args=args,
            asked=fingerprint(type_, message),
            tavern=message.tavern,
            character=getattr(message, "character", None),
            session=getattr(message, "session", None),
            priority=priority,
            timeout=getattr(message, "timeout", None),
            request_id=message.request_id,
        )
        self._asking.take(peer, order, ack)

    def _check_place(
        self, peer: Peer, wanted: str | None, index: int, count: int, revision: int | None
    ) -> None:
        tavern = self._directory.resolve(wanted, peer.key)
        tavern.mirror.check(revision)
        total = len(tavern.mirror.messages)
        if count < 1 or index + count > total:
            raise NotFound(
                "unknown_message",
                f"The open chat has {total} messages; there is no message {index + count - 1}.",
            )

    def _generation_stop(self, peer: Peer, message: GenerationStop, ack: Ack) -> None:
        self._work.ask(self._directory.resolve(message.tavern, peer.key), "stop", {}, ack)

    # Requests

    def _request_get(self, peer: Peer, message: RequestGet, ack: Ack) -> None:
        request = self._find(peer, message.request_id)
        ack(Success(result=self._state(request)))
        if message.watch:
            self._work.watch(request, peer.session)

    def _request_cancel(self, peer: Peer, message: RequestCancel, ack: Ack) -> None:
        request = self._work.book.of_tavern(peer.id, message.request_id) if isinstance(peer, Tavern) else None
        request = request or self._find(peer, message.request_id)
        if request.key_id != peer.key.id:
            self._audit.record("request.cancelled", peer, target=request.request_id, of=request.key_id)
        self._work.cancel(request)
        ack(Success(result=self._state(request)))

    def _request_list(self, peer: Peer, message: RequestList, ack: Ack) -> None:
        tavern = None if message.tavern is None else self._directory.resolve(message.tavern, peer.key).id
        found = [
            request
            for request in reversed(self._work.book.of_key(_whose(peer)))
            if tavern in (None, request.tavern_id) and not (message.open and request.state in FINAL)
        ]
        ack(Success(result=[self._watching.info(request) for request in found[: message.limit]]))

    def _find(self, peer: Peer, request_id: str) -> Request:
        try:
            return self._work.book.find(peer.key.id, request_id)
        except TavernlinkError:
            if "admin" in peer.key.held:
                return self._work.book.find_any(request_id)
            raise

    def _state(self, request: Request) -> RequestUpdate:
        return request.update(self._work.position(request) if request.state == "queued" else None)

    # Sessions

    def _session_list(self, peer: Peer, message: SessionList, ack: Ack) -> None:
        sessions = self._work.sessions
        found = []
        for bound in sessions.bindings.listed(_whose(peer)):
            home = sessions.home(bound, peer.key.taverns)
            found.append(
                SessionInfo(
                    session=bound.session,
                    key=bound.key_id,
                    tavern=home.id if home is not None else None,
                    character=bound.character,
                    chat_id=bound.chat_id,
                    used=bound.used,
                    open=sessions.turns[bound.key_id, bound.session],
                )
            )
        ack(Success(result=found))

    def _session_forget(self, peer: Peer, message: SessionForget, ack: Ack) -> None:
        if message.key is not None and message.key != peer.key.id:
            check_scope(peer.key, "admin", "forget a session of another key")
        owner = message.key or peer.key.id
        forgotten = self._work.sessions.forget(owner, message.session)
        if forgotten:
            self._audit.record("session.forgotten", peer, target=message.session, of=owner)
        ack(Success(result={"forgotten": forgotten}))

    # The pool

    def _pool_get(self, peer: Peer, message: PoolGet, ack: Ack) -> None:
        ack(Success(result=self._pool(peer)))

    def _pool_pin(self, peer: Peer, message: PoolPin, ack: Ack) -> None:
        if message.tavern is not None:
            self._directory.resolve(message.tavern, peer.key)
        self._work.pool.pin(message.character, message.tavern)
        self._audit.record("pool.pinned", peer, target=message.character, tavern=message.tavern)
        ack(Success(result=self._pool(peer)))

    def _pool(self, peer: Peer) -> PoolInfo:
        pool = self._work.pool
        taverns = self._directory.listed(peer.key)
        return PoolInfo(
            policy=pool.policy,
            pins=[
                PinInfo(character=pin.character, tavern=pin.tavern) for _, pin in sorted(pool.pins.items())
            ],
            taverns=[
                PoolTavern(
                    tavern=tavern.id,
                    name=tavern.name,
                    online=tavern.online,
                    queued=tavern.lanes.waiting,
                    running=tavern.lanes.running,
                )
                for tavern in taverns
            ],
        )


def _whose(peer: Peer) -> str | None:
    """Whose requests and sessions a peer may list: its key's; an admin everybody's."""
    return None if "admin" in peer.key.held else peer.key.id


def _args(message: Message) -> dict[str, Any]:
    """The command's arguments: the message's own JSON, without what is for the hub."""
    fields: dict[str, Any] = msgspec.to_builtins(message)
    return {name: value for name, value in fields.items() if name not in _WORKING}
