"""What webhooks hear: each is one more subscriber of its taverns, under its key, for as long as the key may.

Where no webhook wants what taverns publish there is no subscription, and so no cost. Deltas are never subscribed to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tavernlink.core.access.rights import may_hear
from tavernlink.core.peers.directory import ANY, Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.peers.subscriptions import Place, Subscriptions, in_room
from tavernlink.core.routing.expression import Facts
from tavernlink.protocol.chat import ChatChanged
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.message import Message
from tavernlink.protocol.streams import StreamEnd, StreamStart
from tavernlink.protocol.taverns import Event as HostEvent
from tavernlink.protocol.taverns import TavernChanged

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key, Keyring
    from tavernlink.core.peers.session import Session
    from tavernlink.core.relay.streams import Stream
    from tavernlink.core.rooms.room import Room
    from tavernlink.core.rooms.rooms import Rooms
    from tavernlink.core.webhooks.book import Webhooks
    from tavernlink.core.webhooks.hook import Hook
    from tavernlink.core.work.requests import Request
    from tavernlink.protocol.event import Event

__all__ = ["Listening"]

_END: Final = "stream.end"
_UPDATE: Final = "request.update"


class Listening:
    """Brings what happens to the webhooks that want it."""

    def __init__(
        self,
        *,
        keyring: Keyring,
        directory: Directory,
        subscriptions: Subscriptions,
        rooms: Rooms,
        wanted_changed: Callable[[], None],
    ) -> None:
        self._keyring = keyring
        self._directory = directory
        self._subscriptions = subscriptions
        self._rooms = rooms
        self._wanted_changed = wanted_changed
        self._book: Webhooks

    def attach(self, book: Webhooks) -> None:
        """Begin to listen for every webhook."""
        self._book = book
        for hook in book.hooks.values():
            self._subscribe(hook)
        book.changed = self.changed
        book.is_owned = lambda hook: self.key(hook) is not None

    def changed(self, hook: Hook) -> None:
        """One wants to hear something else, or nothing any more."""
        self._subscriptions.drop(hook.session)
        self._subscribe(hook)
        self._wanted_changed()

    def _subscribe(self, hook: Hook) -> None:
        topics = hook.topics()
        if topics:
            self._subscriptions.add(hook.session, self._place(hook), topics)

    def _place(self, hook: Hook) -> Place:
        if hook.spec.room is not None:
            return in_room(hook.spec.room)
        # By name it may be any tavern; each is looked at when it says something.
        return hook.spec.tavern if hook.spec.tavern in self._directory.taverns else ANY

    def key_of(self, session: Session) -> Key | None:
        """Return the key of the webhook that hears under this session; None where there is none, or it has ended."""
        hook = self._book.by_session.get(session.id)
        return None if hook is None else self.key(hook)

    def key(self, hook: Hook) -> Key | None:
        """Return a webhook's key while it is good."""
        key_id = hook.record.key_id
        return self._keyring.find(key_id) if self._keyring.why_ended(key_id) is None else None

    # What taverns publish

    def hear(self, hook: Hook, event: Event) -> None:
        """A tavern published something that this webhook subscribed to, as its key may."""
        content: Any = event.content
        type_ = event.type
        character: str | None = None
        if isinstance(content, TavernChanged):
            tavern_id: str | None = content.tavern.tavern_id
        elif isinstance(content, HostEvent):
            tavern_id, type_ = content.tavern, f"event.{content.name}"
        elif isinstance(content, StreamStart | ChatChanged):
            tavern_id = content.tavern
            character = content.character if isinstance(content, StreamStart) else None
        else:
            return
        tavern = self._directory.taverns.get(tavern_id or "")
        if tavern is not None:
            self._take(hook, type_, content, tavern, character)

    def replied(self, tavern: Tavern, stream: Stream, end: StreamEnd) -> None:
        """A generation is over; called by the relay."""
        if stream.private:
            return
        content: dict[str, Any] | None = None
        for hook in self._book.of_key(None):
            if not hook.collects or not hook.wants(_END):
                continue
            key = self.key(hook)
            if key is None or not may_hear(key, _END) or not key.reaches_tavern(tavern.id, tavern.name):
                continue
            if content is None:
                start = stream.start
                facts = {"tavern": tavern.id, "kind": start.kind, "character": start.character}
                content = {**msgspec.to_builtins(end), **facts}
            self._take(hook, _END, content, tavern, stream.start.character)

    def _take(self, hook: Hook, type_: str, content: Any, tavern: Tavern, character: str | None) -> None:
        spec = hook.spec
        if not hook.collects or spec.tavern not in (ANY, tavern.id, tavern.name):
            return
        if spec.room is not None and not self._is_in_room(hook, spec.room, tavern):
            return
        if spec.characters:
            who = {character, tavern.state.character, tavern.state.character_id}
            if character is not None:  # of a group, the one who speaks
                who = {character, *(each.id for each in tavern.characters if each.name == character)}
            if who.isdisjoint(spec.characters):
                return
        source = {"id": tavern.id, "name": tavern.name, "kind": "tavern", "role": "tavern"}
        self._write(hook, type_, content, source)

    def _is_in_room(self, hook: Hook, room_id: str, tavern: Tavern) -> bool:
        room = next((each for each in self._rooms.of_member(tavern.id) if each.id == room_id), None)
        return room is not None and self._is_member(hook, room)

    def _is_member(self, hook: Hook, room: Room) -> bool:
        key = self.key(hook)
        return key is not None and is_member(key, room)

    # What the hub itself tells

    def told(self, room: Room, type_: str, content: Message) -> None:
        """A room's members are told something."""
        for hook in self._book.of_key(None):
            spec = hook.spec
            if not hook.collects or spec.room not in (None, room.id) or not hook.wants(type_):
                continue
            if not self._is_member(hook, room):
                continue
            self._write(hook, type_, content, {"id": room.id, "name": room.name, "kind": "room", "role": ""})

    def ended(self, request: Request) -> None:
        """A request has its final state."""
        for hook in self._book.of_key(request.key_id):
            if not hook.collects or not hook.wants(_UPDATE) or hook.spec.room is not None:
                continue
            tavern = self._directory.taverns.get(request.tavern_id)
            name = tavern.name if tavern is not None else ""
            if self.key(hook) is None or hook.spec.tavern not in (ANY, request.tavern_id, name):
                continue
            source = {"id": request.tavern_id, "name": name, "kind": "tavern", "role": "tavern"}
            self._write(hook, _UPDATE, request.update(), source)

    def _write(self, hook: Hook, type_: str, content: Any, source: dict[str, str]) -> None:
        if hook.expression is not None:
            plain = msgspec.to_builtins(content)
            parts = {"type": type_, "role": source["role"], "hops": 0, "source": source, "target": {}}
            if not hook.agrees(Facts(parts, plain, size=len(encode_json(plain)))):
                return
        tavern = {"id": source["id"], "name": source["name"]} if source["kind"] == "tavern" else None
        self._book.write(hook, type_, content, tavern)

    # Keys

    def drop_ended(self) -> None:
        """Stop the webhooks whose keys are no longer good."""
        for hook in self._book.of_key(None):
            if hook.standing.state != "stopped" and self.key(hook) is None:
                ended = self._keyring.why_ended(hook.record.key_id)
                how = "has expired" if ended == "key_expired" else "was revoked"
                self._book.stop(hook, f"Its key {how}.")


def is_member(key: Key, room: Room) -> bool:
    """True if an app of this key is in the room, or the key is an admin's."""
    if not key.reaches_room(room.id, room.name):
        return False
    return "admin" in key.held or any(each.record.key_id == key.id for each in room.members.values())
