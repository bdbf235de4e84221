"""What apps send: one small function for each message type, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tavernlink.core.access.keys import Key
from tavernlink.core.access.rights import check_scope
from tavernlink.core.limits import HubLimits
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.directory import ANY, Directory
from tavernlink.core.peers.peer import App, Peer
from tavernlink.core.peers.subscriptions import Place, Subscriptions, in_room
from tavernlink.core.rooms.room import Room
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.seams import Ack
from tavernlink.core.work.work import Work
from tavernlink.errors import BadMessage
from tavernlink.protocol.chat import ChatGet
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.subscriptions import Subscribe, Unsubscribe
from tavernlink.protocol.taverns import CharacterList, ContextGet, TavernList

__all__ = ["AppMessages"]


class AppMessages:
    """Carries out what apps ask. Each handler acks exactly once, now or later, or raises."""

    def __init__(
        self,
        *,
        directory: Directory,
        subscriptions: Subscriptions,
        work: Work,
        limits: HubLimits,
        rooms: Rooms,
        attend: Callable[[Room, Peer], None],
        wanted_changed: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._subscriptions = subscriptions
        self._work = work
        self._limits = limits
        self._rooms = rooms
        self._attend = attend
        self._wanted_changed = wanted_changed
        self.handlers: Mapping[str, Asked] = {
            "tavern.list": self._tavern_list,
            "character.list": self._character_list,
            "context.get": self._context_get,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "chat.get": self._chat_get,
        }

    def _tavern_list(self, app: App, message: TavernList, ack: Ack) -> None:
        ack(Success(result=[tavern.info() for tavern in self._directory.listed(app.key)]))

    def _character_list(self, app: App, message: CharacterList, ack: Ack) -> None:
        ack(Success(result=self._directory.characters(message.tavern, app.key)))

    def _context_get(self, app: App, message: ContextGet, ack: Ack) -> None:
        self._work.ask(
            self._directory.resolve(message.tavern, app.key), "context", {"last": message.last}, ack
        )

    def _subscribe(self, app: App, message: Subscribe, ack: Ack) -> None:
        _check_globs(app.key, message.types)
        if self._subscriptions.count(app.session) + len(message.types) > self._limits.subscriptions:
            raise BadMessage("too_large", f"An app may hold {self._limits.subscriptions} subscriptions.")
        self._subscriptions.add(app.session, self._place(app, message), message.types)
        if message.room is not None:
            self._attend(self._rooms.reach(app, message.room), app)
        ack(Success())
        self._wanted_changed()

    def _unsubscribe(self, app: App, message: Unsubscribe, ack: Ack) -> None:
        self._subscriptions.remove(app.session, self._place(app, message), message.types)
        ack(Success())
        self._wanted_changed()

    def _place(self, app: App, message: Subscribe | Unsubscribe) -> Place:
        """What a subscription is about: a tavern, every one, or those of a room that the app is a member of."""
        if message.room is not None:
            room = self._rooms.reach(app, message.room)
            room.member(app)
            return in_room(room.id)
        if message.tavern == ANY:
            return ANY
        return self._directory.resolve(message.tavern, app.key).id

    def _chat_get(self, app: App, message: ChatGet, ack: Ack) -> None:
        tavern = self._directory.resolve(message.tavern, app.key)
        limit = min(message.limit, 1_000)
        view = tavern.mirror.view(tavern.id, since=message.since, before=message.before, limit=limit)
        ack(Success(result=view))


def _check_globs(key: Key, globs: list[str]) -> None:
    """Raise `forbidden` for a glob of which nothing may be heard under this key; of a wider one it hears its part."""
    for glob in globs:
        if glob.startswith("event."):
            check_scope(key, "events:read", f"hear {glob!r}")
        elif glob.startswith("traffic."):
            check_scope(key, "admin", f"hear {glob!r}")
        elif not glob.startswith(("*", "?", "[", "e*", "ev*", "eve*", "even*", "event*")):
            check_scope(key, "chat:read", f"hear {glob!r}")
