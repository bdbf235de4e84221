"""Conditions of rules: what they see, what is refused and where, and that none costs more than its bound."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavernlink.core.routing.expression import ExpressionError, Facts, compile_expression
from tavernlink.core.routing.tokens import read_tokens
from tavernlink.errors import BadMessage

SOURCE = {"id": "a-1", "name": "Ann", "kind": "app", "role": "app"}
TARGET = {
    "peer": "",
    "peers": [],
    "room": "table",
    "all": False,
    "kind": "",
    "ids": ["r-1"],
    "names": ["table"],
}


def facts_of(content: Any, type_: str = "x.dice.roll") -> Facts:
    known = {"type": type_, "source": SOURCE, "role": "app", "target": TARGET, "hops": 0}
    return Facts(known, content, size=len(json.dumps(content)))


def matches(text: str, content: Any = None) -> bool:
    return compile_expression(text).matches(facts_of(content))


@pytest.mark.parametrize(
    "text",
    [
        'type == "x.dice.roll"',
        'type.startsWith("x.dice.") && role == "app"',
        'source.name == "Ann" && source.kind == "app"',
        '"r-1" in target.ids || target.room == "hall"',
        "content.sides == 20 && content.sides > 6.5",
        'content.text.contains("dragon")',
        'content.text.matches("(?i)^THE \\\\w+")',
        "has(content.text) && !has(content.nothing)",
        'content.items.exists(i, i.name == "sword" && i.kind in ["weapon", "tool"])',
        "content.items.all(i, i.tags.exists(t, t == i.name))",
        'size(content.items) == 1 && content.items[0].name == "sword"',
        'content.deep["a b"] == null',
        "hops == 0",
        'true || content.nothing == "errors on one side do not matter"',
    ],
)
def test_an_expression_sees_the_whole_message(text: str) -> None:
    content = {
        "sides": 20,
        "text": "the dragon",
        "items": [{"name": "sword", "kind": "weapon", "tags": ["sharp", "sword"]}],
        "deep": {"a b": None},
    }
    assert matches(text, content)


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("content.a ==", 1, 13, "mismatched input"),
        ('type == "a" &&\n  && role', 2, 3, "extraneous input"),
        ('role == "app', 1, 9, "token recognition"),
        ("role == app", 1, 9, "There is no `app`"),
        ('type == "x" && sender.name == "a"', 1, 16, "There is no `sender`"),
        ("lower(role) == 'a'", 1, 1, "There is no function `lower`"),
        ("content.a.map(x, x) == []", 1, 11, "copies its list"),
        ("content.a.filter(x, x > 1) == []", 1, 11, "copies its list"),
        ("role.matches(content.pattern)", 1, 14, "pattern in quotes"),
        ('role.matches("(")', 1, 14, "unclosed group"),
        ('role.matches("(\\\\w{50}){50}")', 1, 14, "counts up to"),
        ("content.a.all(x, x.matches('a'))", 1, 28, "inside a loop"),
        ("content.a.all(x, x + 1 > 2)", 1, 20, "copies what it joins"),
        ("content.a.all(x, [x, x] == [1, 2])", 1, 19, "only constants"),
        ("content.a.all(x, x.all(y, y.all(z, z)))", 1, 32, "Loops may stand in loops"),
        ("(" * 30 + "true" + ")" * 30, 1, 25, "nested deeper"),
        (" || ".join(["true"] * 300), 1, None, "more than 400"),
    ],
)
def test_a_bad_expression_is_refused_with_its_place(
    text: str, line: int, column: int | None, what: str
) -> None:
    with pytest.raises(BadMessage) as caught:
        compile_expression(text)
    assert caught.value.code == "invalid_expression"
    assert what in caught.value.message
    assert caught.value.details["line"] == line
    assert column is None or caught.value.details["column"] == column


@pytest.mark.parametrize(
    ("text", "content", "why"),
    [
        ("content.nothing == 1", {}, "no field 'nothing'"),
        ("content.text.contains('a')", {"text": 5}, ""),
        ("content.a == 1", None, ""),
        ("1 / content.zero == 1", {"zero": 0}, "division"),
        ("content.n + 9223372036854775807 > 0", {"n": 1}, "overflow"),
        ("content.list[9] == 1", {"list": [1]}, "out of bounds"),
        ("content.text", {"text": "yes"}, "not true or false"),
        ("timestamp(content.t) > timestamp('2020-01-01T00:00:00Z')", {"t": "never"}, ""),
    ],
)
def test_an_evaluation_that_fails_says_why(text: str, content: Any, why: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        matches(text, content)
    assert why in str(caught.value)


def test_what_would_take_too_long_is_not_evaluated() -> None:
    content = {"a": list(range(2_000)), "text": "a" * 100_000}
    nested = compile_expression("content.a.all(x, content.a.all(y, content.text.contains('b') == false))")
    with pytest.raises(ExpressionError, match="too large"):
        nested.matches(facts_of(content))
    assert not nested.matches(facts_of({"a": [1, 2], "text": "b"}))
    with pytest.raises(ExpressionError, match="too large"):
        matches("content.a == []", {"a": [[]] * 30_000})
    with pytest.raises(ExpressionError, match="too large"):
        matches("content.size() > 1", "a" * 2_000_000)


def test_an_expression_that_ignores_the_content_does_not_care_how_large_it_is() -> None:
    assert matches('role == "app"', ["a"] * 500_000)


@pytest.mark.parametrize(
    "text",
    [
        "content.l.all(x, x >= 0)",
        "content.l.all(x, content == content)",
        "content.l.exists(x, x in content.l && content.text.contains('zz'))",
        "content.l.all(x, content.l.all(y, x == y || content.text == content.text))",
        'content.text.matches("[ab]*c")',
        'content.text.matches("(a|ab|b){1,50}c$")',
        "string(content.text) + string(content.text) == content.text",
    ],
)
@pytest.mark.parametrize("shape", [(10, 50_000), (60, 1_000), (300, 300), (1_500, 10), (8_000, 10)])
def test_no_evaluation_takes_much_longer_than_its_bound(text: str, shape: tuple[int, int]) -> None:
    elements, characters = shape
    facts = facts_of({"l": [0] * elements, "text": "a" * characters})
    expression = compile_expression(text)
    began = time.perf_counter()
    with contextlib.suppress(ExpressionError):
        expression.matches(facts)
    # A quarter of a second is what is allowed; the rest is for a machine that has other things to do.
    assert time.perf_counter() - began < 2.5


_words = st.sampled_from(
    ["content", "type", "role", ".", "(", ")", "[", "]", "{", "}", "==", "&&", "||", "!", "-", "+", "?", ":", ",",
     "x", ".all(", ".exists(", ".matches(", "has(", '"a"', "'", '"', "1", "0x", "1e9", "r'\\'", "null", "in", "//",
     " ", "\n", "é", "\\"]
)  # fmt: skip


def refusal_of(text: str) -> BadMessage | None:
    try:
        expression = compile_expression(text)
    except BadMessage as error:
        return error
    reason_of(text, {"a": [1, "b"]})
    assert expression.text == text
    return None


def reason_of(text: str, content: Any) -> str | None:
    try:
        matches(text, content)
    except ExpressionError as error:
        return str(error)
    return None


@settings(max_examples=300, deadline=None)
@given(st.lists(_words, max_size=40).map("".join))
def test_whatever_is_written_is_compiled_or_refused_with_a_place(text: str) -> None:
    error = refusal_of(text)
    if error is not None:
        assert error.code == "invalid_expression"
        assert error.details["line"] >= 1
        assert error.details["column"] >= 1


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(_json)
def test_whatever_the_content_is_there_is_an_answer_or_a_reason(content: Any) -> None:
    for text in ("content == content", "content.a == 1", "content.exists(x, x == 1)", "size(content) > 1"):
        assert reason_of(text, content) != ""


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_between_the_words_there_are_only_blanks_and_comments(text: str) -> None:
    end = 0
    for token in read_tokens(text):
        assert text.startswith(token.text, token.start)
        between = text[end : token.start]
        assert all(not line.strip() or line.lstrip().startswith("//") for line in between.split("\n"))
        end = token.start + len(token.text)
