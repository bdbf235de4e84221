"""The chat mirror: operations, revisions, pages."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tavernlink.core.relay.mirror import ChatMirror
from tavernlink.errors import BadMessage
from tavernlink.protocol.chat import ChatMessage, ChatOp, ChatUpdate

Op = Literal["insert", "replace", "remove", "reset"]


def message(text: str) -> ChatMessage:
    return ChatMessage(name="A", role="assistant", text=text)


def apply(mirror: ChatMirror, *ops: tuple[Op, int, str | None], chat_id: str = "c") -> None:
    made = [
        ChatOp(op=op, index=index, message=None if text is None else message(text)) for op, index, text in ops
    ]
    mirror.apply(ChatUpdate(chat_id=chat_id, ops=made))


def texts(mirror: ChatMirror, **page: Any) -> list[str]:
    asked = {"since": None, "before": None, "limit": 100, **page}
    return [each.text for each in mirror.view("t", **asked).messages]


def filled(count: int) -> ChatMirror:
    mirror = ChatMirror()
    apply(mirror, ("reset", 0, None), *(("insert", index, f"m{index}") for index in range(count)))
    return mirror


def test_operations_change_the_copy_in_order() -> None:
    mirror = filled(3)
    apply(mirror, ("replace", 1, "new"), ("remove", 0, None), ("insert", 2, "last"))
    assert texts(mirror) == ["new", "m2", "last"]
    assert mirror.revision == 2


def test_pages_go_backwards_and_messages_know_their_index() -> None:
    mirror = filled(10)
    view = mirror.view("t", since=None, before=8, limit=3)
    assert [(each.index, each.text) for each in view.messages] == [(5, "m5"), (6, "m6"), (7, "m7")]
    assert view.total == 10
    assert texts(mirror, limit=2) == ["m8", "m9"]
    assert texts(mirror, before=0) == []


def test_since_a_revision_the_operations_are_given_or_the_messages_where_they_are_forgotten() -> None:
    mirror = filled(2)
    apply(mirror, ("insert", 2, "x"))
    ops = mirror.view("t", since=1, before=None, limit=100).ops
    assert ops is not None
    assert [(op.op, op.index) for op in ops] == [("insert", 2)]
    assert mirror.view("t", since=2, before=None, limit=100).ops == []
    for number in range(600):
        apply(mirror, ("replace", 0, str(number)))
    view = mirror.view("t", since=1, before=None, limit=100)
    assert view.ops is None
    assert len(view.messages) == 3


def test_an_update_that_half_fits_changes_nothing() -> None:
    mirror = filled(2)
    with pytest.raises(BadMessage, match=r"ops\[1\]"):
        apply(mirror, ("remove", 0, None), ("replace", 9, "x"))
    assert (texts(mirror), mirror.revision) == (["m0", "m1"], 1)


def test_an_update_with_part_of_its_operations_forgotten_is_not_given_in_part() -> None:
    mirror = filled(1)
    apply(mirror, *(("replace", 0, str(number)) for number in range(700)))
    assert mirror.view("t", since=1, before=None, limit=100).ops is None
