"""The hub's Socket.IO door, with python-socketio's client and its default options."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import socketio

from tests.transports.hub import House, Peer, open_house, until
from tests.transports.serving import WAIT, soon

pytestmark = [
    pytest.mark.usefixtures("stock_client_leftovers"),
    pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning"),
]


class Client:
    """A stock client and everything it heard, in order."""

    def __init__(self) -> None:
        self.it: Any = socketio.AsyncClient(reconnection=False)
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.refused: asyncio.Queue[Any] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.it.on("*", self._hear)
        self.it.on("connect_error", self.refused.put)
        self.it.on("disconnect", self._lost)

    async def _hear(self, name: str, *args: Any) -> None:
        self.heard.put_nowait((name, *args))

    async def _lost(self, *_: Any) -> None:
        self.gone.set()

    async def next(self, wanted: str) -> Any:
        """Content of the next event of this type."""
        while True:
            name, content = await soon(self.heard.get())
            if name == wanted:
                return content

    async def ask(self, type_: str, **content: Any) -> Any:
        return await self.it.call(type_, content, timeout=WAIT)


@asynccontextmanager
async def joined(
    hub: House, role: str = "app", transports: list[str] | None = None, **auth: Any
) -> AsyncIterator[Client]:
    """A client that the hub has let in."""
    client = Client()
    payload = {"key": hub.keys[role], "role": role, "protocol": 1, "name": f"a {role}", **auth}
    await client.it.connect(hub.url, auth=payload, transports=transports, wait_timeout=WAIT)
    try:
        yield client
    finally:
        await client.it.shutdown()


async def refusal(hub: House, auth: Any) -> Any:
    client = Client()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.it.connect(hub.url, auth=auth, wait_timeout=WAIT)
    await client.it.shutdown()
    return await soon(client.refused.get())


@pytest.mark.parametrize("transports", [None, ["websocket"], ["polling"]])
async def test_the_first_event_is_welcome(hub: House, transports: list[str] | None) -> None:
    async with joined(hub, transports=transports) as app:
        name, welcome = await soon(app.heard.get())
        assert name == "welcome"
        assert welcome["resumed"] is False
        assert welcome["id"]
        assert await app.ask("tavern.list") == {"ok": True, "result": []}


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        (None, "unauthorized"),
        ({}, "unauthorized"),
        ({"key": "wrong"}, "unauthorized"),
        ({"key": 5}, "invalid_auth"),
        ({"key": "{app}", "role": "king"}, "invalid_auth"),
        ({"key": "{app}", "role": "tavern"}, "forbidden"),
        ({"key": "{app}", "protocol": 99}, "protocol_unsupported"),
    ],
)
async def test_a_refused_connect_says_why(hub: House, auth: Any, code: str) -> None:
    if auth and auth.get("key") == "{app}":
        auth = {**auth, "key": hub.keys["app"]}
    refused = await refusal(hub, auth)
    assert refused["data"]["code"] == code
    assert refused["message"] == refused["data"]["message"]


async def test_another_namespace_is_refused(hub: House) -> None:
    client = Client()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.it.connect(
            hub.url, namespaces=["/admin"], auth={"key": hub.keys["admin"]}, wait_timeout=WAIT
        )
    await client.it.shutdown()


async def test_a_tavern_publishes_right_after_its_connect(hub: House) -> None:
    async with joined(hub) as app, joined(hub, "tavern", id="t1") as tavern:
        assert (await app.ask("subscribe", types=["stream.*", "event.*"]))["ok"]
        await tavern.it.emit("stream.start", {"stream_id": "s", "kind": "reply", "character": "Seraphina"})
        for seq in range(1, 101):
            await tavern.it.emit("stream.delta", {"stream_id": "s", "seq": seq, "text": f"{seq} "})
        await tavern.it.emit("stream.end", {"stream_id": "s", "seq": 100, "text": "all", "reason": "stop"})
        start = await app.next("stream.start")
        assert (start["tavern"], start["character"]) == ("t1", "Seraphina")
        assert [(await app.next("stream.delta"))["text"] for _ in range(100)] == [
            f"{n} " for n in range(1, 101)
        ]
        assert (await app.next("stream.end"))["text"] == "all"


async def test_a_command_goes_to_the_tavern_and_its_outcome_comes_back(hub: House) -> None:
    async with joined(hub) as app, joined(hub, "tavern", id="t1") as tavern:
        accepted = await app.ask("chat.send", text="hello", request_id="r1")
        assert accepted["result"]["request_id"] == "r1"
        command = await tavern.next("command")
        assert (command["name"], command["args"]["text"]) == ("send", "hello")
        done = {"request_id": command["request_id"], "ok": True, "result": {"text": "hi"}}
        assert (await tavern.ask("command.done", **done))["ok"]
        states = [(await app.next("request.update"))["state"] for _ in range(2)]
        assert states == ["running", "done"]


async def test_binary_attachments_become_base64_in_the_content(hub: House) -> None:
    async with joined(hub) as app, joined(hub, "tavern", id="t1") as tavern:
        attachment = {"name": "a.png", "type": "image/png", "data": b"\x01\x02\x03"}
        assert (await app.ask("chat.send", text="look", attachments=[attachment]))["ok"]
        command = await tavern.next("command")
        assert command["args"]["attachments"] == [{**attachment, "data": "AQID"}]


@pytest.mark.parametrize(
    ("type_", "content", "code"),
    [
        ("nonsense", {}, "unknown_type"),
        ("welcome", {}, "not_for_this_role"),
        ("subscribe", {"types": 5}, "invalid_message"),
        ("subscribe", [], "invalid_message"),
        ("chat.send", {"text": "hi"}, "no_tavern"),
    ],
)
async def test_a_wrong_message_gets_its_error_in_the_ack(
    hub: House, type_: str, content: Any, code: str
) -> None:
    async with joined(hub) as app:
        outcome = await app.it.call(type_, content, timeout=WAIT)
        assert outcome["ok"] is False
        assert outcome["error"]["code"] == code
        assert (await app.ask("tavern.list"))["ok"]


async def test_a_message_without_content_is_an_empty_one(hub: House) -> None:
    async with joined(hub) as app:
        assert await app.it.call("tavern.list", timeout=WAIT) == {"ok": True, "result": []}


async def test_a_lost_line_is_resumed_without_loss_or_doubles(hub: House) -> None:
    async with joined(hub, "tavern", id="t1") as tavern:
        async with joined(hub, id="bot") as app:
            session = (await app.next("welcome"))["session"]
            await app.ask("subscribe", types=["stream.*"])
            await tavern.it.emit("stream.delta", {"stream_id": "s", "seq": 1, "text": "a"})
            await app.next("stream.delta")
        await tavern.it.emit("stream.delta", {"stream_id": "s", "seq": 2, "text": "b"})
        async with joined(hub, id="bot", resume={"session": session, "count": 1}) as app:
            assert (await app.next("welcome"))["resumed"] is True
            await tavern.it.emit("stream.delta", {"stream_id": "s", "seq": 3, "text": "c"})
            assert [(await app.next("stream.delta"))["text"] for _ in range(2)] == ["b", "c"]


async def test_a_delta_goes_to_many_lines_of_every_kind_in_order_with_what_else_they_get(hub: House) -> None:
    async with AsyncExitStack() as stack:
        apps = [
            await stack.enter_async_context(joined(hub, transports=transports))
            for transports in (["websocket"], None, ["polling"], ["websocket"])
        ]
        plain = [await stack.enter_async_context(hub.peer("app")) for _ in range(2)]
        peers: list[Client | Peer] = [*apps, *plain]
        for peer in peers:
            assert (await peer.ask("subscribe", types=["stream.*", "tavern.changed"]))["ok"]
        tavern = await stack.enter_async_context(joined(hub, "tavern", transports=["websocket"], id="t1"))
        wanted = []
        for seq in range(1, 61):
            if seq % 20 == 1:  # to everyone, one by one, in the middle of what goes to all at once
                await tavern.it.emit("tavern.state", {"chat_id": f"chat {seq}"})
                wanted.append(f"chat {seq}")
            await tavern.it.emit("stream.delta", {"stream_id": "s", "seq": seq, "text": "a"})
            wanted.append(f"delta {seq}")
            if seq % 7 == 0:
                await tavern.ask(
                    "stream.delta", stream_id="s", seq=seq, text="again"
                )  # known: goes to nobody
        for peer in peers:
            assert [await _told(peer) for _ in wanted] == wanted


async def _told(peer: Client | Peer) -> str:
    """What a subscriber hears next, in a word or two; that a tavern came, with no chat open, is passed over."""
    while True:
        if isinstance(peer, Client):
            name, content = await soon(peer.heard.get())
        else:
            name, content = (await peer.read()).values()
        if name == "stream.delta":
            return f"delta {content['seq']}"
        if name == "tavern.changed" and content["tavern"].get("chat_id"):
            return str(content["tavern"]["chat_id"])


async def test_a_taken_over_line_is_told_so_and_sent_away(hub: House) -> None:
    async with joined(hub, "tavern", id="t1") as first, joined(hub, "tavern", id="t1") as second:
        assert (await first.next("closing"))["code"] == "replaced"
        await soon(first.gone.wait())
        assert (await second.ask("tavern.state", character="Seraphina"))["ok"]


async def test_a_slow_reader_is_held_back_and_catches_up(hub: House) -> None:
    async with joined(hub, "tavern", id="t1") as tavern, joined(hub, transports=["websocket"]) as app:
        session_id = (await app.next("welcome"))["session"]
        await app.ask("subscribe", types=["stream.*"])
        session = hub.runtime.core.directory.sessions[session_id].session
        app.it.eio.ws._response.connection.transport.pause_reading()
        seq, text = 0, "x" * 20_000
        while not session.blocked:
            seq += 1
            await tavern.ask("stream.delta", stream_id="s", seq=seq, text=text)
        app.it.eio.ws._response.connection.transport.resume_reading()
        await until(lambda: not session.blocked)
        assert (await app.ask("tavern.list"))["ok"]


async def test_a_stopping_hub_says_goodbye(tmp_path: Any) -> None:
    client = Client()
    async with open_house(tmp_path) as hub:
        await client.it.connect(hub.url, auth={"key": hub.keys["app"]}, wait_timeout=WAIT)
        await client.next("welcome")
    assert (await client.next("closing"))["code"] == "hub_stopping"
    await soon(client.gone.wait())
    await client.it.shutdown()
