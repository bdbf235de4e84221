"""The Socket.IO server over raw WebSockets, packet by packet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tavernlink.transports.engineio.settings import Settings as EngineSettings
from tavernlink.transports.socketio.namespace import Refusal
from tavernlink.transports.socketio.packet import Arguments
from tavernlink.transports.socketio.server import SocketServer
from tavernlink.transports.socketio.settings import Settings
from tavernlink.transports.socketio.socket import Ack, Socket
from tests.transports.serving import Address, allows, receive_text, serving, soon

PATH = "/socket.io/?EIO=4&transport=websocket"


class Room:
    """A namespace that does what the name of the event says."""

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self.gone: asyncio.Queue[str] = asyncio.Queue()
        self.answers: asyncio.Queue[Any] = asyncio.Queue()
        self.gate: asyncio.Event | None = None
        self.deciding = asyncio.Event()

    def on_connect(self, socket: Socket, auth: bytes) -> Any:
        payload = json.loads(auth)
        if payload.get("key") == "wrong":
            raise Refusal("Not you", {"code": "unauthorized"})
        if payload.get("key") == "broken":
            raise ZeroDivisionError
        self.sockets.append(socket)
        socket.emit("auth", payload)
        return self.decide(payload) if self.gate is not None else None

    async def decide(self, payload: dict[str, Any]) -> None:
        assert self.gate is not None
        self.deciding.set()
        await self.gate.wait()
        if payload.get("key") == "later wrong":
            raise Refusal("Not you after all")

    def on_event(self, socket: Socket, name: str, arguments: Arguments, ack: Ack | None) -> None:
        if name == "message":
            socket.emit("message-back", *arguments.values())
        elif name == "message-with-ack" and ack is not None:
            ack(*arguments.values())
            ack("only the first answer counts")
        elif name == "ask":
            socket.ask("question", *arguments.values(), answer=self.take)
        elif name == "leave":
            socket.disconnect(close=bool(arguments.values()))

    def take(self, answer: Arguments | None) -> None:
        self.answers.put_nowait(None if answer is None else answer.values())

    def on_blocked(self, socket: Socket) -> None:
        self.gone.put_nowait("blocked")

    def on_writable(self, socket: Socket) -> None:
        self.gone.put_nowait("writable")

    def on_disconnect(self, socket: Socket, reason: str) -> None:
        self.gone.put_nowait(reason)


@asynccontextmanager
async def house(room: Room, **settings: Any) -> AsyncIterator[Address]:
    server = SocketServer(
        {"/": room, "/custom": room},
        engine=EngineSettings(max_payload=100_000),
        settings=Settings(**settings),
        origin_allowed=allows,
    )
    async with serving({"/socket.io/": server.engine.accept}, server.engine, max_payload=100_000) as address:
        yield address


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def address(room: Room) -> AsyncIterator[Address]:
    async with house(room) as it:
        yield it


@pytest.fixture
async def socket(address: Address) -> AsyncIterator[ClientConnection]:
    """A client that has joined "/"."""
    async with address.websocket(PATH) as it:
        await soon(it.recv())
        await it.send("40")
        await receive_text(it)
        assert await receive_text(it) == '42["auth",{}]'
        yield it


async def closed(socket: ClientConnection) -> None:
    with pytest.raises(ConnectionClosed):
        while True:
            await soon(socket.recv())


@pytest.mark.parametrize(
    ("connect", "prefix", "event"),
    [
        ("40", "40", '42["auth",{}]'),
        ('40{"token":"123"}', "40", '42["auth",{"token":"123"}]'),
        ("40/custom,", "40/custom,", '42/custom,["auth",{}]'),
        ('40/custom,{"token":"abc"}', "40/custom,", '42/custom,["auth",{"token":"abc"}]'),
    ],
)
async def test_a_client_joins_a_namespace(address: Address, connect: str, prefix: str, event: str) -> None:
    async with address.websocket(PATH) as socket:
        await soon(socket.recv())
        await socket.send(connect)
        answer = await receive_text(socket)
        assert answer.startswith(prefix)
        assert list(json.loads(answer[len(prefix) :])) == ["sid"]
        assert await receive_text(socket) == event


@pytest.mark.parametrize(
    ("connect", "answer"),
    [
        ("40/random", '44/random,{"message":"Invalid namespace"}'),
        ('40{"key":"wrong"}', '44{"message":"Not you","data":{"code":"unauthorized"}}'),
    ],
)
async def test_a_client_is_refused_and_may_try_again(
    address: Address, room: Room, connect: str, answer: str
) -> None:
    async with address.websocket(PATH) as socket:
        await soon(socket.recv())
        await socket.send(connect)
        assert await receive_text(socket) == answer
        await socket.send("40")
        assert (await receive_text(socket)).startswith('40{"sid":')
    assert room.gone.empty() or await soon(room.gone.get()) == "transport close"


async def test_a_fault_in_a_connect_handler_costs_only_its_connection(address: Address) -> None:
    async with address.websocket(PATH) as socket:
        await soon(socket.recv())
        await socket.send('40{"key":"broken"}')
        await closed(socket)


@pytest.mark.parametrize(
    ("key", "answer"), [("right", '40{"sid":'), ("later wrong", '44{"message":"Not you after all"}')]
)
async def test_a_handler_may_take_its_time_to_decide(room: Room, key: str, answer: str) -> None:
    room.gate = asyncio.Event()
    async with house(room) as address, address.websocket(PATH) as socket:
        await soon(socket.recv())
        await socket.send("40" + json.dumps({"key": key}))
        await soon(room.deciding.wait())
        room.gate.set()
        assert (await receive_text(socket)).startswith(answer)


async def test_a_client_may_leave_while_it_is_being_decided(room: Room) -> None:
    room.gate = asyncio.Event()
    async with house(room) as address:
        async with address.websocket(PATH) as socket:
            await soon(socket.recv())
            await socket.send("40")
            await soon(room.deciding.wait())
        room.gate.set()
        async with address.websocket(PATH) as socket:
            await soon(socket.recv())
            await socket.send("40")
            assert (await receive_text(socket)).startswith('40{"sid":')


@pytest.mark.parametrize(
    "packet",
    ["4abc", '42["message"]', "40[]", '40{"a"', '40{"a":}', "451-[]", "41", '431["x"]', '44{"message":"x"}'],
)
async def test_an_invalid_first_packet_closes_the_connection(address: Address, packet: str) -> None:
    async with address.websocket(PATH) as socket:
        await soon(socket.recv())
        await socket.send(packet)
        if packet == "451-[]":
            await socket.send(b"x")
        await closed(socket)


async def test_a_client_that_does_not_join_is_closed(room: Room) -> None:
    async with house(room, connect_timeout=0.05) as address, address.websocket(PATH) as socket:
        await soon(socket.recv())
        await closed(socket)
        assert socket.close_reason == "connect timeout"


async def test_events_come_back(socket: ClientConnection) -> None:
    await socket.send('42["message",1,"2",{"3":[true]}]')
    assert await receive_text(socket) == '42["message-back",1,"2",{"3":[true]}]'


async def test_binary_events_come_back(socket: ClientConnection) -> None:
    await socket.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    await socket.send(b"\x01\x02\x03")
    await socket.send(b"\x04\x05\x06")
    assert (
        await soon(socket.recv())
        == '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
    )
    assert await soon(socket.recv()) == b"\x01\x02\x03"
    assert await soon(socket.recv()) == b"\x04\x05\x06"


async def test_acks_carry_the_arguments_once(socket: ClientConnection) -> None:
    await socket.send('42456["message-with-ack",1,"2",{"3":[false]}]')
    assert await receive_text(socket) == '43456[1,"2",{"3":[false]}]'
    await socket.send('42["message"]')
    assert await receive_text(socket) == '42["message-back"]'


async def test_binary_acks_carry_the_attachments(socket: ClientConnection) -> None:
    await socket.send('451-789["message-with-ack",{"_placeholder":true,"num":0}]')
    await socket.send(b"\x01")
    assert await soon(socket.recv()) == '461-789[{"_placeholder":true,"num":0}]'
    assert await soon(socket.recv()) == b"\x01"


async def test_the_server_asks_and_the_client_answers(socket: ClientConnection, room: Room) -> None:
    await socket.send('42["ask","why"]')
    assert await receive_text(socket) == '420["question","why"]'
    await socket.send("4399[1]")  # nobody waits for this one
    await socket.send('461-0[{"_placeholder":true,"num":0}]')
    await socket.send(b"because")
    assert await soon(room.answers.get()) == [b"because"]


async def test_an_unanswered_question_ends_with_the_connection(socket: ClientConnection, room: Room) -> None:
    await socket.send('42["ask","why"]')
    await receive_text(socket)
    await socket.close()
    assert await soon(room.answers.get()) is None


async def test_leaving_a_namespace_keeps_the_connection_and_the_others(
    socket: ClientConnection, room: Room
) -> None:
    await socket.send("40/custom")
    assert (await receive_text(socket)).startswith("40/custom,")
    await receive_text(socket)
    await socket.send("41/custom")
    assert await soon(room.gone.get()) == "client namespace disconnect"
    await socket.send('42/custom,["message","too late"]')
    await socket.send('42["message","still here"]')
    assert await receive_text(socket) == '42["message-back","still here"]'
    await socket.send("40/custom")
    assert (await receive_text(socket)).startswith("40/custom,")


async def test_the_server_sends_a_client_away(socket: ClientConnection, room: Room) -> None:
    await socket.send('42["leave"]')
    assert await receive_text(socket) == "41"
    assert await soon(room.gone.get()) == "server namespace disconnect"
    await socket.send("40")
    assert (await receive_text(socket)).startswith("40{")


async def test_the_server_closes_the_whole_connection(socket: ClientConnection, room: Room) -> None:
    await socket.send('42["leave",true]')
    assert await receive_text(socket) == "41"
    await closed(socket)


@pytest.mark.parametrize(
    "packets",
    [
        ["4abc"],
        ["42{}"],
        ['42abc["message-with-ack",1]'],
        ["42[]"],
        ['42["message"'],
        ['42["disconnect"]'],
        ["40"],
        [b"unasked"],
        ['451-["message",{"_placeholder":true,"num":0}]', '42["message"]'],
        ['451-["message",{"_placeholder":true,"num":1}]', b"x"],
        ['465-1[{"_placeholder":true,"num":0}]', "40"],
        ['4565-["message"]'],
        ['42/custom,["message"]'],
        ['42["message","\udcff"]'.encode("utf-8", "surrogateescape")],
    ],
)
async def test_an_invalid_packet_closes_the_connection(
    socket: ClientConnection, room: Room, packets: list[Any]
) -> None:
    for packet in packets:
        await socket.send(packet, text=True) if isinstance(packet, bytes) and packet[
            :1
        ] == b"4" else await socket.send(packet)
    await closed(socket)
    assert await soon(room.gone.get()) == "parse error"


async def test_other_clients_notice_nothing(address: Address, socket: ClientConnection) -> None:
    async with address.websocket(PATH) as bad:
        await soon(bad.recv())
        await bad.send("4abc")
        await closed(bad)
    await socket.send('42["message"]')
    assert await receive_text(socket) == '42["message-back"]'


async def test_everything_works_over_polling_too(address: Address) -> None:
    query = {"EIO": "4", "transport": "polling"}
    async with address.client() as http:
        query["sid"] = json.loads((await http.get("/socket.io/", params=query)).text[1:])["sid"]
        event = '452-7["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
        body = f"40\x1e{event}\x1ebAQ==\x1ebAg=="
        assert (await http.post("/socket.io/", params=query, content=body)).text == "ok"
        packets = (await http.get("/socket.io/", params=query)).text.split("\x1e")
        assert packets[0].startswith('40{"sid":')
        assert packets[1:] == [
            '42["auth",{}]',
            '462-7[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
            "bAQ==",
            "bAg==",
        ]


async def test_a_slow_client_is_reported_to_its_handler(socket: ClientConnection, room: Room) -> None:
    socket.transport.pause_reading()
    (served,) = room.sockets
    while not served.paused:
        served.emit("flood", "x" * 50_000)
        await asyncio.sleep(0)
    assert await soon(room.gone.get()) == "blocked"
    assert served.write_buffer_size() > 0
    socket.transport.resume_reading()
    waiting = asyncio.ensure_future(room.gone.get())
    while not waiting.done():
        await soon(socket.recv())
    assert waiting.result() == "writable"


async def test_what_is_sent_to_a_socket_that_is_gone_is_swallowed(
    socket: ClientConnection, room: Room
) -> None:
    await socket.close()
    await soon(room.gone.get())
    (served,) = room.sockets
    served.emit("late")
    served.disconnect()
    served.ask("late", answer=room.take)
    assert await soon(room.answers.get()) is None
