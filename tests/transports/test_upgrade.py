"""Upgrades on uvicorn's port, and what a connection does with frames."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tavernlink.transports.connection import Connection
from tavernlink.transports.frame import Frame
from tavernlink.transports.upgrade import Accept, Refuse, UpgradeRequest
from tests.transports.serving import ALLOWED, Address, serving, soon


class Echo:
    """A receiver that sends everything back and remembers what happened."""

    def __init__(self) -> None:
        self.connection: Connection
        self.happened: asyncio.Queue[Any] = asyncio.Queue()
        self.binary: list[bytes] = []

    def connection_made(self, connection: Connection) -> None:
        self.connection = connection
        self.happened.put_nowait("made")

    def receive_text(self, payload: bytes) -> None:
        self.connection.write(Frame(payload))

    def receive_binary(self, payload: bytes) -> None:
        self.binary.append(payload)
        self.connection.write(Frame(b"", (payload,)))

    def blocked(self) -> None:
        self.happened.put_nowait("blocked")

    def writable(self) -> None:
        self.happened.put_nowait("writable")

    def connection_lost(self, code: int, reason: str) -> None:
        self.happened.put_nowait((code, reason))

    async def next(self, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        while True:
            happening = await soon(self.happened.get())
            if wanted(happening):
                return happening


class House:
    """Doors for the tests; remembers the last request."""

    def __init__(self) -> None:
        self.echo = Echo()
        self.request: UpgradeRequest

    def echoes(self, request: UpgradeRequest) -> Accept | Refuse:
        self.request = request
        return Accept(self.echo, request.subprotocols[0] if request.subprotocols else None)

    def refuses(self, request: UpgradeRequest) -> Accept | Refuse:
        return Refuse.because(401, "unauthorized", "No key.")


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def address(house: House) -> AsyncIterator[Address]:
    async with serving(
        {"/echo": house.echoes, "/no": house.refuses}, max_payload=100_000, max_write_buffer=4_000_000
    ) as it:
        yield it


async def test_a_door_sees_what_was_asked_for(address: Address, house: House) -> None:
    async with address.websocket("/echo?a=1&b=%20", subprotocols=["x", "y"], origin=ALLOWED) as socket:
        assert socket.subprotocol == "x"
    assert house.request.path == "/echo"
    assert house.request.query == {"a": "1", "b": " "}
    assert house.request.subprotocols == ("x", "y")
    assert house.request.origin == ALLOWED
    assert house.request.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("path", "options", "status", "code"),
    [
        ("/nowhere", {}, 404, b"not_found"),
        ("/no", {}, 401, b"unauthorized"),
        ("/echo", {"origin": "http://evil.example"}, 403, b"origin_refused"),
    ],
)
async def test_a_refused_upgrade_says_why(
    address: Address, path: str, options: dict[str, Any], status: int, code: bytes
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with address.websocket(path, **options):
            pass
    assert refused.value.response.status_code == status
    assert b'"code":"' + code in refused.value.response.body


async def raw_upgrade(address: Address, *, connection: str = "Upgrade") -> tuple[Any, Any, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", address.port)
    writer.write(
        b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: " + connection.encode() + b"\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    return reader, writer, await soon(reader.readuntil(b"\r\n\r\n"))


def masked(first: int, payload: bytes) -> bytes:
    assert len(payload) < 126
    return bytes((first, 0x80 | len(payload))) + b"\0\0\0\0" + payload


async def test_firefox_sends_more_than_one_connection_option(address: Address) -> None:
    _, writer, head = await raw_upgrade(address, connection="keep-alive, Upgrade")
    assert head.startswith(b"HTTP/1.1 101 ")
    writer.close()


async def test_fragments_become_one_message_with_control_frames_between(address: Address) -> None:
    reader, writer, _ = await raw_upgrade(address)
    writer.write(masked(0x01, b"he") + masked(0x89, b"ping") + masked(0x00, b"ll") + masked(0x80, b"o"))
    assert await soon(reader.readexactly(6)) == b"\x8a\x04ping"
    assert await soon(reader.readexactly(7)) == b"\x81\x05hello"
    writer.close()


@pytest.mark.parametrize(
    "frames",
    [
        masked(0x80, b"no beginning"),
        masked(0x01, b"a") + masked(0x81, b"b"),
        masked(0xC1, b"reserved bit"),
        masked(0x83, b"unknown opcode"),
        b"\x81\x01x",  # a client's frame without a mask
    ],
)
async def test_a_broken_frame_closes_with_1002(address: Address, house: House, frames: bytes) -> None:
    reader, writer, _ = await raw_upgrade(address)
    writer.write(frames)
    head = await soon(reader.readexactly(4))
    assert head[0] == 0x88
    assert head[2:4] == (1002).to_bytes(2, "big")
    writer.close()
    assert (await house.echo.next(lambda happening: isinstance(happening, tuple)))[0] == 1002


async def test_fragments_count_together_against_the_limit(address: Address) -> None:
    async with address.websocket("/echo") as socket:
        with pytest.raises(ConnectionClosed):
            await socket.send("x" * 60_000 for _ in range(2))
            await soon(socket.recv())
        assert socket.close_code == 1009


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
async def test_messages_of_every_size_come_back(address: Address, size: int) -> None:
    async with address.websocket("/echo") as socket:
        await socket.send("x" * size)
        assert await soon(socket.recv()) == "x" * size
        await socket.send(b"y" * size)
        assert await soon(socket.recv()) == b"y" * size


async def test_what_one_turn_writes_arrives_in_order(address: Address, house: House) -> None:
    async with address.websocket("/echo") as socket:
        await house.echo.next()
        for number in range(100):
            house.echo.connection.write(Frame(b"%d" % number, (b"\x01",) if number % 10 == 0 else ()))
        house.echo.connection.close(4000, "done")
        texts = []
        with pytest.raises(ConnectionClosed):
            while True:
                message = await soon(socket.recv())
                texts += [message] if isinstance(message, str) else []
        assert texts == [str(number) for number in range(100)]
        assert (socket.close_code, socket.close_reason) == (4000, "done")
    assert await house.echo.next() == (4000, "done")


async def test_writing_after_the_close_does_nothing(address: Address, house: House) -> None:
    async with address.websocket("/echo") as socket:
        await house.echo.next()
        house.echo.connection.close()
        house.echo.connection.write(Frame(b"late"))
        house.echo.connection.close()
        with pytest.raises(ConnectionClosed):
            await soon(socket.recv())


async def test_the_peer_closes_with_its_own_code(address: Address, house: House) -> None:
    async with address.websocket("/echo") as socket:
        await house.echo.next()
        await socket.close(4321, "enough")
    assert await house.echo.next() == (4321, "enough")


async def test_a_connection_that_just_breaks_is_1006(address: Address, house: House) -> None:
    socket = await address.websocket("/echo")
    await house.echo.next()
    socket.transport.abort()
    assert (await house.echo.next())[0] == 1006


async def test_a_peer_that_does_not_answer_the_close_is_dropped(address: Address, house: House) -> None:
    reader, writer, _ = await raw_upgrade(address)
    await house.echo.next()
    house.echo.connection.close(1000, "bye")
    assert (await soon(reader.read()))[:4] == b"\x88\x05\x03\xe8"
    assert await house.echo.next() == (1000, "bye")
    writer.close()


async def test_a_slow_reader_is_told_of_and_recovers(address: Address, house: House) -> None:
    reader, writer, _ = await raw_upgrade(address)
    await house.echo.next()
    connection = house.echo.connection
    frame = Frame(b"x" * 50_000)
    sent = 0
    while not connection.paused:
        connection.write(frame)
        sent += 1
        await asyncio.sleep(0)
    assert await house.echo.next() == "blocked"
    assert connection.write_buffer_size() > 0
    await soon(reader.readexactly(sent * len(frame.wire)))
    assert await house.echo.next() == "writable"
    assert not house.echo.connection.paused
    writer.close()


async def test_a_reader_that_never_reads_is_dropped_at_the_limit(address: Address, house: House) -> None:
    _, writer, _ = await raw_upgrade(address)
    await house.echo.next()
    connection = house.echo.connection
    for _ in range(1_000):
        connection.write(Frame(b"x" * 50_000))
        await asyncio.sleep(0)
    assert await house.echo.next(lambda happening: happening != "blocked") == (1013, "slow consumer")
    writer.close()


async def test_one_turn_of_writes_cannot_pass_the_limit_either(address: Address, house: House) -> None:
    _, writer, _ = await raw_upgrade(address)
    await house.echo.next()
    for _ in range(1_000):
        house.echo.connection.write(Frame(b"x" * 50_000))
    assert await house.echo.next(lambda happening: happening != "blocked") == (1013, "slow consumer")
    writer.close()


async def test_a_fault_in_a_receiver_costs_only_its_connection(address: Address, house: House) -> None:
    async with address.websocket("/echo") as socket:
        await house.echo.next()

        def fail(payload: bytes) -> None:
            raise ZeroDivisionError

        house.echo.receive_text = fail  # type: ignore[method-assign]
        await socket.send("x")
        with pytest.raises(ConnectionClosed):
            await soon(socket.recv())
        assert socket.close_code == 1011
    house.echo = Echo()
    async with address.websocket("/echo") as socket:
        await socket.send("fine")
        assert await soon(socket.recv()) == "fine"


async def test_a_fault_in_a_door_or_at_the_opening_is_logged_and_told(
    address: Address, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("a detail of ours")

    address.upgrades.doors["/fails"] = fail
    with pytest.raises(InvalidStatus) as refused:
        async with address.websocket("/fails"):
            pass
    assert refused.value.response.status_code == 500
    assert b"a detail of ours" not in (refused.value.response.body or b"")
    house.echo.connection_made = fail  # type: ignore[assignment, method-assign]
    async with address.websocket("/echo") as socket:
        with pytest.raises(ConnectionClosed):
            await soon(socket.recv())
        assert socket.close_code == 1011
    assert [record.exc_info is not None for record in caplog.records if record.levelname == "ERROR"] == [
        True,
        True,
    ]


async def test_stopping_closes_what_is_open(house: House) -> None:
    async with serving({"/echo": house.echoes}) as address:
        socket = await address.websocket("/echo")
    await soon(socket.wait_closed())
    assert (socket.close_code, socket.close_reason) == (1001, "the hub is stopping")
