"""The hub: peers connect, send, drop and come back; everything else is behind it.

`runtime` calls these methods from the event loop; nothing here waits. A peer's session is found by its id, so a
connection that comes back goes on where it was.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast

import msgspec

from tavernlink.core.access.audit import Audit
from tavernlink.core.access.keys import Key, Keyring
from tavernlink.core.access.messages import AccessMessages
from tavernlink.core.access.pairing import Pairings
from tavernlink.core.access.permissions import check_connect, check_send, may_hear
from tavernlink.core.inbox.inboxes import Inboxes
from tavernlink.core.inbox.messages import InboxMessages
from tavernlink.core.limits import HubLimits, RateLimit
from tavernlink.core.messages.apps import AppMessages
from tavernlink.core.messages.handlers import Asked, Published
from tavernlink.core.messages.taverns import TavernMessages
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import App, Peer, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.profiles.book import ProfileBook
from tavernlink.core.profiles.messages import ProfileMessages
from tavernlink.core.relay.relay import Relay
from tavernlink.core.rooms.house import House
from tavernlink.core.routing.rooms import HubRooms
from tavernlink.core.routing.switchboard import Switchboard
from tavernlink.core.seams import Ack, Clock, Ids, Journal, Link, Store
from tavernlink.core.work.asking import Asking
from tavernlink.core.work.handlers import WorkMessages
from tavernlink.core.work.work import Work
from tavernlink.errors import AuthError, BadMessage, TavernlinkError, Unavailable
from tavernlink.protocol import PROTOCOL_VERSION
from tavernlink.protocol.catalogue import CATALOGUE, UNCOUNTED
from tavernlink.protocol.codec import decode_content
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Failure, Success, failure_of
from tavernlink.protocol.routing import CUSTOM, CustomMessage, Route, is_custom
from tavernlink.protocol.session import Auth, Confirm, HubInfo, Limits, Resync, Welcome
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
    ) -> None:
        self.limits = limits or HubLimits()
        self.keyring = Keyring(store, clock, ids)
        self.audit = Audit(store, clock, ids, self.limits)
        self.pairings = Pairings(self.keyring, self.audit, clock, ids)
        self.directory = Directory()
        self.subscriptions = Subscriptions(self._may_hear)
        self.work = Work(self.directory, clock, ids, store, self.limits)
        self.relay = Relay(
            self.subscriptions, self.work.book, self.directory, most_streams=self.limits.streams
        )
        self._clock = clock
        self._ids = ids
        self._journal = journal
        self._store = store
        self._edition = self.keyring.edition
        """Of the keyring, when connections were last held against it."""
        self._version = version
        self._ended: OrderedDict[str, None] = OrderedDict()
        """Sessions that were ended lately, oldest first."""
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
        self._published: Mapping[str, Published] = TavernMessages(
            self.relay, self.work, self.house.hearing
        ).handlers
        """What taverns tell, tokens among it: no scope, no answer but that it came."""
        self.work_messages = WorkMessages(self.directory, self.work, self.asking, self.audit)
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
        asked: dict[str, Asked] = {
            **inbox.handlers,
            **self.switchboard.handlers,
            **access.handlers,
            **profiles.handlers,
            **apps.handlers,
            **self.work_messages.handlers,
            **self.house.handlers,
        }
        self._asked: Mapping[str, Asked] = self.switchboard.routing.guard(asked)
        """What is asked with an ack, by whichever kinds of peers the catalogue names."""

        self.work.restore(self._await_tavern)

    @property
    def trouble(self) -> TavernlinkError | None:
        """Why the hub cannot keep what it is told just now; None while all is well."""
        return self._store.trouble

    @property
    def puts(self) -> int:
        """How often something was put into the store, or taken out of it."""
        return self._store.puts

    # Connecting

    def connect(self, auth: Auth, key: Key, link: Link, address: str, *, keep: bool = True) -> Peer:
        """Let a peer in, send it `welcome` and what it missed, and return it.

        `keep` False makes a session that ends with its line, for peers inside this process. Raises `AuthError`
        (`protocol_unsupported`, `forbidden`) or `Unavailable`.
        """
        if auth.protocol != PROTOCOL_VERSION:
            raise AuthError(
                "protocol_unsupported",
                f"You speak protocol {auth.protocol}, this hub (version {self._version}) speaks {PROTOCOL_VERSION}. "
                "Update the older side.",
                {"peer": auth.protocol, "hub": PROTOCOL_VERSION},
            )
        if keep:
            # A peer inside this process speaks for one request: its messages are held against the table one by one.
            check_connect(key.role, auth.role)
        if auth.role == "tavern" and not key.reaches_tavern(auth.id or "", auth.name):
            raise AuthError(
                "forbidden", "This key is for other taverns: neither this id nor this name is in its limits."
            )
        resumed = self._resume(auth, key, link, address)
        if resumed is not None:
            return resumed
        lost = self._why_lost(auth)
        if len(self.directory.sessions) >= self.limits.peers:
            raise Unavailable(
                "busy", "The hub has as many connections as its settings allow. Try again later."
            )
        bounds = (
            self.limits.bounds if keep else msgspec.structs.replace(self.limits.bounds, kept=0, kept_bytes=0)
        )
        session = Session(self._ids.new("s"), bounds)
        session.link = link
        peer: App | Tavern
        if auth.role == "tavern":
            peer = self._new_tavern(auth, key, session, address)
        else:
            rate = RateLimit(self.limits.app_rate, self.limits.app_burst, self._clock.now())
            peer = App(
                auth.id or self._ids.new("a"),
                name=auth.name or key.name,
                key=key,
                session=session,
                rate=rate,
                address=address,
                chosen=keep and auth.id is not None,
            )
        self.directory.sessions[session.id] = peer
        self.switchboard.addresses.add(peer)
        self._welcome(peer, resumed=False)
        if lost is not None:
            session.notify(Event("resync", Resync(reason=lost)))
        self.house.presence.came(peer)
        if isinstance(peer, Tavern):
            self._tavern_came(peer)
        elif peer.chosen:
            self.inboxes.came(peer)
        if keep:
            self._journal(
                "peer.connected",
                role=auth.role,
                id=peer.id,
                name=peer.name,
                key=key.id,
                address=address,
                lost=lost,
            )
            self.audit.record("login", peer, target=peer.id, kind=auth.role)
        return peer

    def _resume(self, auth: Auth, key: Key, link: Link, address: str) -> Peer | None:
        if auth.resume is None:
            return None
        peer = self.directory.sessions.get(auth.resume.session)
        kind = Tavern if auth.role == "tavern" else App
        if peer is None or type(peer) is not kind or peer.key.id != key.id:
            return None
        session = peer.session
        if not session.can_resume(auth.resume.count):
            return None
        self._drop_line(peer)
        session.attach(link, auth.resume.count)
        peer.key, peer.address = key, address
        self._welcome(peer, resumed=True)
        session.flush()
        self.house.presence.back(peer)
        if isinstance(peer, Tavern):
            self.work.dispatch(peer)
            self.work.looked(peer)
            self.relay.tavern(peer)
        else:
            self.inboxes.back(peer)
        self._journal("peer.resumed", role=auth.role, id=peer.id, name=peer.name, key=key.id, address=address)
        return peer

    def _why_lost(self, auth: Auth) -> str | None:
        """Say why the session that the peer names cannot go on; None where it names none.

        A hub that still knows the session, or that ended it, has forgotten events of it, but no request: the peer may
        ask again. One that does not know it was started since; what it had acknowledged, it still has.
        """
        if auth.resume is None:
            return None
        if auth.resume.session in self.directory.sessions:
            return "backlog_overflow"
        return "session_expired" if auth.resume.session in self._ended else "session_unknown"

    def _new_tavern(self, auth: Auth, key: Key, session: Session, address: str) -> Tavern:
        tavern_id = auth.id or self._ids.new("t")
        known = self.directory.taverns.get(tavern_id)
        rate = RateLimit(self.limits.tavern_rate, self.limits.tavern_burst, self._clock.now())
        if known is None:
            lanes = self.work.new_lanes()
            joined = self.directory.next_joined()
            name = auth.name or tavern_id
            known = Tavern(
                tavern_id,
                name=name,
                key=key,
                session=session,
                rate=rate,
                address=address,
                lanes=lanes,
                joined=joined,
            )
            self.directory.taverns[tavern_id] = known
        else:
            if known.online and known.key.id != key.id:
                raise AuthError("forbidden", f"The tavern id {tavern_id!r} is in use under another key.")
            self._drop_line(known)
            if auth.reports:
                self._begin_again(known)
            else:
                self._end_session(known, _why_gone(known))
            known.name = auth.name or known.name
            known.key, known.session, known.rate, known.address = key, session, rate, address
            known.wanted = []
        known.versions = auth.versions
        return known

    def _tavern_came(self, tavern: Tavern) -> None:
        self.subscriptions.changed()  # its name may be within the limits of other keys than before
        self._tell_wanted()
        self.relay.tavern(tavern)
        self.work.dispatch(tavern)

    def _welcome(self, peer: Peer, *, resumed: bool) -> None:
        limits = Limits(
            max_payload=self.limits.max_payload,
            session_seconds=self.limits.tavern_grace if isinstance(peer, Tavern) else self.limits.app_session,
            confirm_every=self.limits.confirm_every,
        )
        peer.session.confirmed = peer.session.received
        peer.session.notify(
            Event(
                "welcome",
                Welcome(
                    session=peer.session.id,
                    id=peer.id,
                    protocol=PROTOCOL_VERSION,
                    hub=HubInfo(version=self._version),
                    server_time=self._clock.wall(),
                    resumed=resumed,
                    count=peer.session.received,
                    limits=limits,
                ),
            )
        )

    # Receiving

    def receive(self, peer: Peer, type_: str, content: bytes | msgspec.Raw, ack: Ack | None) -> None:
        """Take one message from a peer. Bad input goes to the ack as an outcome, and never further."""
        session = peer.session
        # What a tavern asks has its ack; only what it tells is kept by it until it is counted.
        if type_ not in UNCOUNTED and (type_ in self._published or not self._is_asked(peer, type_)):
            session.received += 1
        try:
            if type_ == "confirm" and self._take_confirm(session, content):
                # Free, as long as it says something new: whoever hears much confirms much.
                if ack is not None:
                    ack(Success())
                return
            if not peer.rate.spend() and not peer.rate.refill(self._clock.now()):
                raise BadMessage("rate_limited", details={"retry_after": 1})
            if isinstance(peer, Tavern):
                if session.received - session.confirmed >= self.limits.confirm_every:
                    self._confirm(session)
                publish = self._published.get(type_)
                if publish is not None:
                    publish(peer, decode_content(type_, content))
                    if ack is not None:
                        ack(Success())
                    return
            self._receive_asked(peer, type_, content, _no_ack if ack is None else self._kept(ack))
        except TavernlinkError as error:
            self._journal(
                "message.refused", id=peer.id, type=type_[:100], code=error.code, why=error.message[:500]
            )
            if error.code == "forbidden":
                self.audit.record("permission.refused", peer, target=type_[:100], why=error.message)
            if ack is not None:
                ack(failure_of(error))

    def _receive_asked(self, peer: Peer, type_: str, content: bytes | msgspec.Raw, ack: Ack) -> None:
        if type_ == "confirm":
            ack(Success())  # one that says nothing new
            return
        row = CATALOGUE.get(type_)
        handler = self._asked.get(type_)
        if is_custom(type_):
            check_send(peer.key, CUSTOM)
            message = cast("CustomMessage", decode_content(type_, content))
            self.switchboard.routing.receive(peer, type_, message, ack)
        elif row is None:
            self._refuse_unknown(type_)
        elif handler is None or ("tavern" if isinstance(peer, Tavern) else "app") not in row.senders:
            raise BadMessage("not_for_this_role", f"{type_!r} is not sent to the hub by this kind of peer.")
        else:
            check_send(peer.key, type_)
            handler(peer, decode_content(type_, content), ack)

    def _is_asked(self, peer: Peer, type_: str) -> bool:
        """True for what a tavern sends with an ack: it does not keep that until it is counted."""
        return isinstance(peer, Tavern) and (type_ in self._asked or is_custom(type_))

    def _kept(self, ack: Ack) -> Ack:
        """Hold an outcome back until what its handler wrote is on disk: what was acknowledged is kept."""
        store, before = self._store, self._store.puts

        def answer(outcome: Success | Failure) -> None:
            if store.puts == before:
                ack(outcome)
            else:
                store.after_commit(lambda: ack(outcome), lambda error: ack(failure_of(error)))

        return answer

    @staticmethod
    def _refuse_unknown(type_: str) -> NoReturn:
        raise BadMessage(
            "unknown_type", f"The hub does not know the message type {type_[:100]!r}.", {"type": type_[:100]}
        )

    @staticmethod
    def _take_confirm(session: Session, content: bytes | msgspec.Raw) -> bool:
        message = decode_content("confirm", content)
        before = session.base
        if isinstance(message, Confirm):
            session.confirm(message.count)
        return session.base != before

    def _confirm(self, session: Session) -> None:
        """Tell a tavern how far the hub is; what it reported may be forgotten there only when it is on disk here."""
        count = session.confirmed = session.received
        self._store.after_commit(lambda: session.notify(Event("confirm", Confirm(count=count))))

    # Leaving

    def disconnected(self, peer: Peer, link: Link) -> None:
        """A line dropped. The session lives on for its time; one that was kept for nobody ends."""
        session = peer.session
        if session.link is not link:
            return  # another line took over before this one was seen to be gone
        now = self._clock.now()
        if isinstance(peer, Tavern):
            session.detach(now + self.limits.tavern_grace)
            self.relay.tavern(peer)
            self.work.tavern_left(peer)
            self.house.presence.away(peer)
        else:
            session.detach(now + self.limits.app_session)
            self.house.presence.away(peer)
            if not session.bounds.kept:
                self._end_app(peer)
                return
        self._journal("peer.disconnected", id=peer.id, name=peer.name)

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
        self.keyring.refresh()
        # Not what `refresh` found just now: a connect a moment ago may have read the change already.
        if self.keyring.edition != self._edition:
            self._edition = self.keyring.edition
            self._hold_against_keys()
        for peer in list(self.directory.sessions.values()):
            session = peer.session
            if session.expires is not None and now >= session.expires:
                if isinstance(peer, Tavern):
                    self._end_session(peer, _why_gone(peer))
                    self.house.presence.gone(peer)
                    session.expires = None
                else:
                    self._end_app(peer)
            elif session.received != session.confirmed and isinstance(peer, Tavern):
                self._confirm(session)
        self.work.tick(now)
        self.house.presence.tick(now)
        self.inboxes.tick()
        for tavern in list(self.directory.taverns.values()):
            self._forget_if_idle(tavern)

    def stop(self) -> None:
        """Tell every peer that the hub goes."""
        for peer in list(self.directory.sessions.values()):
            if peer.session.link is not None:
                peer.session.link.close("hub_stopping", "The hub is shutting down.")

    def _end_session(self, tavern: Tavern, error: TavernlinkError) -> None:
        """The tavern's page is gone for good: what ran in it fails, its streams end, what waits may move on."""
        self._forget(tavern.session)
        self.relay.end_all(tavern, error)
        self.work.fail_running(tavern, error)
        self.work.move_waiting(tavern)

    def _begin_again(self, tavern: Tavern) -> None:
        """A new session of a tavern that will say which commands it knows: until then what ran there runs."""
        self._forget(tavern.session)
        self.relay.end_all(tavern, Unavailable("interrupted"))
        self.work.fail_asked(tavern, _GONE)
        tavern.report_due = self._clock.now() + self.limits.report_time
        tavern.unsure = frozenset(request.wire_id for request in tavern.lanes.taken())

    def _await_tavern(self, id_: str, name: str) -> Tavern:
        """Return a tavern that was here before this hub was started; it has its grace to come back."""
        known = self.directory.taverns.get(id_)
        if known is not None:
            return known
        key = Key(id="", role="tavern", name=name, digest=b"", created=0.0)
        now = self._clock.now()
        tavern = Tavern(
            id_,
            name=name or id_,
            key=key,
            session=Session(self._ids.new("s"), self.limits.bounds),
            rate=RateLimit(self.limits.tavern_rate, self.limits.tavern_burst, now),
            address="",
            lanes=self.work.new_lanes(),
            joined=self.directory.next_joined(),
        )
        tavern.session.lost = True  # nobody has it
        tavern.session.expires = now + self.limits.tavern_grace
        tavern.report_due = tavern.session.expires
        self.directory.taverns[id_] = tavern
        self.directory.sessions[tavern.session.id] = tavern
        return tavern

    def _forget_if_idle(self, tavern: Tavern) -> None:
        if tavern.session.id not in self.directory.sessions and not tavern.lanes.waiting:
            del self.directory.taverns[tavern.id]

    def _end_app(self, app: Peer) -> None:
        session = app.session
        self._forget(session)
        if isinstance(app, App):
            self.inboxes.ended(app)
        self.house.presence.gone(app)
        self.subscriptions.drop(session)
        self.work.book.forget_session(session)
        self._tell_wanted()

    def _forget(self, session: Session) -> None:
        self.switchboard.addresses.discard(session)
        if self.directory.sessions.pop(session.id, None) is not None and session.bounds.kept:
            self._ended[session.id] = None
            while len(self._ended) > _REMEMBERED:
                self._ended.popitem(last=False)

    def _drop_line(self, peer: Peer) -> None:
        link, peer.session.link = peer.session.link, None
        if link is not None:
            link.close("replaced", "Another connection took over this identity.")

    def _may_write(self, receiver: str, sender: str) -> bool:
        """True if messages under one key may wait for an app of the other."""
        to, by = self.keyring.find(receiver), self.keyring.find(sender)
        if to is None or by is None or self.keyring.why_ended(receiver) is not None:
            return False
        return "chat:read" in to.held and (by.role != "tavern" or to.taverns is None)

    def _hold_against_keys(self) -> None:
        """End the connections of keys that are no longer good; let the others have what their keys now allow."""
        for peer in list(self.directory.sessions.values()):
            key = self.keyring.find(peer.key.id)
            ended = self.keyring.why_ended(peer.key.id)
            if ended is None and key is not None and key.role == peer.key.role:
                peer.key = key
                continue
            peer.session.lost = True
            if peer.session.link is not None:
                how = "has expired" if ended == "key_expired" else "was revoked"
                peer.session.link.close(ended or "key_revoked", f"The key of this connection {how}.")
        self.subscriptions.changed()
        self._tell_wanted()

    def _may_hear(self, session: Session, tavern_id: str, topic: str) -> bool:
        """True if the key of this session lets it hear this topic of this tavern."""
        if session is self.switchboard.listener.session:
            return True  # the rules' own
        peer = self.directory.peer_of(session)
        if peer is None or not may_hear(peer.key, topic):
            return False
        if peer.key.taverns is None:
            return True
        tavern = self.directory.taverns.get(tavern_id)
        return peer.key.reaches_tavern(tavern_id, tavern.name if tavern else tavern_id)

    def _tell_wanted(self) -> None:
        """Tell each tavern which of SillyTavern's events somebody wants, where that changed."""
        for tavern in self.directory.taverns.values():
            if tavern.session.id not in self.directory.sessions:
                continue
            wanted = self.subscriptions.wanted_events(tavern.id)
            if wanted != tavern.wanted:
                tavern.wanted = wanted
                tavern.session.deliver(Event("events.wanted", EventsWanted(names=wanted)))


def _why_gone(tavern: Tavern) -> Unavailable:
    """What ran here before the hub was started may have ended well, without a word of it."""
    return _GONE if tavern.report_due is None else Unavailable("interrupted")


def _no_ack(outcome: Any) -> None:
    """For a message whose sender asked for no answer."""
