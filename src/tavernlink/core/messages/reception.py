"""Reception: what a peer sends is counted, held against its key and its rate, and brought to whoever handles it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, cast

import msgspec

from tavernlink.core.access.audit import Audit
from tavernlink.core.access.rights import check_send
from tavernlink.core.limits import HubLimits
from tavernlink.core.messages.handlers import Asked, Published
from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.routing.routing import Routing
from tavernlink.core.seams import Ack, Clock, Journal, Store
from tavernlink.core.statistics.traffic import HUB, Traffic
from tavernlink.errors import BadMessage, TavernlinkError
from tavernlink.protocol.catalogue import CATALOGUE, UNCOUNTED
from tavernlink.protocol.codec import decode_content
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Failure, Success, failure_of
from tavernlink.protocol.routing import CUSTOM, CustomMessage, is_custom
from tavernlink.protocol.session import Confirm

__all__ = ["Reception"]

_HUB_ALONE = (HUB,)
"""Receivers of what went on to nobody."""


class Reception:
    """The way of every message into the hub."""

    def __init__(
        self,
        *,
        asked: Mapping[str, Asked],
        published: Mapping[str, Published],
        routing: Routing,
        limits: HubLimits,
        store: Store,
        clock: Clock,
        journal: Journal,
        audit: Audit,
        traffic: Traffic,
    ) -> None:
        self._traffic = traffic
        self._asked = asked
        """What is asked with an ack, by whichever kinds of peers the catalogue names."""
        self._published = published
        """What taverns tell, tokens among it: no scope, no answer but that it came."""
        self._routing = routing
        self._limits = limits
        self._store = store
        self._clock = clock
        self._journal = journal
        self._audit = audit

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
                if session.received - session.confirmed >= self._limits.confirm_every:
                    self.confirm(session)
                publish = self._published.get(type_)
                if publish is not None:
                    publish(peer, decode_content(type_, content))
                    if ack is not None:
                        ack(Success())
                    return
            flows = self._traffic.added
            self._receive_asked(peer, type_, content, _no_ack if ack is None else self._kept(ack))
            self._count_question(peer, flows)
        except TavernlinkError as error:
            self._journal(
                "message.refused",
                id=peer.id,
                name=peer.name,
                key=peer.key.id or None,
                type=type_[:100],
                code=error.code,
                why=error.message[:500],
            )
            if error.code == "forbidden":
                self._audit.record("permission.refused", peer, target=type_[:100], why=error.message)
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
            self._routing.receive(peer, type_, message, ack)
        elif row is None:
            self._refuse_unknown(type_)
        elif handler is None or ("tavern" if isinstance(peer, Tavern) else "app") not in row.senders:
            raise BadMessage("not_for_this_role", f"{type_!r} is not sent to the hub by this kind of peer.")
        else:
            check_send(peer.key, type_)
            handler(peer, decode_content(type_, content), ack)

    def _count_question(self, peer: Peer, flows: int) -> None:
        """A message that made nothing flow from peer to peer was for the hub itself."""
        if self._traffic.on and flows == self._traffic.added and not peer.is_local:
            self._traffic.add(peer, _HUB_ALONE, "question")

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

    def confirm(self, session: Session) -> None:
        """Tell a tavern how far the hub is; what it reported may be forgotten there only when it is on disk here."""
        count = session.confirmed = session.received
        self._store.after_commit(lambda: session.notify(Event("confirm", Confirm(count=count))))


def _no_ack(outcome: Any) -> None:
    """For a message whose sender asked for no answer."""
