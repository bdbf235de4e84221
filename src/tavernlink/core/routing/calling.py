"""Rules of the action `call`: what they hand to the function, and what becomes of it.

A rule is the hub's admin's, so its calls are the hub's own and may call everything. Nobody waits for them: what goes
wrong is the rule's problem, which `route.list` shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from tavernlink.core.routing.planner import Envelope
from tavernlink.core.routing.rule import Rule
from tavernlink.core.routing.rulebook import RuleBook
from tavernlink.errors import TavernlinkError, Unavailable
from tavernlink.protocol.functions import Caller, FunctionResult

__all__ = ["CallFunction", "RuleCalls", "fill_in"]

CallFunction = Callable[[Caller, str, dict[str, Any], Callable[[FunctionResult], None]], None]
"""(caller, name or address, arguments, what takes the result). Raises what naming and arguments may raise."""

_OPEN: Final = 100  # calls of one rule


class RuleCalls:
    """Makes the calls of rules. `function` is how; until it is set, there are no functions."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._open: dict[str, int] = {}
        self.function: CallFunction = _no_functions

    def make(self, calls: list[tuple[Rule, Envelope]]) -> None:
        """Call what the rules want called for a message."""
        for rule, envelope in calls:
            try:
                self._call(rule, envelope)
            except TavernlinkError as error:
                self._book.report(rule, error.message)

    def _call(self, rule: Rule, envelope: Envelope) -> None:
        route = rule.route
        if self._open.get(route.id, 0) >= _OPEN:
            raise Unavailable("busy", f"{_OPEN} calls of this rule are open; one more was left out.")
        caller = Caller(kind="rule", id=route.id, name=route.id, role="hub")
        args = {name: fill_in(value, envelope) for name, value in route.args.items()}
        self._open[route.id] = self._open.get(route.id, 0) + 1
        try:
            self.function(caller, route.function or "", args, partial(self._ended, rule))
        except TavernlinkError:
            self._close(route.id)
            raise

    def _ended(self, rule: Rule, result: FunctionResult) -> None:
        self._close(rule.route.id)
        if result.error is not None:
            self._book.report(rule, result.error.message)

    def _close(self, id_: str) -> None:
        self._open[id_] -= 1
        if not self._open[id_]:
            del self._open[id_]


def fill_in(value: Any, envelope: Envelope) -> Any:
    """Return an argument with the parts of the message that it names; a part that is not there is null."""
    if isinstance(value, dict):
        return {name: fill_in(each, envelope) for name, each in value.items()}
    if isinstance(value, list):
        return [fill_in(each, envelope) for each in value]
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value.startswith("$$"):
        return value[1:]
    source = envelope.source
    found: Any = {
        "type": envelope.type,
        "content": envelope.content,
        "source": {"id": source.id, "name": source.name, "kind": source.kind, "role": source.role},
    }
    for part in value[1:].split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _no_functions(*_: Any) -> None:
    raise Unavailable("busy", "The hub has no functions yet.")
