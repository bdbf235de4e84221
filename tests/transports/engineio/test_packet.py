"""The Engine.IO codec."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tavernlink.transports.engineio.packet import (
    CLOSE,
    MESSAGE,
    PONG,
    Handshake,
    InvalidPacket,
    Packet,
    decode_payload,
    encode_payload,
    message,
)
from tavernlink.transports.frame import Frame


@pytest.mark.parametrize(
    ("body", "packets"),
    [
        (b"4hello", [Packet(MESSAGE, b"hello")]),
        (b"4", [Packet(MESSAGE, b"")]),
        (b"3probe", [Packet(PONG, b"probe")]),
        (b"4a\x1e1", [Packet(MESSAGE, b"a"), Packet(CLOSE, b"")]),
        (b"4a\x1ebAQIDBA==", [Packet(MESSAGE, b"a"), Packet(MESSAGE, b"\x01\x02\x03\x04", binary=True)]),
        (b"b", [Packet(MESSAGE, b"", binary=True)]),
    ],
)
def test_a_payload_is_split_into_its_packets(body: bytes, packets: list[Packet]) -> None:
    assert decode_payload(body) == packets


@pytest.mark.parametrize(
    "body", [b"", b"\x1e", b"4a\x1e", b"abc", b"7", b"/", b"4a\x1e\x1e4b", b"bA", b"b!!!!", b"bAQIDBA"]
)
def test_a_broken_payload_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidPacket):
        decode_payload(body)


_texts = st.binary(max_size=50).filter(lambda data: b"\x1e" not in data)


@given(st.lists(st.tuples(_texts, st.lists(st.binary(max_size=50), max_size=3)), min_size=1, max_size=5))
def test_what_is_encoded_is_decoded(messages: list[tuple[bytes, list[bytes]]]) -> None:
    wanted = []
    for text, attachments in messages:
        wanted.append(Packet(MESSAGE, text))
        wanted.extend(Packet(MESSAGE, data, binary=True) for data in attachments)
    assert decode_payload(encode_payload(message(text, tuple(rest)) for text, rest in messages)) == wanted


@given(st.binary(max_size=100))
def test_any_bytes_are_packets_or_an_invalid_packet(body: bytes) -> None:
    try:
        packets = decode_payload(body)
    except InvalidPacket:
        return
    assert packets


def test_a_binary_message_alone_has_no_text_packet() -> None:
    assert encode_payload([Frame(b"", (b"\x01",))]) == b"bAQ=="


def test_the_handshake_names_its_fields_as_the_protocol_does() -> None:
    handshake = Handshake(sid="x", upgrades=["websocket"], ping_interval=300, ping_timeout=200, max_payload=9)
    assert handshake.frame().text == (
        b'0{"sid":"x","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":9}'
    )
