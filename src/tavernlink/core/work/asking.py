"""From what a peer wants to requests of taverns: repetitions, limits, the pool, sessions.

A door or a feature that lets peers ask for work makes an `Order` and hands it to `Asking.take`.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from tavernlink.core.access.keys import Key
from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.directory import ANY, Directory
from tavernlink.core.peers.peer import App, Peer, Tavern
from tavernlink.core.seams import Ack, Clock, Ids
from tavernlink.core.work.formats import check_format
from tavernlink.core.work.pool import character_id
from tavernlink.core.work.requests import Lane, Pool, Request
from tavernlink.core.work.work import Work
from tavernlink.errors import BadMessage
from tavernlink.protocol.message import Message
from tavernlink.protocol.outcome import Success

__all__ = ["POOLED", "Asking", "Order", "asker_of", "fingerprint"]

POOLED = (ANY, "any")
"""Names of a tavern that leave the choice to the pool."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, before anybody decided where."""

    command: str
    lane: Lane
    args: dict[str, Any]
    asked: bytes
    """`fingerprint` of the message that asks for it."""
    tavern: str | None = None
    """As it was named; `*` or `any`: whichever."""
    taverns: tuple[Tavern, ...] = ()
    """Exactly these, all of them, whatever the key's limits: the caller has checked that. The first one's request is
    the asker's."""
    character: str | None = None
    """Id or name; put into the arguments as the tavern's own id."""
    session: str | None = None
    priority: int = 0
    """The caller has checked that the asker may give one."""
    timeout: float | None = None
    request_id: str | None = None
    caller: str | None = None
    """Who asks, in words for the person at the tavern; of a command that was asked for by its name."""
    by: str | None = None
    """With `caller`: its member id."""
    revision: int | None = None
    """The open chat must be at this one when the command begins."""
    needs: str | None = None
    """A command that the tavern must know."""


class Asking:
    """Takes orders in."""

    def __init__(self, work: Work, directory: Directory, clock: Clock, ids: Ids, limits: HubLimits) -> None:
        self._work = work
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._limits = limits

    def take(self, peer: Peer, order: Order, ack: Ack) -> Request | None:
        """Make requests of an order, ack it with `Accepted`, then start what may start; `peer` hears how it goes on.

        Returns the asker's own, or None for an id that its key used before: that finds its request again. Raises
        `queue_full`, `quota`, and what naming a tavern, character or session may raise.
        """
        request_id = order.request_id or self._ids.new("r")
        repeated = self._work.book.repeated(peer.key.id, request_id, order.asked)
        if repeated is not None:
            ack(Success(result=self._work.accepted(repeated)))
            self._work.watch(repeated, peer.session)
            return None
        pool, taverns = self._places(peer.key, order)
        self._work.quota.check(peer.key.id, len(taverns))
        for tavern in taverns:
            tavern.lanes.check_room(order.lane)
        names = [request_id, *(f"{request_id}~{number}" for number in range(2, len(taverns) + 1))]
        requests = [
            self._request(peer, order, pool, name, tavern)
            for name, tavern in zip(names, taverns, strict=True)
        ]
        check_format(requests[0])
        requests[0].siblings = tuple(names[1:])
        for request, tavern in zip(requests, taverns, strict=True):
            self._work.enqueue(request, tavern, peer.session)
        ack(Success(result=self._work.accepted(requests[0])))
        for tavern in taverns:
            self._work.dispatch(tavern)
        return requests[0]

    def _places(self, key: Key, order: Order) -> tuple[Pool, list[Tavern]]:
        """Where it goes: one tavern, or each that can do it where the policy is to broadcast."""
        if order.taverns:
            return "named", list(order.taverns)
        if order.session is not None:
            place = self._work.sessions.place(key, order.session, order.tavern, order.character)
            return "named", [place]
        anywhere = order.tavern in POOLED or (order.tavern is None and order.character is not None)
        if not anywhere:
            # Under a key with limits it stays: another default may be outside them.
            pool: Pool = "default" if order.tavern is None and key.taverns is None else "named"
            return pool, [self._directory.resolve(order.tavern, key)]
        if self._work.pool.policy == "broadcast":
            able = self._work.pool.able(order.character, order.lane, key.taverns, order.needs)
            return "named", [tavern for tavern in able if tavern.online] or able[:1]
        return "any", [self._work.pool.choose(order.character, order.lane, key.taverns, order.needs)]

    def _request(self, peer: Peer, order: Order, pool: Pool, name: str, tavern: Tavern) -> Request:
        args = dict(order.args)
        if order.character is not None:
            args["character"] = self._character(order, peer.key, tavern)
        if order.command == "script.run":
            args["allow"] = self._narrowed(args.get("allow"))
        now = self._clock.now()
        return Request(
            request_id=name,
            wire_id=self._ids.new("w"),
            key_id=peer.key.id,
            asker=asker_of(peer),
            asker_name=peer.name,
            lane=order.lane,
            command=order.command,
            args=args,
            asked=order.asked,
            priority=order.priority,
            pool=pool,
            character=order.character,
            session_name=order.session,
            limits=peer.key.taverns,
            owner=peer.id if isinstance(peer, App) and peer.chosen else None,
            created=now,
            since=self._clock.wall(),
            deadline=now + self._limits.queue_timeout,
            timeout=self._timeout(order.timeout),
            caller=order.caller,
            by=order.by,
            revision=order.revision,
        )

    def _character(self, order: Order, key: Key, tavern: Tavern) -> str | None:
        if order.session is not None:
            bound = self._work.sessions.bindings.find(key.id, order.session)
            if bound is not None:
                return bound.character
        return character_id(tavern, order.character) if order.character is not None else None

    def _narrowed(self, allow: list[str] | None) -> list[str] | None:
        """What a script may use as far as asker and hub say; the tavern lets it have less."""
        own = self._limits.script_commands
        if own is None or allow is None:
            return allow if own is None else list(own)
        return [name for name in allow if name in own]

    def _timeout(self, wanted: float | None) -> float:
        if wanted is None:
            return self._limits.request_timeout
        if not 0 < wanted <= self._limits.longest_timeout:
            longest = self._limits.longest_timeout
            raise BadMessage(
                "invalid_message", f"`timeout` must be over 0 and at most {longest:g} seconds (at $.timeout)."
            )
        return wanted


def asker_of(peer: Peer) -> str:
    """Return who takes turns in a queue: the app; its key, for an app inside this process, made for one request."""
    return f"{peer.key.id}/{peer.id}" if peer.session.bounds.kept else peer.key.id


def fingerprint(type_: str, message: Message) -> bytes:
    """Return what tells a repetition from another question under the same id."""
    return hashlib.sha256(type_.encode() + msgspec.json.encode(message)).digest()
