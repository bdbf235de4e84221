"""`route.list`, `route.put`, `route.remove`, `route.test`, `route.check`: the rules, for admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.peer import Peer
from tavernlink.core.routing.routing import Routing
from tavernlink.core.routing.rule import Rule
from tavernlink.core.seams import Ack
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.outcome import ErrorInfo, Success
from tavernlink.protocol.routing import Route, RouteList, RouteRemove, RouteTest, RouteVerdict

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit

__all__ = ["RouteMessages"]


class RouteMessages:
    """Carries out what admins ask of the rules."""

    def __init__(self, routing: Routing, audit: Audit) -> None:
        self._routing = routing
        self._audit = audit
        self.handlers: Mapping[str, Asked] = {
            "route.list": self._list,
            "route.put": self._put,
            "route.remove": self._remove,
            "route.test": self._test,
            "route.check": self._check,
        }

    def _list(self, peer: Peer, message: RouteList, ack: Ack) -> None:
        ack(Success(result=[rule.info() for rule in self._routing.book.listed()]))

    def _put(self, peer: Peer, message: Route, ack: Ack) -> None:
        rule, new = self._routing.book.put(message)
        self._audit.record(
            "rule.created" if new else "rule.changed", peer, target=rule.route.id, action_of=rule.route.action
        )
        ack(Success(result=rule.info()))

    def _remove(self, peer: Peer, message: RouteRemove, ack: Ack) -> None:
        rule = self._routing.book.remove(message.id)
        self._audit.record("rule.removed", peer, target=rule.route.id)
        ack(Success())

    def _test(self, peer: Peer, message: RouteTest, ack: Ack) -> None:
        ack(Success(result=self._routing.test(peer, message)))

    def _check(self, peer: Peer, message: Route, ack: Ack) -> None:
        problem = None
        try:
            Rule(message, "api", 0.0)
        except TavernlinkError as error:
            problem = ErrorInfo.of(error)
        ack(Success(result=RouteVerdict(problem=problem)))
