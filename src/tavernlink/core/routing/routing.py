"""Messages of the types under `x.`, and what the rules make of them and of others.

`receive` takes what peers send, `guard` stands before the handlers of what apps send to taverns, and `listener` hears
what taverns publish. All three ask the planner and hand what comes of it to the post.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec

from tavernlink.core.limits import HubLimits
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.routing.addresses import Addresses
from tavernlink.core.routing.calling import RuleCalls
from tavernlink.core.routing.planner import Envelope, Plan, Planner
from tavernlink.core.routing.post import Post
from tavernlink.core.routing.rule import SENT, Rule
from tavernlink.core.routing.rulebook import RuleBook
from tavernlink.core.seams import Ack, Ids, Journal
from tavernlink.errors import BadMessage, TavernlinkError
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.message import Message
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.routing import (
    CustomMessage,
    PeerKind,
    Routed,
    RouteTest,
    RouteTrace,
    Sender,
    Sent,
    Target,
)

__all__ = ["Routing", "sender_of", "trace"]

_REMEMBERED = 20_000  # messages that are not delivered again when they are sent again


class Routing:
    """Leads messages from peer to peer."""

    def __init__(
        self,
        *,
        book: RuleBook,
        addresses: Addresses,
        planner: Planner,
        post: Post,
        ids: Ids,
        journal: Journal,
        limits: HubLimits,
    ) -> None:
        self.book = book
        self.addresses = addresses
        self.planner = planner
        self.post = post
        self._limits = limits
        self._ids = ids
        self._journal = journal
        self.calls = RuleCalls(book)
        self._sent: OrderedDict[tuple[str, str], Sent] = OrderedDict()

    def receive(self, peer: Peer, type_: str, message: CustomMessage, ack: Ack) -> None:
        """Take a message of a peer's own type and bring it where it is to go."""
        named = (peer.key.id, message.message_id) if message.message_id is not None else None
        if named is not None and named in self._sent:
            ack(Success(result=self._sent[named]))
            return
        size = len(encode_json(message.content))
        most = self._limits.message_bytes
        if size > most:
            raise BadMessage(
                "too_large",
                f"The content of {type_!r} has {size} bytes; this hub takes {most} (`message_bytes`).",
                {"bytes": size, "limit": most},
            )
        self.addresses.check(peer, message.to, size)
        envelope = Envelope(
            type=type_, source=sender_of(peer), to=message.to, content=message.content, size=size
        )
        plan = self.planner.plan(envelope)
        message_id = message.message_id or self._ids.new("m")
        # What is dropped may leave copies: whoever asked for those gets them.
        sent = self.post.deliver(plan.results, message_id, peer)
        self.calls.make(plan.calls)
        if plan.dropped is not None:
            raise _dropped(plan.dropped, type_)
        if named is not None:
            self._sent[named] = sent
            while len(self._sent) > _REMEMBERED:
                self._sent.popitem(last=False)
        ack(Success(result=sent))

    def guard(self, handlers: Mapping[str, Asked]) -> Mapping[str, Asked]:
        """Return the handlers with the rules before those whose messages rules may look at."""
        return {
            type_: self._guarded(type_, handler) if type_ in SENT else handler
            for type_, handler in handlers.items()
        }

    def _guarded(self, type_: str, handler: Asked) -> Asked:
        rules_for = self.book.rules_for

        def ask(peer: Peer, message: Any, ack: Ack) -> None:
            handler(peer, self._led(peer, type_, message) if rules_for(type_) else message, ack)

        return ask

    def _led(self, peer: Peer, type_: str, message: Message) -> Message:
        """Return an app's message as the rules left it. Raises `dropped`."""
        content: dict[str, Any] = msgspec.to_builtins(message)
        room, tavern = content.get("room"), content.get("tavern")
        to = Target(room=room) if room else Target(peer=tavern) if tavern else None
        envelope = Envelope(
            type=type_, source=sender_of(peer), to=to, content=content, size=len(encode_json(message))
        )
        plan = self.planner.plan(envelope)
        self.post.deliver([each for each in plan.results if each.type != type_], self._ids.new("m"), peer)
        self.calls.make(plan.calls)
        if plan.dropped is not None:
            raise _dropped(plan.dropped, type_)
        (left,) = [each for each in plan.results if each.type == type_ and each.own]
        if left is envelope or left.to is None:
            return message
        changed: dict[str, Any] = (
            {"tavern": left.to.peer} if left.to.peer else {"room": left.to.room, "tavern": None}
        )
        fields = {name: value for name, value in changed.items() if name in message.__struct_fields__}
        return msgspec.structs.replace(message, **fields)

    def hear(self, tavern: Tavern, type_: str, content: Any) -> None:
        """Take what a tavern published; only copies can come of it."""
        if not self.book.rules_for(type_):
            return
        envelope = Envelope(
            type=type_, source=sender_of(tavern), to=None, content=content, size=len(encode_json(content))
        )
        try:
            plan = self.planner.plan(envelope)
            copies = [each for each in plan.results if each.type != type_]
            self.post.deliver(copies, self._ids.new("m"), tavern)
            self.calls.make(plan.calls)
        except TavernlinkError as error:  # nobody waits for an answer; the admin finds it in the log
            self._journal("route.failed", type=type_, tavern=tavern.id, code=error.code, why=error.message)

    def test(self, peer: Peer, message: RouteTest) -> RouteTrace:
        """Return what the rules would do with a message; nothing is sent and nothing counted."""
        return trace(self.planner, message, message.sender or sender_of(peer))


def trace(planner: Planner, message: RouteTest, sender: Sender) -> RouteTrace:
    """Return what the rules would do with a message."""
    envelope = Envelope(
        type=message.type,
        source=sender,
        to=message.to,
        content=message.content,
        size=len(encode_json(message.content)),
    )
    plan = Plan()
    error = None
    try:
        planner.plan(envelope, explain=plan)
    except TavernlinkError as refused:
        error = refused.message
    return RouteTrace(
        steps=plan.steps,
        results=[] if error else [_routed(each) for each in plan.results],
        dropped=plan.dropped.route.id if plan.dropped else None,
        error=error,
    )


def _routed(envelope: Envelope) -> Routed:
    return Routed(
        type=envelope.type,
        to=envelope.to,
        content=envelope.content,
        hops=envelope.hops,
        route=envelope.route,
    )


def sender_of(peer: Peer) -> Sender:
    """Return who a peer is, as others may know it."""
    kind: PeerKind = "tavern" if isinstance(peer, Tavern) else "app"
    # A REST caller lives for one request; what stays of it is its key.
    name = peer.name if peer.session.bounds.kept else peer.key.name
    return Sender(id=peer.id, name=name, kind=kind, role=peer.key.role)


def _dropped(rule: Rule, type_: str) -> BadMessage:
    why = f" {rule.route.note}" if rule.route.note else ""
    return BadMessage(
        "dropped",
        f"The rule {rule.route.id!r} of this hub does not let this {type_!r} through.{why}",
        {"route": rule.route.id},
    )
