"""Every rule of the hub, in order, found by message type.

Rules of the settings are what the settings say; rules made by API are on a shelf. What is tried on a message of a type
is computed on its first message and kept, so a type that no rule looks at costs one look-up, and a hundred rules about
other types cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tavernlink.core.routing.rule import Rule
from tavernlink.core.seams import Clock, Ids, Journal, Shelf
from tavernlink.errors import BadMessage, Conflict, NotFound, TavernlinkError
from tavernlink.protocol.routing import Route

__all__ = ["RouteRecord", "RuleBook"]

_MOST_RULES = 1_000
_MOST_TYPES = 10_000  # message types of which the answer is kept


class RouteRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A rule made by API, as the store keeps it."""

    id: str
    made: float
    """Seconds since 1970."""
    route: Route


class RuleBook:
    """The rules. `changed` is called after every change."""

    def __init__(
        self,
        *,
        shelf: Shelf[RouteRecord],
        settings: Iterable[Route],
        clock: Clock,
        ids: Ids,
        journal: Journal,
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._ids = ids
        self._journal = journal
        self._set: list[Rule] = []
        self._made: dict[str, Rule] = {}
        self._by_type: dict[str, tuple[Rule, ...]] = {}
        self._ordered: tuple[Rule, ...] = ()
        self.changed: Callable[[], None] = lambda: None
        for record in shelf.load():
            try:
                self._made[record.id] = Rule(record.route, "api", record.made)
            except TavernlinkError as error:  # e.g. of a version that allowed more
                journal("route.unusable", route=record.id, why=error.message)
        self.set_settings(settings)

    def set_settings(self, routes: Iterable[Route]) -> None:
        """Take the settings' rules in place of those they had before. Raises `BadMessage`; nothing is changed then."""
        rules: list[Rule] = []
        for place, route in enumerate(routes):
            named = route if route.id else msgspec.structs.replace(route, id=f"settings-{place + 1}")
            if any(rule.route.id == named.id for rule in rules):
                raise BadMessage("invalid_message", f"Two rules of the settings have the id {named.id!r}.")
            rules.append(Rule(named, "settings", place - 1e9))
        self._set = rules
        self._rearrange()

    def rules_for(self, type_: str) -> tuple[Rule, ...]:
        """Return what is to be tried on a message of this type, in order."""
        found = self._by_type.get(type_)
        if found is None:
            found = tuple(rule for rule in self._ordered if rule.looks_at(type_))
            if len(self._by_type) < _MOST_TYPES:
                self._by_type[type_] = found
        return found

    def listed(self) -> tuple[Rule, ...]:
        """Every rule, in order."""
        return self._ordered

    def topics(self) -> list[str]:
        """What taverns have to publish for the rules."""
        return sorted({topic for rule in self._ordered for topic in rule.topics()})

    def put(self, route: Route) -> tuple[Rule, bool]:
        """Make a rule or change the one with its id; True if it is a new one. Raises `BadMessage`, `Conflict`."""
        route = route if route.id else msgspec.structs.replace(route, id=self._ids.new("route"))
        if any(rule.route.id == route.id for rule in self._set):
            raise Conflict("route_in_settings", details={"route": route.id})
        before = self._made.get(route.id)
        if before is None and len(self._made) >= _MOST_RULES:
            raise BadMessage("too_large", f"A hub may have {_MOST_RULES} rules.")
        rule = Rule(route, "api", before.made if before else self._clock.wall())
        self._shelf.put(RouteRecord(id=route.id, made=rule.made, route=route))
        self._made[route.id] = rule
        self._rearrange()
        return rule, before is None

    def remove(self, id_: str) -> Rule:
        """Delete a rule that was made by API. Raises `unknown_route`, `route_in_settings`."""
        rule = self._made.pop(id_, None)
        if rule is None:
            if any(each.route.id == id_ for each in self._set):
                raise Conflict("route_in_settings", details={"route": id_})
            raise NotFound(
                "unknown_route", f"There is no rule {id_!r}. `route.list` shows them.", {"route": id_}
            )
        self._shelf.remove(id_)
        self._rearrange()
        return rule

    def report(self, rule: Rule, problem: str) -> None:
        """Note that a rule could not be evaluated; said in the log when it is something new."""
        rule.failed += 1
        if rule.problem != problem:
            rule.problem = problem
            self._journal("route.failed", route=rule.route.id, why=problem)

    def _rearrange(self) -> None:
        rules = [*self._set, *self._made.values()]
        self._ordered = tuple(sorted(rules, key=lambda rule: (rule.route.order, rule.made, rule.route.id)))
        self._by_type.clear()
        self.changed()
