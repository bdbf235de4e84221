"""The parts of routing, put together for the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tavernlink.core.access.audit import Audit
from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.routing.addresses import Addresses, RoomDoors
from tavernlink.core.routing.listener import Listener
from tavernlink.core.routing.messages import RouteMessages
from tavernlink.core.routing.planner import Planner
from tavernlink.core.routing.post import Post
from tavernlink.core.routing.routing import Routing
from tavernlink.core.routing.rulebook import RuleBook
from tavernlink.core.seams import Clock, Ids, Journal, Store
from tavernlink.protocol.routing import Route

__all__ = ["Switchboard"]


class Switchboard:
    """Messages from peer to peer, the rules, and what admins may ask of them."""

    def __init__(
        self,
        *,
        store: Store,
        settings: Iterable[Route],
        clock: Clock,
        ids: Ids,
        journal: Journal,
        limits: HubLimits,
        audit: Audit,
        directory: Directory,
        subscriptions: Subscriptions,
        rooms: RoomDoors,
        wanted_changed: Callable[[], None],
    ) -> None:
        self.book = RuleBook(shelf=store.routes, settings=settings, clock=clock, ids=ids, journal=journal)
        self.addresses = Addresses(directory, rooms)
        self.post = Post(self.addresses, subscriptions, clock)
        self.routing = Routing(
            book=self.book,
            addresses=self.addresses,
            planner=Planner(self.book, self.addresses.words, clock.now),
            post=self.post,
            ids=ids,
            journal=journal,
            limits=limits,
        )
        self.listener = Listener(
            subscriptions,
            directory,
            session_id=ids.new("s"),
            hear=self.routing.hear,
            wanted_changed=wanted_changed,
        )
        self.book.changed = self.listen
        self.handlers = RouteMessages(self.routing, audit).handlers

    def listen(self) -> None:
        """Hear of taverns what the rules want, and nothing else."""
        self.listener.listen(self.book.topics())
