"""What the rules make of one message, decided whole before anything is delivered.

A message goes down the list of rules once. What a rule sends on (a copy, a message forwarded or renamed) is a new
message with one more hop, and goes down the list from the top. A rule that would change nothing leaves a message alone:
one that is there already, or is called so already, and a copy to where this message was sent already. So a rule meets
its own work and lets it pass, and two rooms may copy to each other. A message that rules send round in a circle never
comes to rest: more than `MOST_HOPS` hops, or `MOST_MESSAGES` messages out of one, are an error that reaches nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tavernlink.core.routing.expression import ExpressionError, Facts
from tavernlink.core.routing.rule import REDIRECTED, SENT, Rule
from tavernlink.core.routing.rulebook import RuleBook
from tavernlink.errors import Conflict
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.routing import RouteStep, Sender, Target, is_custom

__all__ = ["MOST_HOPS", "MOST_MESSAGES", "Envelope", "Plan", "Planner", "Words"]

MOST_HOPS: Final = 8
MOST_MESSAGES: Final = 64

Words = Callable[[Target], tuple[list[str], list[str]]]
"""Target → ids and names of what it addresses, as far as they are known."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way through the rules."""

    type: str
    source: Sender
    to: Target | None
    content: Any
    size: int
    """Of the content's JSON, in bytes."""
    hops: int = 0
    route: str | None = None
    """The last rule that sent it on."""
    own: bool = True
    """False for copies: what becomes of them does not concern the sender."""


class Plan:
    """What comes of a message."""

    __slots__ = ("_places", "calls", "dropped", "results", "steps")

    def __init__(self) -> None:
        self._places: set[tuple[str, bytes]] = set()
        self.results: list[Envelope] = []
        self.dropped: Rule | None = None
        """The rule that dropped the message itself."""
        self.calls: list[tuple[Rule, Envelope]] = []
        """Rules that call a function, and the message as it was then; each once."""
        self.steps: list[RouteStep] = []
        """Every rule that was tried, where that was asked for."""

    def calls_for(self, rule: Rule, message: Envelope) -> bool:
        """Note that a rule calls its function; False if it does already."""
        if any(each is rule for each, _ in self.calls):
            return False
        self.calls.append((rule, message))
        return True

    def visit(self, message: Envelope) -> bool:
        """Note where a message is sent; False if it was sent there before."""
        place = (message.type, encode_json(message.to))
        if place in self._places:
            return False
        self._places.add(place)
        return True


class Planner:
    """Applies a rule book."""

    def __init__(self, book: RuleBook, words: Words, now: Callable[[], float]) -> None:
        self._book = book
        self._words = words
        self._now = now

    def plan(self, envelope: Envelope, *, explain: Plan | None = None) -> Plan:
        """Return what comes of a message. Raises `route_loop`.

        With `explain`, that plan is filled in step by step, and the rules' counters stay as they are.
        """
        plan = explain or Plan()
        plan.visit(envelope)
        waiting = deque([envelope])
        made = 1
        while waiting:
            current = waiting.popleft()
            sent_on, stays = self._once(current, plan, quiet=explain is not None)
            if stays:
                plan.results.append(current)
            for each in sent_on:
                made += 1
                if each.hops > MOST_HOPS or made > MOST_MESSAGES:
                    raise _loop(each)
                waiting.append(each)
        return plan

    def _once(self, message: Envelope, plan: Plan, *, quiet: bool) -> tuple[list[Envelope], bool]:
        """Lead a message down the list; return what is sent on, and whether it is itself still there."""
        rules = self._book.rules_for(message.type)
        if not rules:
            return [], True
        facts = self._facts(message)
        sent_on: list[Envelope] = []
        for rule in rules:
            matched, problem = self._try(rule, facts, quiet=quiet)
            if quiet:
                plan.steps.append(
                    RouteStep(
                        route=rule.route.id,
                        type=message.type,
                        hops=message.hops,
                        matched=matched,
                        action=rule.route.action,
                        problem=problem,
                    )
                )
            if matched and rule.route.action == "call" and plan.calls_for(rule, message) and not quiet:
                rule.matched += 1
            if not matched or (change := _apply(rule, message)) is None:
                continue
            goes_on, instead = change
            if goes_on is not None and not plan.visit(goes_on) and not instead:
                continue
            if not quiet:
                rule.matched += 1
            if goes_on is not None:
                sent_on.append(goes_on)
            elif message.own:
                plan.dropped = rule
            if instead:
                return sent_on, False
        return sent_on, True

    def _try(self, rule: Rule, facts: Facts, *, quiet: bool) -> tuple[bool, str | None]:
        if rule.expression is None:
            return True, None
        began = self._now()
        try:
            matched, problem = rule.try_on(facts), None
        except ExpressionError as error:
            matched, problem = False, str(error)
            if not quiet:
                self._book.report(rule, problem)
        if rule.took(self._now() - began):
            self._book.report(rule, rule.problem or "")
        return matched, problem

    def _facts(self, message: Envelope) -> Facts:
        to = message.to
        ids, names = self._words(to) if to is not None else ([], [])
        source = message.source
        return Facts(
            {
                "type": message.type,
                "role": source.role,
                "hops": message.hops,
                "source": {"id": source.id, "name": source.name, "kind": source.kind, "role": source.role},
                "target": {
                    "peer": (to.peer if to else None) or "",
                    "peers": (to.peers if to else None) or [],
                    "room": (to.room if to else None) or "",
                    "all": to.all if to else False,
                    "kind": (to.kind if to else None) or "",
                    "ids": ids,
                    "names": names,
                },
            },
            message.content,
            size=message.size,
        )


def _apply(rule: Rule, message: Envelope) -> tuple[Envelope | None, bool] | None:
    """Return what a rule sends on, and whether that takes the message's place; None: it changes nothing."""
    route = rule.route
    if route.action == "call":
        return None
    custom, redirected = is_custom(message.type), message.type in REDIRECTED
    if route.action == "drop":
        return (None, True) if custom or message.type in SENT else None
    if route.action == "forward" and message.type in SENT and not redirected:
        return None  # an edit belongs to its chat
    type_ = message.type if route.action == "forward" and redirected else route.as_ or message.type
    to = message.to if route.action == "rename" else route.to
    if (type_ == message.type and to == message.to) or not (is_custom(type_) or type_ in REDIRECTED):
        return None
    instead = route.action != "copy" and (custom or redirected)
    goes_on = msgspec.structs.replace(
        message, type=type_, to=to, hops=message.hops + 1, route=route.id, own=message.own and instead
    )
    return goes_on, instead


def _loop(message: Envelope) -> Conflict:
    return Conflict(
        "route_loop",
        f"The rules of this hub send the message round in a circle (last by the rule {message.route!r}), "
        f"or make more than {MOST_MESSAGES} of it. It was delivered to nobody. "
        "An admin can see why with `tavernlink routes test`.",
        {"route": message.route, "hops": message.hops},
    )
