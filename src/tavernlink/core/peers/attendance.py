"""Attendance: peers connect, lose their line, come back to their session, and go for good.

A session is found by its id, so a connection that comes back goes on where it was.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from tavernlink.core.access.audit import Audit
from tavernlink.core.access.keys import Key, Keyring
from tavernlink.core.access.rights import check_connect
from tavernlink.core.functions.functions import Functions
from tavernlink.core.inbox.inboxes import Inboxes
from tavernlink.core.limits import HubLimits, RateLimit
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import App, Peer, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.relay.relay import Relay
from tavernlink.core.rooms.presence import Presence
from tavernlink.core.routing.addresses import Addresses
from tavernlink.core.seams import Clock, Ids, Journal, Link
from tavernlink.core.work.work import Work
from tavernlink.errors import AuthError, TavernlinkError, Unavailable
from tavernlink.protocol import PROTOCOL_VERSION
from tavernlink.protocol.event import Event
from tavernlink.protocol.session import Auth, HubInfo, Limits, Resync, Welcome

__all__ = ["Attendance"]

_GONE = Unavailable("tavern_gone")
_REMEMBERED = 20_000  # ended sessions of which a peer is told that they expired


class Attendance:
    """Who is here, and what happens to everything else when that changes."""

    def __init__(
        self,
        *,
        limits: HubLimits,
        keyring: Keyring,
        audit: Audit,
        directory: Directory,
        subscriptions: Subscriptions,
        work: Work,
        relay: Relay,
        presence: Presence,
        addresses: Addresses,
        inboxes: Inboxes,
        functions: Functions,
        clock: Clock,
        ids: Ids,
        journal: Journal,
        version: str,
        wanted_changed: Callable[[], None],
    ) -> None:
        self._limits = limits
        self._keyring = keyring
        self._audit = audit
        self._directory = directory
        self._subscriptions = subscriptions
        self._work = work
        self._relay = relay
        self._presence = presence
        self._addresses = addresses
        self._inboxes = inboxes
        self._functions = functions
        self._clock = clock
        self._ids = ids
        self._journal = journal
        self._version = version
        self._wanted_changed = wanted_changed
        self._edition = keyring.edition
        """Of the keyring, when connections were last held against it."""
        self._ended: OrderedDict[str, None] = OrderedDict()
        """Sessions that were ended lately, oldest first."""

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
        if len(self._directory.sessions) >= self._limits.peers:
            raise Unavailable(
                "busy", "The hub has as many connections as its settings allow. Try again later."
            )
        bounds = (
            self._limits.bounds
            if keep
            else msgspec.structs.replace(self._limits.bounds, kept=0, kept_bytes=0)
        )
        session = Session(self._ids.new("s"), bounds)
        session.link = link
        peer: App | Tavern
        if auth.role == "tavern":
            peer = self._new_tavern(auth, key, session, address)
        else:
            rate = RateLimit(self._limits.app_rate, self._limits.app_burst, self._clock.now())
            peer = App(
                auth.id or self._ids.new("a"),
                name=auth.name or key.name,
                key=key,
                session=session,
                rate=rate,
                address=address,
                chosen=keep and auth.id is not None,
            )
        self._directory.sessions[session.id] = peer
        self._addresses.add(peer)
        self._welcome(peer, resumed=False)
        if lost is not None:
            session.notify(Event("resync", Resync(reason=lost)))
        self._presence.came(peer)
        if isinstance(peer, Tavern):
            self._tavern_came(peer)
        elif peer.chosen:
            self._inboxes.came(peer)
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
            self._audit.record("login", peer, target=peer.id, kind=auth.role)
        return peer

    def _resume(self, auth: Auth, key: Key, link: Link, address: str) -> Peer | None:
        if auth.resume is None:
            return None
        peer = self._directory.sessions.get(auth.resume.session)
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
        self._presence.back(peer)
        if isinstance(peer, Tavern):
            self._work.dispatch(peer)
            self._work.looked(peer)
            self._relay.tavern(peer)
        else:
            self._inboxes.back(peer)
        self._journal("peer.resumed", role=auth.role, id=peer.id, name=peer.name, key=key.id, address=address)
        return peer

    def _why_lost(self, auth: Auth) -> str | None:
        """Say why the session that the peer names cannot go on; None where it names none.

        A hub that still knows the session, or that ended it, has forgotten events of it, but no request: the peer may
        ask again. One that does not know it was started since; what it had acknowledged, it still has.
        """
        if auth.resume is None:
            return None
        if auth.resume.session in self._directory.sessions:
            return "backlog_overflow"
        return "session_expired" if auth.resume.session in self._ended else "session_unknown"

    def _new_tavern(self, auth: Auth, key: Key, session: Session, address: str) -> Tavern:
        tavern_id = auth.id or self._ids.new("t")
        known = self._directory.taverns.get(tavern_id)
        rate = RateLimit(self._limits.tavern_rate, self._limits.tavern_burst, self._clock.now())
        if known is None:
            lanes = self._work.new_lanes()
            joined = self._directory.next_joined()
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
            self._directory.taverns[tavern_id] = known
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
        known.commands = None if auth.commands is None else frozenset(auth.commands)
        return known

    def _tavern_came(self, tavern: Tavern) -> None:
        self._subscriptions.changed()  # its name may be within the limits of other keys than before
        self._wanted_changed()
        self._relay.tavern(tavern)
        self._work.dispatch(tavern)

    def _welcome(self, peer: Peer, *, resumed: bool) -> None:
        limits = Limits(
            max_payload=self._limits.max_payload,
            session_seconds=self._limits.tavern_grace
            if isinstance(peer, Tavern)
            else self._limits.app_session,
            confirm_every=self._limits.confirm_every,
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

    def disconnected(self, peer: Peer, link: Link) -> None:
        """A line dropped. The session lives on for its time; one that was kept for nobody ends."""
        session = peer.session
        if session.link is not link:
            return  # another line took over before this one was seen to be gone
        now = self._clock.now()
        if isinstance(peer, Tavern):
            session.detach(now + self._limits.tavern_grace)
            self._relay.tavern(peer)
            self._work.tavern_left(peer)
            self._presence.away(peer)
        else:
            session.detach(now + self._limits.app_session)
            self._presence.away(peer)
            if not session.bounds.kept:
                self._end_app(peer)
                return
        self._journal("peer.disconnected", id=peer.id, name=peer.name)

    def tick(self, now: float) -> None:
        """Let time pass: keys are re-read, sessions end."""
        self._keyring.refresh()
        # Not what `refresh` found just now: a connect a moment ago may have read the change already.
        if self._keyring.edition != self._edition:
            self._edition = self._keyring.edition
            self._hold_against_keys()
        for peer in list(self._directory.sessions.values()):
            session = peer.session
            if session.expires is not None and now >= session.expires:
                if isinstance(peer, Tavern):
                    self._end_session(peer, _why_gone(peer))
                    self._presence.gone(peer)
                    session.expires = None
                else:
                    self._end_app(peer)

    def forget_idle(self) -> None:
        """Forget taverns that are gone and for which nothing waits."""
        for tavern in list(self._directory.taverns.values()):
            if tavern.session.id not in self._directory.sessions and not tavern.lanes.waiting:
                del self._directory.taverns[tavern.id]

    def _end_session(self, tavern: Tavern, error: TavernlinkError) -> None:
        """The tavern's page is gone for good: what ran in it fails, its streams end, what waits may move on."""
        self._forget(tavern.session)
        self._relay.end_all(tavern, error)
        self._work.fail_running(tavern, error)
        self._work.move_waiting(tavern)

    def _begin_again(self, tavern: Tavern) -> None:
        """A new session of a tavern that will say which commands it knows: until then what ran there runs."""
        self._forget(tavern.session)
        self._relay.end_all(tavern, Unavailable("interrupted"))
        self._work.fail_asked(tavern, _GONE)
        tavern.report_due = self._clock.now() + self._limits.report_time
        tavern.unsure = frozenset(request.wire_id for request in tavern.lanes.taken())

    def await_tavern(self, id_: str, name: str) -> Tavern:
        """Return a tavern that was here before this hub was started; it has its grace to come back."""
        known = self._directory.taverns.get(id_)
        if known is not None:
            return known
        key = Key(id="", role="tavern", name=name, digest=b"", created=0.0)
        now = self._clock.now()
        tavern = Tavern(
            id_,
            name=name or id_,
            key=key,
            session=Session(self._ids.new("s"), self._limits.bounds),
            rate=RateLimit(self._limits.tavern_rate, self._limits.tavern_burst, now),
            address="",
            lanes=self._work.new_lanes(),
            joined=self._directory.next_joined(),
        )
        tavern.session.lost = True  # nobody has it
        tavern.session.expires = now + self._limits.tavern_grace
        tavern.report_due = tavern.session.expires
        self._directory.taverns[id_] = tavern
        self._directory.sessions[tavern.session.id] = tavern
        return tavern

    def _end_app(self, app: Peer) -> None:
        session = app.session
        self._forget(session)
        if isinstance(app, App):
            self._inboxes.ended(app)
        self._presence.gone(app)
        self._subscriptions.drop(session)
        self._work.book.forget_session(session)
        self._wanted_changed()

    def _forget(self, session: Session) -> None:
        self._addresses.discard(session)
        self._functions.left(session)
        if self._directory.sessions.pop(session.id, None) is not None and session.bounds.kept:
            self._ended[session.id] = None
            while len(self._ended) > _REMEMBERED:
                self._ended.popitem(last=False)

    def _drop_line(self, peer: Peer) -> None:
        link, peer.session.link = peer.session.link, None
        if link is not None:
            link.close("replaced", "Another connection took over this identity.")

    def _hold_against_keys(self) -> None:
        """End the connections of keys that are no longer good; let the others have what their keys now allow."""
        for peer in list(self._directory.sessions.values()):
            if peer.is_local:
                continue
            key = self._keyring.find(peer.key.id)
            ended = self._keyring.why_ended(peer.key.id)
            if ended is None and key is not None and key.role == peer.key.role:
                peer.key = key
                continue
            peer.session.lost = True
            if peer.session.link is not None:
                how = "has expired" if ended == "key_expired" else "was revoked"
                peer.session.link.close(ended or "key_revoked", f"The key of this connection {how}.")
        self._subscriptions.changed()
        self._wanted_changed()


def _why_gone(tavern: Tavern) -> Unavailable:
    """What ran here before the hub was started may have ended well, without a word of it."""
    return _GONE if tavern.report_due is None else Unavailable("interrupted")
