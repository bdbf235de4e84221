"""The Engine.IO server over real connections, with an application that echoes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tavernlink.transports.engineio.server import EngineServer
from tavernlink.transports.engineio.settings import Settings
from tavernlink.transports.socketio.echo import EngineEcho
from tests.transports.serving import ALLOWED, Address, allows, receive_text, serving, soon

PATH = "/engine.io/"
POLLING = {"EIO": "4", "transport": "polling"}
WEBSOCKET = PATH + "?EIO=4&transport=websocket"


def make_engine(**numbers: Any) -> EngineServer:
    return EngineServer(
        EngineEcho,
        Settings(**{"ping_interval": 0.1, "ping_timeout": 1.0, "max_payload": 1000, **numbers}),
        origin_allowed=allows,
    )


@pytest.fixture
async def slow() -> AsyncIterator[Address]:
    """A server whose heartbeat does not get in the way."""
    engine = make_engine(ping_interval=25, ping_timeout=20)
    async with serving({PATH: engine.accept}, engine, max_payload=1000) as address:
        yield address


@pytest.fixture
async def quick() -> AsyncIterator[Address]:
    """A server with a quick heartbeat."""
    engine = make_engine()
    async with serving({PATH: engine.accept}, engine, max_payload=1000) as address:
        yield address


async def open_session(http: Any) -> dict[str, str]:
    """The query of a fresh polling session."""
    answer = await http.get(PATH, params=POLLING)
    return {**POLLING, "sid": json.loads(answer.text[1:])["sid"]}


async def test_a_polling_handshake_offers_the_upgrade(slow: Address) -> None:
    async with slow.client() as http:
        answer = await http.get(PATH, params=POLLING)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    assert answer.text[0] == "0"
    handshake = json.loads(answer.text[1:])
    assert handshake.pop("sid")
    assert handshake == {
        "upgrades": ["websocket"],
        "pingInterval": 25000,
        "pingTimeout": 20000,
        "maxPayload": 1000,
    }


async def test_a_websocket_handshake_offers_none(slow: Address) -> None:
    async with slow.websocket(WEBSOCKET) as socket:
        assert json.loads((await receive_text(socket))[1:])["upgrades"] == []


@pytest.mark.parametrize(
    ("method", "query", "code"),
    [
        ("GET", {"transport": "polling"}, 5),
        ("GET", {"EIO": "3", "transport": "polling"}, 5),
        ("GET", {"EIO": "abc", "transport": "polling"}, 5),
        ("GET", {"EIO": "4"}, 0),
        ("GET", {"EIO": "4", "transport": "abc"}, 0),
        ("GET", {"EIO": "4", "transport": "websocket"}, 3),
        ("POST", POLLING, 2),
        ("PUT", POLLING, 2),
        ("GET", {**POLLING, "sid": "nobody"}, 1),
        ("POST", {**POLLING, "sid": "nobody"}, 1),
    ],
)
async def test_a_bad_polling_request_is_refused(
    slow: Address, method: str, query: dict[str, str], code: int
) -> None:
    async with slow.client() as http:
        answer = await http.request(method, PATH, params=query)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


async def test_a_session_takes_only_get_and_post(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        assert (await http.put(PATH, params=query)).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "?transport=websocket",
        "?EIO=abc&transport=websocket",
        "?EIO=4",
        "?EIO=4&transport=abc",
        "?EIO=4&transport=websocket&sid=nobody",
    ],
)
async def test_a_bad_websocket_request_is_refused(slow: Address, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with slow.websocket(PATH + query):
            pass
    assert refused.value.response.status_code == 400


@pytest.mark.parametrize("body", [b"4hello", b"4test1\x1e4test2\x1e4test3", b"4hello\x1ebAQIDBA=="])
async def test_polling_carries_messages_both_ways(slow: Address, body: bytes) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        answer = await http.post(PATH, params=query, content=body)
        assert (answer.status_code, answer.text) == (200, "ok")
        answer = await http.get(PATH, params=query)
        assert (answer.status_code, answer.content) == (200, body)


async def test_a_get_waits_for_a_message(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        waiting = asyncio.create_task(http.get(PATH, params=query))
        assert (await http.post(PATH, params=query, content=b"4late")).text == "ok"
        assert (await soon(waiting)).text == "4late"


async def test_an_invalid_polling_packet_closes_the_session(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        assert (await http.post(PATH, params=query, content=b"abc")).status_code == 400
        assert (await http.get(PATH, params=query)).status_code == 400


async def test_a_second_get_closes_the_session(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        first = asyncio.create_task(http.get(PATH, params=query))
        second = asyncio.create_task(http.get(PATH, params=query))
        answers = sorted([await soon(first), await soon(second)], key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [200, 400]
        assert answers[0].text == "1"
        assert (await http.get(PATH, params=query)).status_code == 400


async def test_a_broken_get_closes_the_session(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        waiting = asyncio.create_task(http.get(PATH, params=query))
        assert (await http.post(PATH, params=query, content=b"6")).text == "ok"  # the GET has surely arrived
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        while (await http.post(PATH, params=query, content=b"6")).status_code == 200:
            pass


async def test_the_websocket_carries_text_and_binary(slow: Address) -> None:
    async with slow.websocket(WEBSOCKET) as socket:
        await soon(socket.recv())
        await socket.send("4hello")
        assert await soon(socket.recv()) == "4hello"
        await socket.send(b"\x01\x02")
        assert await soon(socket.recv()) == b"\x01\x02"


async def test_an_invalid_websocket_packet_closes_the_connection(slow: Address) -> None:
    async with slow.websocket(WEBSOCKET) as socket:
        await soon(socket.recv())
        await socket.send("abc")
        with pytest.raises(ConnectionClosed):
            await soon(socket.recv())
        assert (socket.close_code, socket.close_reason) == (1002, "parse error")


async def test_a_close_packet_closes_the_websocket(slow: Address) -> None:
    async with slow.websocket(WEBSOCKET) as socket:
        await soon(socket.recv())
        await socket.send("1")
        with pytest.raises(ConnectionClosed):
            await soon(socket.recv())


async def test_a_close_packet_ends_the_waiting_get(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        waiting = asyncio.create_task(http.get(PATH, params=query))
        assert (await http.post(PATH, params=query, content=b"6")).text == "ok"
        assert (await http.post(PATH, params=query, content=b"1")).text == "ok"
        assert (await soon(waiting)).text == "6"
        assert (await http.get(PATH, params=query)).status_code == 400


async def test_polling_heartbeat(quick: Address) -> None:
    async with quick.client() as http:
        query = await open_session(http)
        for _ in range(3):
            assert (await http.get(PATH, params=query)).text == "2"
            assert (await http.post(PATH, params=query, content=b"3")).status_code == 200
        assert (await http.get(PATH, params=query)).text == "2"
        assert (await http.get(PATH, params=query)).text == "1"


async def test_websocket_heartbeat(quick: Address) -> None:
    async with quick.websocket(WEBSOCKET) as socket:
        await soon(socket.recv())
        for _ in range(3):
            assert await soon(socket.recv()) == "2"
            await socket.send("3")
        assert await soon(socket.recv()) == "2"
        with pytest.raises(ConnectionClosed):
            await soon(socket.recv())
        assert socket.close_reason == "ping timeout"


async def test_an_upgrade_takes_the_session_over(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        waiting = asyncio.create_task(http.get(PATH, params=query))
        assert (await http.post(PATH, params=query, content=b"6")).text == "ok"
        async with slow.websocket(WEBSOCKET + "&sid=" + query["sid"]) as socket:
            await socket.send("2probe")
            assert await soon(socket.recv()) == "3probe"
            assert (await soon(waiting)).text == "6"
            await socket.send("5")
            await socket.send("4hello")
            assert await soon(socket.recv()) == "4hello"
            assert (await http.get(PATH, params=query)).status_code == 400
            async with slow.websocket(WEBSOCKET + "&sid=" + query["sid"]) as second:
                with pytest.raises(ConnectionClosed):
                    await soon(second.recv())
            await socket.send("4still here")
            assert await soon(socket.recv()) == "4still here"


async def test_a_failed_upgrade_leaves_polling_as_it_was(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        async with slow.websocket(WEBSOCKET + "&sid=" + query["sid"]) as socket:
            await socket.send("nonsense")
            with pytest.raises(ConnectionClosed):
                await soon(socket.recv())
        await http.post(PATH, params=query, content=b"4a")
        assert (await http.get(PATH, params=query)).text == "4a"


async def test_an_upgrade_that_is_not_completed_is_closed() -> None:
    engine = make_engine(ping_interval=25, upgrade_timeout=0.05)
    async with serving({PATH: engine.accept}, engine) as address, address.client() as http:
        query = await open_session(http)
        async with address.websocket(WEBSOCKET + "&sid=" + query["sid"]) as socket:
            with pytest.raises(ConnectionClosed):
                await soon(socket.recv())
            assert socket.close_code == 1008


async def test_a_body_over_the_limit_is_refused_and_ends_the_session(slow: Address) -> None:
    async with slow.client() as http:
        query = await open_session(http)
        assert (await http.post(PATH, params=query, content=b"4" + b"x" * 999)).status_code == 200
        assert (await http.post(PATH, params=query, content=b"4" + b"x" * 1000)).status_code == 413
        assert (await http.get(PATH, params=query)).status_code == 400


async def test_a_chunked_body_over_the_limit_is_refused(slow: Address) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"4" * 100

    async with slow.client() as http:
        query = await open_session(http)
        assert (await http.post(PATH, params=query, content=chunks())).status_code == 413


async def test_a_websocket_message_over_the_limit_is_refused(slow: Address) -> None:
    async with slow.websocket(WEBSOCKET) as socket:
        await soon(socket.recv())
        await socket.send("4" + "x" * 1000)
        with pytest.raises(ConnectionClosed):
            await soon(socket.recv())
        assert socket.close_code == 1009


async def test_an_allowed_origin_gets_cors_headers(slow: Address) -> None:
    async with slow.client(headers={"Origin": ALLOWED}) as http:
        answer = await http.get(PATH, params=POLLING)
        assert answer.headers["access-control-allow-origin"] == ALLOWED
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "Origin"
        answer = await http.options(
            PATH,
            headers={
                "Access-Control-Request-Headers": "x-a",
                "Access-Control-Request-Private-Network": "true",
            },
        )
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-headers"] == "x-a"
        assert answer.headers["access-control-allow-private-network"] == "true"


async def test_a_foreign_origin_is_refused_on_both_carriers(slow: Address) -> None:
    async with slow.client(headers={"Origin": "http://evil.example"}) as http:
        for method in ("GET", "OPTIONS"):
            answer = await http.request(method, PATH, params=POLLING)
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers
    with pytest.raises(InvalidStatus) as refused:
        async with slow.websocket(WEBSOCKET, origin="http://evil.example"):
            pass
    assert refused.value.response.status_code == 403


async def test_strangers_of_one_address_are_limited_until_they_are_accepted() -> None:
    engine = make_engine(ping_interval=25, max_strangers_per_address=2)
    async with serving({PATH: engine.accept}, engine) as address, address.client() as http:
        query = await open_session(http)
        await open_session(http)
        assert (await http.get(PATH, params=POLLING)).status_code == 429
        with pytest.raises(InvalidStatus) as refused:
            async with address.websocket(WEBSOCKET):
                pass
        assert refused.value.response.status_code == 429
        engine.sessions[query["sid"]].accept()
        second = await open_session(http)
        assert (await http.get(PATH, params=POLLING)).status_code == 429
        await http.post(PATH, params=second, content=b"1")
        await open_session(http)


async def test_stopping_ends_waiting_requests_and_websockets() -> None:
    engine = make_engine(ping_interval=25)
    async with serving({PATH: engine.accept}, engine) as address:
        http = address.client()
        query = await open_session(http)
        waiting = asyncio.create_task(http.get(PATH, params=query))
        assert (await http.post(PATH, params=query, content=b"6")).text == "ok"
        socket = await address.websocket(WEBSOCKET)
        await soon(socket.recv())
    assert (await soon(waiting)).text == "1"
    await soon(socket.wait_closed())
    assert socket.close_code == 1001
    await http.aclose()
    assert engine.sessions == {}
