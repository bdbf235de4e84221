"""One rule, ready to be tried: its globs, its compiled condition, how often it matched.

What rules see, and what they may do with it:

| types | from | forward | copy | drop | rename |
|---|---|---|---|---|---|
| `x.…` | apps, taverns | another target | as well | refused | new type |
| `chat.send`, `generate` | apps | another tavern or room | as `x.…` | refused | – |
| `chat.edit`, `chat.delete`, `command.run` | apps | – | as `x.…` | refused | – |
| `stream.start`, `stream.end`, `chat.changed`, `tavern.changed`, `event.NAME` | taverns | as `x.…` | as `x.…` | – | – |

`call` goes with every type. What a tavern publishes is addressed to nobody, so to forward it is to copy it.
`stream.delta` is never seen: tokens are the hot path, and `stream.end` has the whole text.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from tavernlink.core.routing.expression import Expression, ExpressionError, Facts, compile_expression
from tavernlink.errors import BadMessage
from tavernlink.protocol.routing import CUSTOM_PREFIX, Route, RouteInfo, RouteOrigin, Target

__all__ = ["PUBLISHED", "REDIRECTED", "SENT", "Rule", "check_target"]

SENT: Final = ("chat.send", "chat.edit", "chat.delete", "command.run", "generate")
"""What apps send to taverns."""
REDIRECTED: Final = frozenset({"chat.send", "generate"})
PUBLISHED: Final = ("stream.start", "stream.end", "chat.changed", "tavern.changed")
"""What taverns publish; and `event.NAME`."""
_EVENT: Final = "event."
_SOME_CUSTOM: Final = "x.y"
_SLOW: Final = 0.5  # seconds of one evaluation after which a rule is not tried any more


class Rule:
    """A route with what is known of it at run time."""

    __slots__ = ("expression", "failed", "made", "matched", "origin", "problem", "route", "suspended")

    def __init__(self, route: Route, origin: RouteOrigin, made: float) -> None:
        """Compile a route. Raises `BadMessage`."""
        _check_shape(route)
        self.route = route
        self.origin: RouteOrigin = origin
        self.made = made
        """When it was made, in seconds since 1970; orders rules of the same `order`."""
        self.expression: Expression | None = _compiled(route)
        self.matched = 0
        self.failed = 0
        self.problem: str | None = None
        self.suspended = False

    def looks_at(self, type_: str) -> bool:
        """True if the rule is to be tried on messages of this type."""
        return self.route.enabled and any(_covers(glob, type_) for glob in self.route.types)

    def topics(self) -> list[str]:
        """What taverns have to publish for this rule: globs for a subscription."""
        if not self.route.enabled:
            return []
        found = [glob for glob in self.route.types if glob.startswith(_EVENT)]
        return found + [topic for topic in PUBLISHED if self.looks_at(topic)]

    def try_on(self, facts: Facts) -> bool:
        """Return whether it matches. Raises `ExpressionError`."""
        if self.suspended:
            raise ExpressionError("The rule is suspended, since it took too long.")
        return self.expression is None or self.expression.matches(facts)

    def took(self, seconds: float) -> bool:
        """Note how long an evaluation took; True if that suspends the rule."""
        if seconds <= _SLOW:
            return False
        self.suspended = True
        self.problem = (
            f"It took {seconds:.1f} s on one message and is not tried any more until it is changed."
        )
        return True

    def info(self) -> RouteInfo:
        """Return what an admin sees of it."""
        return RouteInfo(
            route=self.route,
            origin=self.origin,
            matched=self.matched,
            failed=self.failed,
            problem=self.problem,
            suspended=self.suspended,
        )


def _covers(glob: str, type_: str) -> bool:
    # SillyTavern's events are sent by taverns only because somebody wants them: `*` alone does not ask for them.
    if type_.startswith(_EVENT) and not glob.startswith(_EVENT):
        return False
    return fnmatchcase(type_, glob)


def _compiled(route: Route) -> Expression | None:
    if not route.when.strip():
        return None
    try:
        return compile_expression(route.when)
    except BadMessage as error:
        error.details.update({"path": "$.when", "route": route.id})
        named = f"The rule {route.id!r}: " if route.id else ""
        raise BadMessage(error.code, named + error.message, error.details) from None


def _check_shape(route: Route) -> None:
    """Raise `invalid_message` for a rule that could never do what it says."""
    for glob in route.types:
        if glob == "stream.delta":
            raise _wrong(route, "types", "rules never see `stream.delta`; `stream.end` has the whole text")
        if not _is_seen(glob):
            known = f"x.*, {', '.join((*SENT, *PUBLISHED))} and event.NAME"
            raise _wrong(route, "types", f"rules do not see {glob!r}; they see {known}")
    foreign = [glob for glob in route.types if not glob.startswith(CUSTOM_PREFIX)]
    told = [glob for glob in foreign if not any(_covers(glob, each) for each in (*SENT, _SOME_CUSTOM))]
    if route.action == "drop" and told:
        raise _wrong(route, "types", f"what taverns publish ({told[0]}) is not dropped by rules")
    _check_call(route)
    if route.action == "rename":
        if route.as_ is None:
            raise _wrong(route, "as", "`rename` needs the new type")
        if foreign:
            raise _wrong(route, "types", "only types under `x.` can be renamed")
    if route.action in ("forward", "copy"):
        if route.to is None:
            raise _wrong(route, "to", f"`{route.action}` needs a target")
        check_target(route.to, "$.to")
        nameless = told if route.action == "forward" else foreign
        if nameless and route.as_ is None:
            what = f"what becomes of {nameless[0]} needs a type of its own, such as `x.reply`"
            raise _wrong(route, "as", what)


def _check_call(route: Route) -> None:
    if route.action == "call" and route.function is None:
        raise _wrong(route, "function", "`call` needs a function")
    if route.action != "call" and (route.function is not None or route.args):
        raise _wrong(route, "function" if route.function else "args", "only `call` calls a function")


def _is_seen(glob: str) -> bool:
    if glob.startswith((CUSTOM_PREFIX, _EVENT)):
        return True
    return any(_covers(glob, each) for each in (*SENT, *PUBLISHED, _SOME_CUSTOM))


def check_target(target: Target, path: str) -> None:
    """Raise `invalid_message` unless exactly one of a target's ways to address is used."""
    ways = [name for name in ("peer", "peers", "room", "all") if getattr(target, name)]
    if len(ways) != 1:
        raise BadMessage(
            "invalid_message",
            f"A target names exactly one of `peer`, `peers`, `room` and `all` (at {path}).",
            {"path": path},
        )


def _wrong(route: Route, field: str, what: str) -> BadMessage:
    named = f"The rule {route.id!r}" if route.id else "The rule"
    return BadMessage("invalid_message", f"{named} cannot be: {what} (at $.{field}).", {"path": f"$.{field}"})
