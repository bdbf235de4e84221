"""The bytes of server frames."""

from __future__ import annotations

import pytest

from tavernlink.transports.frame import Frame, binary_frame, text_frame


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_the_length_takes_the_shortest_form(size: int, header: bytes) -> None:
    frame = text_frame(b"x" * size)
    assert frame[: len(header)] == header
    assert len(frame) == len(header) + size


def test_a_binary_frame_has_its_own_opcode() -> None:
    assert binary_frame(b"\x00\xff") == b"\x82\x02\x00\xff"


def test_attachments_follow_the_text_and_count_for_its_size() -> None:
    frame = Frame(b"ab", (b"c", b"de"))
    assert frame.wire == b"\x81\x02ab\x82\x01c\x82\x02de"
    assert frame.size == 5


def test_a_frame_without_text_is_only_its_attachments() -> None:
    assert Frame(b"", (b"c",)).wire == b"\x82\x01c"


def test_the_wire_bytes_are_built_once() -> None:
    frame = Frame(b"ab")
    assert frame.wire is frame.wire
