"""The Socket.IO codec."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tavernlink.transports.engineio.packet import InvalidPacket
from tavernlink.transports.socketio.packet import (
    ACK,
    BINARY_ACK,
    BINARY_EVENT,
    CONNECT,
    DISCONNECT,
    EVENT,
    Arguments,
    Packet,
    ack_frame,
    decode,
    event_frame,
    packet_frame,
    raw_ack_frame,
    raw_event_frame,
    split_arguments,
    split_event,
)


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        (b"0", Packet(CONNECT, "/", None, b"")),
        (b'0{"token":"123"}', Packet(CONNECT, "/", None, b'{"token":"123"}')),
        (b"0/custom", Packet(CONNECT, "/custom", None, b"")),
        (b"0/custom,", Packet(CONNECT, "/custom", None, b"")),
        (b'0/custom,{"a":1}', Packet(CONNECT, "/custom", None, b'{"a":1}')),
        (b"1", Packet(DISCONNECT, "/", None, b"")),
        (b"1/custom", Packet(DISCONNECT, "/custom", None, b"")),
        (b'2["a",1]', Packet(EVENT, "/", None, b'["a",1]')),
        (b'212["a"]', Packet(EVENT, "/", 12, b'["a"]')),
        (b'2/custom,12["a"]', Packet(EVENT, "/custom", 12, b'["a"]')),
        (b"37[]", Packet(ACK, "/", 7, b"[]")),
        (b"3/custom,0[1]", Packet(ACK, "/custom", 0, b"[1]")),
        (
            b'51-["a",{"_placeholder":true,"num":0}]',
            Packet(BINARY_EVENT, "/", None, b'["a",{"_placeholder":true,"num":0}]', 1),
        ),
        (b'52-/custom,3["a"]', Packet(BINARY_EVENT, "/custom", 3, b'["a"]', 2)),
        (b"61-456[1]", Packet(BINARY_ACK, "/", 456, b"[1]", 1)),
    ],
)
def test_a_packet_is_read(text: bytes, packet: Packet) -> None:
    assert decode(text) == packet


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"a",
        b"abc",
        b"7",
        b"9[]",
        b"0[]",
        b"0abc",
        b"05{}",
        b"1[]",
        b"15",
        b"2",
        b"2{}",
        b"2abc",
        b'2abc["a"]',
        b"2/custom",
        b'2/\xff,["a"]',
        b'21234567890123456["a"]',
        b"3[]",
        b"31{}",
        b'4{"message":"x"}',
        b'5["a"]',
        b'5-["a"]',
        b'5a-["a"]',
        b'5-1["a"]',
        b"61-[]",
    ],
)
def test_a_broken_packet_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidPacket):
        decode(text)


def test_an_event_is_split_into_its_name_and_raw_arguments() -> None:
    name, raw = split_event(b'["a\\u0062", 1 ,"x",{"y":[true]}]')
    assert name == "ab"
    assert [bytes(each).strip() for each in raw] == [b"1", b'"x"', b'{"y":[true]}']


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"[1]",
        b"[null]",
        b'["a"',
        b'["a",]',
        b'["a"]x',
        b'["a",1,',
        b'["connect"]',
        b'["disconnect",1]',
        b'["a\xff"]',
    ],
)
def test_an_event_without_a_proper_name_or_json_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidPacket):
        split_event(data)


def test_deeply_nested_json_is_refused_not_fatal() -> None:
    with pytest.raises(InvalidPacket):
        split_arguments(b"[" * 100_000 + b"]" * 100_000)


def raws(*values: bytes) -> list[msgspec.Raw]:
    return [msgspec.Raw(value) for value in values]


def test_attachments_take_the_places_that_were_kept_for_them() -> None:
    holder = b'{"a":[{"_placeholder":true,"num":1}],"b":{"_placeholder":true,"num":0}}'
    arguments = Arguments(raws(holder, b"1"), (b"zero", b"one"))
    assert arguments.values() == [{"a": [b"one"], "b": b"zero"}, 1]
    assert msgspec.json.decode(arguments.json(0)) == {"a": ["b25l"], "b": "emVybw=="}


def test_without_attachments_the_raw_json_is_handed_on_untouched() -> None:
    arguments = Arguments(raws(b'{"_placeholder":true,"num":5}'))
    assert bytes(arguments.json(0)) == b'{"_placeholder":true,"num":5}'


@pytest.mark.parametrize("number", ["1", "-1", "true", '"0"', "null", "0.5"])
def test_a_placeholder_without_its_attachment_is_refused(number: str) -> None:
    arguments = Arguments(raws(b'{"_placeholder":true,"num":' + number.encode() + b"}"), (b"x",))
    with pytest.raises(InvalidPacket):
        arguments.values()


@pytest.mark.parametrize(
    ("frame", "text", "attachments"),
    [
        (event_frame("a", [1, "2", {"3": [True]}]), b'42["a",1,"2",{"3":[true]}]', ()),
        (event_frame("a", [], "/custom", 5), b'42/custom,5["a"]', ()),
        (
            event_frame("a", [b"x", {"y": b"z"}]),
            b'452-["a",{"_placeholder":true,"num":0},{"y":{"_placeholder":true,"num":1}}]',
            (b"x", b"z"),
        ),
        (
            event_frame("a", [(bytearray(b"x"),)], "/custom", 5),
            b'451-/custom,5["a",[{"_placeholder":true,"num":0}]]',
            (b"x",),
        ),
        (ack_frame(7, []), b"437[]", ()),
        (ack_frame(7, [b"x"], "/c"), b'461-/c,7[{"_placeholder":true,"num":0}]', (b"x",)),
        (raw_event_frame("a", b'{"b":1}', id_=3), b'423["a",{"b":1}]', ()),
        (raw_ack_frame(3, b"{}", "/c"), b"43/c,3[{}]", ()),
        (packet_frame(DISCONNECT, "/", None, b""), b"41", ()),
        (packet_frame(DISCONNECT, "/c", None, b""), b"41/c,", ()),
    ],
)
def test_a_packet_is_written(frame: Any, text: bytes, attachments: tuple[bytes, ...]) -> None:
    assert frame.text == text
    assert frame.attachments == attachments


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10) | st.binary(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5).filter(lambda key: key != "_placeholder"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    name=st.text(max_size=20).filter(
        lambda name: name not in ("connect", "connect_error", "disconnect", "disconnecting")
    ),
    values=st.lists(_json, max_size=4),
    namespace=st.sampled_from(["/", "/custom", "/a/b"]),
    id_=st.none() | st.integers(0, 10**14),
)
def test_what_is_written_is_read(name: str, values: list[Any], namespace: str, id_: int | None) -> None:
    frame = event_frame(name, values, namespace, id_)
    packet = decode(frame.text[1:])
    assert (packet.namespace, packet.id, packet.attachments) == (namespace, id_, len(frame.attachments))
    read, raw = split_event(packet.data)
    assert read == name
    assert Arguments(raw, frame.attachments).values() == values


@given(st.binary(max_size=60))
def test_any_bytes_are_a_packet_or_an_invalid_packet(text: bytes) -> None:
    try:
        packet = decode(text)
        if packet.data[:1] == b"[":
            split_event(packet.data)
    except InvalidPacket:
        pass
