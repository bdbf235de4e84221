"""A rule's condition: a CEL expression, compiled once and bounded before it is ever evaluated.

CEL has no loops but its macros, so what an evaluation can cost follows from the expression and the size of the
message. `compile_expression` refuses what could cost too much whatever the message is; `Expression.matches` refuses
a message that is too large for this expression. The library cannot be interrupted, so this is all that stands between
a rule and a hub that stands still; docs/adr says what was measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

from tavernlink.core.routing.tokens import Token, place_of, read_tokens
from tavernlink.errors import BadMessage

if TYPE_CHECKING:
    import cel

__all__ = ["FACTS", "Expression", "ExpressionError", "Facts", "compile_expression"]

FACTS: Final = frozenset({"type", "source", "role", "target", "content", "hops"})
"""What an expression may look at."""

_FUNCTIONS: Final = frozenset({
    "size", "has", "int", "uint", "double", "string", "bool", "type", "timestamp", "duration", "min", "max",
})  # fmt: skip
_METHODS: Final = frozenset({
    "size", "contains", "startsWith", "endsWith", "matches", "all", "exists", "exists_one",
    "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes",
    "getSeconds", "getMilliseconds",
})  # fmt: skip
_TYPES: Final = frozenset({"int", "uint", "double", "string", "bool", "bytes", "list", "map", "null_type"})
_WORDS: Final = frozenset({"true", "false", "null", "in"})
_LOOPS: Final = frozenset({"all", "exists", "exists_one"})
_BUILDING: Final = {
    "map": "It copies its list for every element.",
    "filter": "It copies its list for every element. Use `exists` or `all`.",
}

_MOST_DEPTH: Final = 24  # brackets in brackets
_MOST_LOOPS: Final = 2  # loops in loops
_MOST_WORDS: Final = 400
_MOST_PATTERN: Final = 300  # characters of a regular expression
_MOST_REPEATED: Final = 50  # product of the counts in it: `\w{50}` takes 20 ms to compile
_BUDGET: Final = 0.25  # seconds, estimated generously
_MOST_BYTES: Final = 1 << 20  # of a content that expressions look at
_MOST_VALUES: Final = 20_000  # in it; handing over each costs a microsecond or two

_PANIC: Final = "PanicException"  # a defect of the library, which is no `Exception`; not the hub's end

_PLACE = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")


class ExpressionError(Exception):
    """An expression has no answer for this message; the text says why."""


class Facts:
    """One message as expressions see it; each part is handed to the library once, when an expression first asks."""

    __slots__ = ("_extent", "_handed", "_parts", "size")

    def __init__(self, parts: Mapping[str, Any], content: Any, *, size: int) -> None:
        self._parts = {**parts, "content": content}
        self.size = size
        """Of the content's JSON, in bytes."""
        self._extent: tuple[int, int] | None = None
        self._handed: set[str] = set()

    def extent(self) -> tuple[int, int]:
        """Return the length of the content's longest list or object, and how many values it has in all."""
        if self._extent is None:
            self._extent = _extent_of(self._parts["content"])
        return self._extent

    def context(self, names: Iterable[str]) -> cel.Context:
        """Return the library's context with these parts in it. Raises `ExpressionError`."""
        shared = _library()
        if shared.holds is not self:
            self._handed.clear()
            shared.holds = self
        for name in names:
            if name not in self._handed:
                self._hand(name)
        return shared.context

    def _hand(self, name: str) -> None:
        if name == "content" and (
            self.size > _MOST_BYTES or (self.size > 2 * _MOST_VALUES and self.extent()[1] > _MOST_VALUES)
        ):
            raise ExpressionError("This content is too large for expressions.")
        try:
            _library().context.add_variable(name, self._parts[name])
        except Exception as error:  # noqa: BLE001  # e.g. a number that is too large for it
            raise ExpressionError(f"CEL cannot hold this {name}: {error}") from None
        self._handed.add(name)


class _Shared:
    """The one context. To make one costs as much as twenty evaluations, and messages are planned one after another."""

    def __init__(self) -> None:
        import cel  # noqa: PLC0415  # takes a third of a second, and brings a terminal's tools: only where a rule asks

        self.compile = cel.compile
        self.context = cel.Context()
        self.holds: Facts | None = None
        """Whose parts are in it."""


@cache
def _library() -> _Shared:
    return _Shared()


def _extent_of(content: Any) -> tuple[int, int]:
    longest = values = 0
    waiting = [content]
    while waiting:
        value = waiting.pop()
        values += 1
        if isinstance(value, list | dict):
            longest = max(longest, len(value))
            waiting.extend(value.values() if isinstance(value, dict) else value)
    return longest, values


class Expression:
    """A compiled condition."""

    __slots__ = ("_loops", "_names", "_patterns", "_program", "_terms", "text")

    def __init__(self, text: str, program: cel.Program, *, loops: int, terms: int, patterns: int) -> None:
        self.text = text
        self._program = program
        self._loops = loops
        self._terms = terms
        self._patterns = patterns
        self._names = tuple(FACTS.intersection(program.variables()))

    def cost(self, facts: Facts) -> float:
        """Return how many seconds evaluating it takes at most; every word counts as if it read the whole content."""
        reads = "content" in self._names
        size = facts.size if reads else 1_000
        patterns = self._patterns * (0.5e-3 + 100e-9 * size)
        if not self._loops:
            return self._terms * (1e-6 + 2e-9 * size) + patterns
        longest, values = facts.extent() if reads else (100, 100)
        rounds = float(max(longest, self._terms)) ** self._loops  # a list may also stand in the expression
        return rounds * self._terms * (0.1e-6 + 0.1e-9 * size + 10e-9 * values) + patterns

    def matches(self, facts: Facts) -> bool:
        """Return the answer. Raises `ExpressionError`."""
        if self.cost(facts) > _BUDGET:
            raise ExpressionError(f"A content of {facts.size} bytes is too large for this expression.")
        try:
            answer = self._program.execute(facts.context(self._names))
        except ExpressionError:
            raise
        except Exception as error:  # noqa: BLE001  # the library raises many kinds, for many reasons
            raise ExpressionError(_reason(error)) from None
        except BaseException as error:
            if type(error).__name__ != _PANIC:
                raise
            raise ExpressionError("The CEL library failed.") from None
        if not isinstance(answer, bool):
            raise ExpressionError(f"The answer is {type(answer).__name__}, not true or false.")
        return answer


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"There is no field {error.args[0] if error.args else ''!r}. Ask with has(…) first."
    return str(error).split("\n", 1)[0][:300] or type(error).__name__


def compile_expression(text: str) -> Expression:
    """Compile a condition. Raises `BadMessage` (`invalid_expression`, with `line` and `column` in its details)."""
    tokens = read_tokens(text)
    depth = _check_brackets(text, tokens)
    try:
        program = _library().compile(text)
    except Exception as error:  # noqa: BLE001  # the library raises many kinds, for many reasons
        found = _PLACE.search(str(error))
        if found is None:
            _refuse(text, 0, str(error).split("\n", 1)[0][:300])
        what = found[3].partition(" expecting {")[0]
        if found[1] == "0":  # where a macro is broken off the library names no place
            _refuse(text, len(text), what)
        raise _bad(int(found[1]), int(found[2]), what) from None
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        _refuse(text, 0, "The CEL library cannot read it.")
    loops, patterns = _check_words(text, tokens)
    return Expression(text, program, loops=loops, terms=len(tokens) + depth, patterns=patterns)


def _check_brackets(text: str, tokens: list[Token]) -> int:
    if len(tokens) > _MOST_WORDS:
        _refuse(text, tokens[_MOST_WORDS].start, f"It has more than {_MOST_WORDS} words and signs")
    depth = deepest = 0
    for token in tokens:
        if token.kind == "sign" and token.text in "([{?":
            depth += 1
            deepest = max(depth, deepest)
            if depth > _MOST_DEPTH:
                _refuse(text, token.start, f"It is nested deeper than {_MOST_DEPTH}")
        elif token.kind == "sign" and token.text in ")]}":
            depth = max(0, depth - 1)
    return deepest


def _check_words(text: str, tokens: list[Token]) -> tuple[int, int]:
    """Check every name, literal and macro; return how deep loops stand in loops, and the patterns' number."""
    variables: list[str] = []  # of each open bracket: the variable of the loop that it belongs to, or ""
    deepest = patterns = 0
    for place, token in enumerate(tokens):
        looping = sum(1 for name in variables if name)
        if token.kind == "name":
            patterns += _check_name(text, tokens, place, variables)
        elif token.kind == "sign" and token.text in "([{":
            variables.append(_variable_of_loop(tokens, place))
            deepest = max(deepest, looping + bool(variables[-1]))
            if deepest > _MOST_LOOPS:
                _refuse(text, token.start, f"Loops may stand in loops {_MOST_LOOPS} deep")
            if looping and token.text in "[{" and not _is_index(tokens, place):
                _check_constant(text, tokens, place)
        elif token.kind == "sign" and token.text in ")]}" and variables:
            variables.pop()
        elif token.text == "+" and looping:
            _refuse(text, token.start, "`+` inside a loop copies what it joins every time")
    return deepest, patterns


def _check_name(text: str, tokens: list[Token], place: int, variables: list[str]) -> int:
    """Check a variable, field or function; return how many patterns it compiles."""
    token = tokens[place]
    name = token.text
    is_member = place > 0 and tokens[place - 1].text == "."
    is_call = place + 1 < len(tokens) and tokens[place + 1].text == "("
    if is_call:
        if is_member and name in _BUILDING:
            _refuse(text, token.start, f"`{name}` is not allowed here. {_BUILDING[name]}")
        if name not in (_METHODS if is_member else _FUNCTIONS):
            _refuse(text, token.start, f"There is no function `{name}`")
        if name == "matches":
            _check_pattern(text, tokens, place + 2, looping=any(variables))
            return 1
    elif not is_member and name not in variables and name not in FACTS | _TYPES | _WORDS:
        _refuse(
            text, token.start, f"There is no `{name}` here. An expression sees {', '.join(sorted(FACTS))}"
        )
    return 0


def _variable_of_loop(tokens: list[Token], place: int) -> str:
    """Return the variable if this bracket opens a macro's, e.g. `x` in `list.all(x, …`; else nothing."""
    if tokens[place].text != "(" or place < 2 or tokens[place - 1].text not in _LOOPS:
        return ""
    if tokens[place - 2].text != "." or place + 1 >= len(tokens):
        return ""
    return tokens[place + 1].text


def _is_index(tokens: list[Token], place: int) -> bool:
    before = tokens[place - 1] if place else None
    if tokens[place].text != "[" or before is None:
        return False
    return before.text in (")", "]", "}") or (before.kind == "name" and before.text not in _WORDS)


def _check_constant(text: str, tokens: list[Token], place: int) -> None:
    for token in tokens[place + 1 :]:
        if token.text in ("]", "}"):
            return
        if token.kind == "name" and token.text not in _WORDS:
            _refuse(text, token.start, "A list or map inside a loop may hold only constants")


def _check_pattern(text: str, tokens: list[Token], place: int, *, looping: bool) -> None:
    token = tokens[place] if place < len(tokens) else tokens[-1]
    if token.kind != "string" or place + 1 >= len(tokens) or tokens[place + 1].text != ")":
        _refuse(text, token.start, "`matches` takes a pattern in quotes, not one that is made up on the way")
    if looping:
        _refuse(text, token.start, "`matches` inside a loop would compile its pattern every time")
    repeated = 1
    for low, high in _COUNT.findall(token.text):
        repeated *= max(int(low[:6]), int((high or "0")[:6]), 1)
    if len(token.text) > _MOST_PATTERN or repeated > _MOST_REPEATED:
        _refuse(
            text,
            token.start,
            f"A pattern may have {_MOST_PATTERN} characters and counts up to {_MOST_REPEATED} in all",
        )
    try:
        _library().compile(f'"".matches({token.text})').execute({})
    except Exception as error:  # noqa: BLE001  # the library raises many kinds, for many reasons
        lines = [line for line in str(error).splitlines() if line.startswith("error: ")]
        what = lines[-1].removeprefix("error: ") if lines else _reason(error)
        _refuse(
            text,
            token.start,
            f"It is no regular expression: {what.removesuffix('. Check function arguments and their types.')}",
        )


def _refuse(text: str, start: int, what: str) -> NoReturn:
    line, column = place_of(text, start)
    raise _bad(line, column, what)


def _bad(line: int, column: int, what: str) -> BadMessage:
    what = what.strip().rstrip(".")
    return BadMessage(
        "invalid_expression",
        f"The expression is wrong at line {line}, column {column}: {what}.",
        {"line": line, "column": column},
    )
