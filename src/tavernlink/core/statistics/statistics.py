"""Statistics: the hub's figures, taken once a second, and told to those who want them.

What only the event loop can measure (how long deliveries take, messages through the doors) is handed in as `Measures`.
While nobody listens, a second costs a look at the streams that run and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tavernlink.core.peers.peer import Peer
from tavernlink.core.statistics.look import Look
from tavernlink.core.statistics.measures import Measures
from tavernlink.core.statistics.rates import Meter, TokenRates
from tavernlink.core.statistics.traffic import Traffic
from tavernlink.core.work.requests import Request
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.stats import Delivery, Stats, StatsChanged, StatsGet

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key, Keyring
    from tavernlink.core.messages.handlers import Asked
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.session import Session
    from tavernlink.core.peers.subscriptions import Subscriptions
    from tavernlink.core.relay.relay import Relay
    from tavernlink.core.rooms.rooms import Rooms
    from tavernlink.core.seams import Ack, Clock
    from tavernlink.core.work.work import Work

__all__ = ["Statistics"]

_EVERY = 1.0  # seconds between two looks
_FLOW = 0.5  # seconds between two tales of traffic
_EARLY = 0.01  # seconds that a tick may come too soon
_TAVERNS = 100  # told with figures of their own


class Statistics:
    """Handler of `stats.get`; tells `stats.changed` and `traffic.flowed`."""

    def __init__(
        self,
        *,
        directory: Directory,
        subscriptions: Subscriptions,
        keyring: Keyring,
        rooms: Rooms,
        relay: Relay,
        work: Work,
        traffic: Traffic,
        measures: Measures,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._subscriptions = subscriptions
        self._keyring = keyring
        self._rooms = rooms
        self._clock = clock
        self._measures = measures
        self.failures = measures.failures
        self.traffic = traffic
        self._tokens = TokenRates(directory)
        self._received, self._sent = Meter(), Meter()
        self._began = self._looked = self._flowed = clock.now()
        self._told: dict[Session, int] = {}
        """Who was told figures a second ago → how many failures there had been; who was away hears of them all."""
        relay.replied.append(lambda tavern, stream, _end: self._tokens.ended(tavern, stream))
        work.ended.append(self._request_ended)
        self.handlers: Mapping[str, Asked] = {"stats.get": self._get}

    def tick(self, now: float) -> None:
        """Let time pass; called a few times a second."""
        if now - self._looked >= _EVERY - _EARLY:
            seconds, self._looked = now - self._looked, now
            self._tokens.take(seconds)
            measured = self._measures.take(now)
            self._received.take(measured.received, seconds)
            self._sent.take(measured.sent, seconds)
            self._tell()
        self._tell_traffic(now)

    def figures(self, key: Key, look: Look | None = None, *, errors: bool = True) -> Stats:
        """Return what this key may see; `look`: one that was taken at this moment."""
        look = look or self._look()
        whole = _sees_all(key)
        taverns = look.taverns(key)
        p50, p99 = self._measures.quantiles()
        return Stats(
            time=self._clock.wall(),
            uptime=round(self._clock.now() - self._began, 1),
            taverns=taverns.online,
            apps=look.apps(key),
            rooms=look.rooms(key),
            queued=taverns.queued,
            running=taverns.running,
            streams=taverns.streams,
            tokens=taverns.tokens,
            received=round(self._received.rate, 1) if whole else None,
            sent=round(self._sent.rate, 1) if whole else None,
            delivery=None if p50 is None or p99 is None else Delivery(p50=round(p50, 3), p99=round(p99, 3)),
            memory=self._measures.memory() if whole else None,
            by_tavern=taverns.figures[:_TAVERNS],
            errors=self.failures.listed(None if "admin" in key.held else key.id) if errors else None,
        )

    def _look(self) -> Look:
        return Look(self._directory, self._rooms, self._tokens.rates)

    def _get(self, peer: Peer, message: StatsGet, ack: Ack) -> None:
        ack(Success(result=self.figures(peer.key)))

    def _tell(self) -> None:
        """Tell this second's figures, made once for all who may see the same."""
        told, self._told = self._told, {}
        made: dict[tuple[str, bool], Event] = {}
        look = self._look()
        for peer in self._listeners("stats.changed"):
            errors = told.get(peer.session) != self.failures.count
            who = ("" if _sees_all(peer.key) else peer.key.id, errors)
            event = made.get(who)
            if event is None:
                stats = StatsChanged(stats=self.figures(peer.key, look, errors=errors))
                event = made[who] = Event("stats.changed", stats)
            self._told[peer.session] = self.failures.count
            peer.session.deliver(event)

    def _tell_traffic(self, now: float) -> None:
        listeners = self._listeners("traffic.flowed")
        if bool(listeners) != self.traffic.on:
            self.traffic.watch(on=bool(listeners))
            self._flowed = now
        if not listeners or now - self._flowed < _FLOW - _EARLY:
            return
        seconds, self._flowed = now - self._flowed, now
        flowed = self.traffic.take(seconds)
        if flowed is not None:
            event = Event("traffic.flowed", flowed)
            for peer in listeners:
                peer.session.deliver(event)

    def _listeners(self, topic: str) -> list[Peer]:
        """Who wants it and can take it just now: the next one says it all again, so nobody is to catch up."""
        found: list[Peer] = []
        for session in self._subscriptions.route("*", topic):
            peer = self._directory.peer_of(session)
            if peer is not None and _takes(session):
                found.append(peer)
        return found

    def _request_ended(self, request: Request) -> None:
        if request.state != "failed" or request.error is None:
            return
        key = self._keyring.find(request.key_id)
        self.failures.add(
            time=self._clock.wall(),
            code=request.error.code,
            message=request.error.message,
            who=key.name if key is not None else "",
            about=request.command,
            key_id=request.key_id,
        )


def _sees_all(key: Key) -> bool:
    return "admin" in key.held and key.taverns is None and key.rooms is None


def _takes(session: Session) -> bool:
    return session.link is not None and not session.blocked
