"""The hub: everything of the core, wired together. `runtime` calls it from the event loop; nothing here waits."""

from __future__ import annotations

from collections.abc import Sequence

from tavernlink.core.access.audit import Audit
from tavernlink.core.access.keys import Keyring
from tavernlink.core.access.messages import AccessMessages
from tavernlink.core.access.pairing import Pairings
from tavernlink.core.access.rights import is_of_hub, may_hear
from tavernlink.core.access.tickets import Tickets
from tavernlink.core.automation import Automation
from tavernlink.core.functions.functions import Functions
from tavernlink.core.inbox.inboxes import Inboxes
from tavernlink.core.inbox.messages import InboxMessages
from tavernlink.core.limits import HubLimits
from tavernlink.core.logs import LogMessages
from tavernlink.core.messages.apps import AppMessages
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.messages.reception import Reception
from tavernlink.core.messages.taverns import TavernMessages
from tavernlink.core.peers.attendance import Attendance
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.profiles.book import ProfileBook
from tavernlink.core.profiles.messages import ProfileMessages
from tavernlink.core.relay.relay import Relay
from tavernlink.core.rooms.house import House
from tavernlink.core.routing.rooms import HubRooms
from tavernlink.core.routing.switchboard import Switchboard
from tavernlink.core.seams import Clock, Ids, Journal, Link, LogSource, Store
from tavernlink.core.statistics.flows import Flows
from tavernlink.core.statistics.measures import Measures, NoMeasures
from tavernlink.core.statistics.statistics import Statistics
from tavernlink.core.statistics.traffic import Traffic
from tavernlink.core.work.asking import Asking
from tavernlink.core.work.commands import CommandMessages
from tavernlink.core.work.handlers import WorkMessages
from tavernlink.core.work.queue_news import QueueNews
from tavernlink.core.work.watching import Watching
from tavernlink.core.work.work import Work
from tavernlink.errors import TavernlinkError, Unavailable
from tavernlink.protocol.event import Event
from tavernlink.protocol.routing import Route
from tavernlink.protocol.taverns import EventsWanted

__all__ = ["Hub"]

_GONE = Unavailable("tavern_gone")
_REMEMBERED = 20_000  # ended sessions of which a peer is told that they expired


class Hub:
    """The synchronous whole of the product."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        store: Store,
        journal: Journal,
        version: str,
        limits: HubLimits | None = None,
        routes: Sequence[Route] = (),
        measures: Measures | None = None,
        logs: LogSource | None = None,
    ) -> None:
        self.limits = limits or HubLimits()
        self.keyring = Keyring(store, clock, ids)
        self.audit = Audit(store, clock, ids, self.limits)
        self.pairings = Pairings(self.keyring, self.audit, clock, ids)
        self.tickets = Tickets(self.keyring, self.audit, clock, ids)
        self.directory = Directory()
        self.subscriptions = Subscriptions(self._may_hear)
        self.work = Work(self.directory, clock, ids, store, self.limits)
        self.traffic = Traffic(self.directory)
        self.relay = Relay(
            self.subscriptions,
            self.work.book,
            self.directory,
            self.traffic,
            most_streams=self.limits.streams,
        )
        self._clock = clock
        self._store = store
        self.asking = Asking(self.work, self.directory, clock, ids, self.limits)
        self.house = House(
            store=store,
            clock=clock,
            ids=ids,
            limits=self.limits,
            directory=self.directory,
            subscriptions=self.subscriptions,
            work=self.work,
            asking=self.asking,
            audit=self.audit,
            wanted_changed=self._tell_wanted,
        )
        self.rooms = self.house.rooms
        self.relay.replied.append(self.house.hearing.reply)
        apps = AppMessages(
            directory=self.directory,
            subscriptions=self.subscriptions,
            work=self.work,
            limits=self.limits,
            rooms=self.rooms,
            attend=self.house.presence.attach,
            wanted_changed=self._tell_wanted,
        )
        watching = Watching(
            work=self.work, directory=self.directory, subscriptions=self.subscriptions, clock=clock
        )
        self.work_messages = WorkMessages(self.directory, self.work, self.asking, self.audit, watching)
        self.work_messages.to_room = self.house.speaking.send
        self.work_messages.for_room = self.house.speaking.generate
        self.profiles = ProfileBook(store.profile_versions, store.profile_contents, clock)
        profiles = ProfileMessages(
            self.profiles,
            directory=self.directory,
            subscriptions=self.subscriptions,
            asking=self.asking,
            audit=self.audit,
        )
        access = AccessMessages(
            keyring=self.keyring,
            pairings=self.pairings,
            audit=self.audit,
            directory=self.directory,
            subscriptions=self.subscriptions,
            clock=clock,
        )
        self.switchboard = Switchboard(
            store=store,
            settings=routes,
            clock=clock,
            ids=ids,
            journal=journal,
            limits=self.limits,
            audit=self.audit,
            directory=self.directory,
            subscriptions=self.subscriptions,
            rooms=HubRooms(self.rooms, self.house.speaking),
            wanted_changed=self._tell_wanted,
        )
        self.switchboard.listen()
        self.relay.replied.append(self.switchboard.listener.replied)
        self.inboxes = Inboxes(store.inbox_owners, store.inbox, clock, self.limits, self._may_write)
        inbox = InboxMessages(self.inboxes, self.directory)
        self.work.over = inbox.request_over
        self.switchboard.post.absent = self.inboxes.keep_for
        self.switchboard.post.away = inbox.missed
        self.rooms.away = self.inboxes.keep
        commands = CommandMessages(self.directory, self.asking, self.audit)
        self.functions = Functions(
            directory=self.directory,
            subscriptions=self.subscriptions,
            clock=clock,
            ids=ids,
            limits=self.limits,
            audit=self.audit,
            journal=journal,
            run=commands.handlers["command.run"],
            cancel=self.work_messages.handlers["request.cancel"],
        )
        self.functions.calls.over = inbox.call_over
        self.switchboard.routing.calls.function = self.functions.call_inside
        self.automation = Automation(
            store=store,
            clock=clock,
            ids=ids,
            journal=journal,
            limits=self.limits,
            keyring=self.keyring,
            audit=self.audit,
            directory=self.directory,
            subscriptions=self.subscriptions,
            rooms=self.rooms,
            relay=self.relay,
            work=self.work,
            entrance=self,
            wanted_changed=self._tell_wanted,
        )
        self._logs = LogMessages(logs, self.subscriptions)
        self.statistics = Statistics(
            directory=self.directory,
            subscriptions=self.subscriptions,
            keyring=self.keyring,
            rooms=self.rooms,
            relay=self.relay,
            work=self.work,
            traffic=self.traffic,
            measures=measures or NoMeasures(),
            clock=clock,
        )
        Flows(
            self.traffic,
            self.directory,
            work=self.work,
            rooms=self.rooms,
            post=self.switchboard.post,
            calls=self.functions.calls,
        )
        asked: dict[str, Asked] = {
            **self.statistics.handlers,
            **self._logs.handlers,
            **self.automation.handlers,
            **inbox.handlers,
            **self.switchboard.handlers,
            **access.handlers,
            **profiles.handlers,
            **apps.handlers,
            **self.work_messages.handlers,
            **commands.handlers,
            **self.house.handlers,
            **self.functions.handlers,
        }
        self._queue_news = QueueNews(self.directory, self.keyring)
        self._reception = Reception(
            asked=self.switchboard.routing.guard(asked),
            published={
                **TavernMessages(self.relay, self.work, self.house.hearing, self._queue_news).handlers,
                **self.functions.published,
            },
            routing=self.switchboard.routing,
            limits=self.limits,
            store=store,
            clock=clock,
            journal=journal,
            audit=self.audit,
            traffic=self.traffic,
        )
        self._attendance = Attendance(
            limits=self.limits,
            keyring=self.keyring,
            audit=self.audit,
            directory=self.directory,
            subscriptions=self.subscriptions,
            work=self.work,
            relay=self.relay,
            presence=self.house.presence,
            addresses=self.switchboard.addresses,
            inboxes=self.inboxes,
            functions=self.functions,
            clock=clock,
            ids=ids,
            journal=journal,
            version=version,
            wanted_changed=self._tell_wanted,
        )
        # Not methods around methods: tokens come this way.
        self.connect = self._attendance.connect
        self.disconnected = self._attendance.disconnected
        self.receive = self._reception.receive
        self.work.restore(self._attendance.await_tavern)

    @property
    def trouble(self) -> TavernlinkError | None:
        """Why the hub cannot keep what it is told just now; None while all is well."""
        return self._store.trouble

    @property
    def puts(self) -> int:
        """How often something was put into the store, or taken out of it."""
        return self._store.puts

    def link_blocked(self, peer: Peer, link: Link) -> None:
        """The line's write buffer is over its mark: hold what comes."""
        if peer.session.link is link:
            peer.session.blocked = True

    def link_ready(self, peer: Peer, link: Link) -> None:
        """The line takes more: send what was held."""
        if peer.session.link is link and peer.session.blocked:
            peer.session.blocked = False
            peer.session.flush()

    def tick(self) -> None:
        """Let time pass: sessions end, requests time out, keys are re-read, taverns learn how far the hub is."""
        now = self._clock.now()
        self._attendance.tick(now)
        for peer in list(self.directory.sessions.values()):
            if peer.session.received != peer.session.confirmed and isinstance(peer, Tavern):
                self._reception.confirm(peer.session)
        self.work.tick(now)
        self._queue_news.tick()
        self.house.presence.tick(now)
        self.inboxes.tick()
        self.functions.tick(now)
        self.automation.tick()
        self._logs.tick()
        self._attendance.forget_idle()
        self.statistics.tick(now)

    def stop(self) -> None:
        """Tell every peer that the hub goes."""
        self.functions.close()
        for peer in list(self.directory.sessions.values()):
            if peer.session.link is not None:
                peer.session.link.close("hub_stopping", "The hub is shutting down.")

    def _may_write(self, receiver: str, sender: str) -> bool:
        """True if messages under one key may wait for an app of the other."""
        to, by = self.keyring.find(receiver), self.keyring.find(sender)
        if to is None or by is None or self.keyring.why_ended(receiver) is not None:
            return False
        return "chat:read" in to.held and (by.role != "tavern" or to.taverns is None)

    def _may_hear(self, session: Session, tavern_id: str, topic: str) -> bool:
        """True if the key of this session lets it hear this topic of this tavern."""
        if session is self.switchboard.listener.session:
            return True  # the rules' own
        peer = self.directory.peer_of(session)
        key = self.automation.key_of(session) if peer is None else peer.key
        if key is None or not may_hear(key, topic):
            return False
        if key.taverns is None or is_of_hub(topic):
            return True
        tavern = self.directory.taverns.get(tavern_id)
        return key.reaches_tavern(tavern_id, tavern.name if tavern else tavern_id)

    def _tell_wanted(self) -> None:
        """Tell each tavern which of SillyTavern's events somebody wants, where that changed."""
        for tavern in self.directory.taverns.values():
            if tavern.session.id not in self.directory.sessions:
                continue
            wanted = self.subscriptions.wanted_events(tavern.id)
            if wanted != tavern.wanted:
                tavern.wanted = wanted
                tavern.session.deliver(Event("events.wanted", EventsWanted(names=wanted)))
