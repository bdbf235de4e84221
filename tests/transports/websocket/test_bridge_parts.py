"""The parts of the ChatBridge dialect that do no I/O."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tavernlink.errors import BadMessage
from tavernlink.protocol.chat import ChatMessage, ChatOp
from tavernlink.protocol.streams import StreamDelta, StreamStart
from tavernlink.transports.websocket.bridge_chat import apply_ops, chat_ops
from tavernlink.transports.websocket.bridge_stream import CumulativeStream
from tavernlink.transports.websocket.seats import Seats


def chat(letters: str) -> list[ChatMessage]:
    return [ChatMessage(name="n", role="user", text=letter) for letter in letters]


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_the_steps_lead_from_the_old_chat_to_the_new_one(old: str, new: str) -> None:
    messages = chat(old)
    apply_ops(messages, chat_ops(messages, chat(new)))
    assert messages == chat(new)


@pytest.mark.parametrize(
    ("old", "new", "ops"),
    [
        ("", "", []),
        ("ab", "ab", []),
        ("ab", "abc", ["insert 2"]),
        ("abc", "ab", ["remove 2"]),
        ("abc", "axc", ["replace 1"]),
        ("abcd", "ad", ["remove 1", "remove 1"]),
        ("ad", "abcd", ["insert 1", "insert 2"]),
        ("abcd", "axd", ["replace 1", "remove 2"]),
        ("ab", "xy", ["reset", "insert 0", "insert 1"]),
        ("ab", "", ["reset"]),
    ],
)
def test_only_what_changed_is_a_step(old: str, new: str, ops: list[str]) -> None:
    steps = chat_ops(chat(old), chat(new))
    assert [op.op if op.op == "reset" else f"{op.op} {op.index}" for op in steps] == ops


@pytest.mark.parametrize(
    "op",
    [
        ChatOp(op="remove", index=1),
        ChatOp(op="insert", index=2, message=chat("x")[0]),
        ChatOp(op="replace", index=0),
    ],
)
def test_a_step_that_does_not_fit_is_refused(op: ChatOp) -> None:
    with pytest.raises(BadMessage):
        apply_ops(chat("a"), [op])


class Streams:
    """A stream under test and what it said."""

    def __init__(self) -> None:
        numbers = iter(range(100))
        self.it = CumulativeStream(lambda: f"s{next(numbers)}")

    def update(self, text: str) -> list[str]:
        said = []
        for message in self.it.update(text, character="Seraphina", request_id=None):
            if isinstance(message, StreamStart):
                said.append(f"start {message.stream_id}")
            elif isinstance(message, StreamDelta):
                said.append(f"{'=' if message.replace else '+'}{message.text}")
        return said


def test_cumulative_texts_become_deltas() -> None:
    streams = Streams()
    assert streams.update("He") == ["start s0", "+He"]
    assert streams.update("Hello") == ["+llo"]
    assert streams.update("Hello") == []
    assert streams.update("Hullo!") == ["=Hullo!"]
    end = streams.it.end("Hullo.", 3)
    assert end is not None
    assert (end.stream_id, end.seq, end.text, end.message_index) == ("s0", 3, "Hullo.", 3)


def test_a_late_update_of_a_finished_reply_opens_nothing() -> None:
    streams = Streams()
    streams.update("Hello ")
    streams.it.end("Hello there", 1)
    assert streams.update("Hello ") == []
    assert streams.update("Hello there") == []
    assert streams.update("Hello world") == ["start s1", "+Hello world"]


def test_the_same_reply_to_another_question_is_a_new_stream() -> None:
    streams = Streams()
    streams.update("Yes")
    streams.it.end("Yes", 1)
    streams.it.forget_last()
    assert streams.update("Yes") == ["start s1", "+Yes"]


def test_an_end_without_a_stream_says_nothing() -> None:
    assert Streams().it.end("Hello", 0) is None


@given(st.lists(st.text("ab", min_size=1, max_size=6), max_size=6))
def test_whatever_the_texts_the_deltas_add_up_to_the_last(texts: list[str]) -> None:
    streams = Streams()
    shown = ""
    for text in texts:
        for message in streams.it.update(text, character=None, request_id=None):
            if isinstance(message, StreamDelta):
                shown = message.text if message.replace else shown + message.text
        assert shown == text


def test_the_first_free_seat_is_taken() -> None:
    seats = Seats()
    assert [seats.take(), seats.take(), seats.take()] == ["chatbridge", "chatbridge-2", "chatbridge-3"]
    seats.leave("chatbridge-2")
    seats.leave("never taken")
    assert seats.take() == "chatbridge-2"
