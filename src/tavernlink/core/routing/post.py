"""Brings planned messages to those who are to get them.

`deliver` is the one place where a message from peer to peer enters a session. A peer that is away gets it when it
comes back in time, as everything else; `absent` is asked about a name that stands for no session at all.
"""

from __future__ import annotations

from collections.abc import Callable

from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.routing.addresses import Addresses
from tavernlink.core.routing.planner import Envelope
from tavernlink.core.seams import Clock
from tavernlink.errors import NotFound
from tavernlink.protocol.event import Event
from tavernlink.protocol.routing import CustomMessage, Sent, Target

__all__ = ["Absent", "Away", "Post"]

Absent = Callable[[str, Event, str], bool]
"""(name, message, the sender's key id) → whether it is kept for a peer of that name."""

Away = Callable[[Peer, Event], None]
"""Told of a message that went into the session of a peer whose line is down."""


class Post:
    """Delivers."""

    def __init__(self, addresses: Addresses, subscriptions: Subscriptions, clock: Clock) -> None:
        self._addresses = addresses
        self._subscriptions = subscriptions
        self._clock = clock
        self.absent: Absent = lambda _name, _event, _key_id: False
        self.away: Away = lambda _peer, _event: None
        self.carried: list[Callable[[Peer, Peer], None]] = []
        """Called with sender and receiver of each message; for those who only watch."""

    def deliver(self, envelopes: list[Envelope], message_id: str, sender: Peer) -> Sent:
        """Deliver messages of one origin; who is addressed twice gets each type once.

        Raises `unknown_peer` or `unknown_room` where the one message there is names nobody; of several, those that
        name nobody are left out.
        """
        seen: set[tuple[str, str]] = {(each.type, sender.session.id) for each in envelopes}
        reached: set[str] = set()
        kept: set[str] = set()
        unknown: list[str] = []
        for envelope in envelopes:
            if envelope.to is None:
                continue
            try:
                peers, missing = self._addresses.find(envelope.to)
            except NotFound:
                if envelope.own:
                    raise
                continue
            event = self._event(envelope, message_id)
            missing = [name for name in missing if not self._keep(name, event, sender, kept)]
            if envelope.own:
                unknown += missing
                if missing and not peers and len(missing) == len(_named(envelope.to)):
                    raise _nobody(missing)
            for peer in peers:
                if (envelope.type, peer.session.id) in seen or not _may_get(peer, sender):
                    continue
                seen.add((envelope.type, peer.session.id))
                self._hand(event, sender, peer)
                (reached if peer.session.link is not None else kept).add(peer.session.id)
            if envelope.to.all:
                for session in self._listening(envelope.type):
                    session.deliver(event)
        return Sent(message_id=message_id, reached=len(reached), kept=len(kept - reached), unknown=unknown)

    def _hand(self, event: Event, sender: Peer, peer: Peer) -> None:
        peer.session.deliver(event)
        for carried in self.carried:
            carried(sender, peer)
        if peer.session.link is None:
            self.away(peer, event)

    def _keep(self, name: str, event: Event, sender: Peer, kept: set[str]) -> bool:
        if not self.absent(name, event, sender.key.id):
            return False
        kept.add(f"absent {name}")
        return True

    def _listening(self, type_: str) -> list[Session]:
        """Return who has no address but listens: subscriptions of REST callers."""
        return [session for session in self._subscriptions.route("", type_) if not session.bounds.kept]

    def _event(self, envelope: Envelope, message_id: str) -> Event:
        return Event(
            envelope.type,
            CustomMessage(
                to=envelope.to or Target(),
                content=envelope.content,
                message_id=message_id,
                type=envelope.type,
                sender=envelope.source,
                sent=self._clock.wall(),
                route=envelope.route,
            ),
        )


def _named(target: Target) -> list[str]:
    return [target.peer] if target.peer is not None else target.peers or []


def _may_get(peer: Peer, sender: Peer) -> bool:
    """Messages cross neither key's limits: what is outside is as if it were not there."""
    if isinstance(peer, Tavern):
        return isinstance(sender, Tavern) or sender.key.reaches_tavern(peer.id, peer.name)
    if isinstance(sender, Tavern) and not peer.key.reaches_tavern(sender.id, sender.name):
        return False
    return "chat:read" in peer.key.held


def _nobody(names: list[str]) -> NotFound:
    said = ", ".join(repr(name) for name in names)
    return NotFound(
        "unknown_peer",
        f"The hub knows no app or tavern {said}: none is connected under this id or name, or was a moment ago.",
        {"peers": names},
    )
