"""Each thing that can be wrong, at each door: the stated error, a hub that stays up, and peers that notice nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import socketio

from tavernlink.app import Server
from tavernlink.config import load_settings
from tests.interaction.doors import (
    FOREIGN,
    HERE,
    BearerWebSocket,
    Bridge,
    BridgeExtension,
    Door,
    Keys,
    OpenAI,
    PlainWebSocket,
    Rest,
    SocketIO,
    SocketIOPolling,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMIT = 100_000
DOORS: list[type[Door]] = [
    SocketIO,
    SocketIOPolling,
    PlainWebSocket,
    BearerWebSocket,
    Bridge,
    BridgeExtension,
    Rest,
    OpenAI,
]

EXPECTED: dict[str, dict[type[Door], str]] = {
    # what is wrong → at which door → the stated error
    "wrong key": dict.fromkeys(DOORS, "unauthorized") | {OpenAI: "invalid_api_key"},
    "no key": dict.fromkeys(DOORS, "unauthorized") | {OpenAI: "invalid_api_key"},
    "foreign origin": dict.fromkeys(DOORS, "origin_refused") | {SocketIOPolling: "status 403"},
    "unknown type": dict.fromkeys(DOORS, "unknown_type") | {Rest: "unknown_path", OpenAI: "unknown_path"},
    "over the limit": dict.fromkeys(DOORS, "closed 1009")
    | {SocketIOPolling: "status 413", Rest: "too_large", OpenAI: "too_large"},
    # A packet that cannot be read ends a Socket.IO session: its protocol says so.
    "invalid JSON": dict.fromkeys(DOORS, "invalid_json")
    | {SocketIO: "closed 1002", SocketIOPolling: "status 400"},
    "missing tavern": dict.fromkeys(DOORS, "no_tavern") | {OpenAI: "no_tavern"},
    "unknown tavern": dict.fromkeys(DOORS, "unknown_tavern") | {OpenAI: "model_not_found"},
}


class Hub:
    """A hub with two peers that must notice nothing: a tavern that streams and an app that listens."""

    def __init__(self, server: Server) -> None:
        self.server = server
        keyring = server.runtime.core.keyring
        self.keys = Keys(app=keyring.create("app", "app")[1], tavern=keyring.create("tavern", "tavern")[1])
        self.tavern = socketio.AsyncClient(reconnection=False)
        self.app = socketio.AsyncClient(reconnection=False)
        self.heard: list[int] = []
        self.said = 0

    def door(self, kind: type[Door]) -> Door:
        return kind(self.server.url, self.keys)

    async def open(self) -> None:
        @self.app.on("stream.delta")  # type: ignore[untyped-decorator]
        def hear(delta: dict[str, Any]) -> None:
            self.heard.append(delta["seq"])

        options = {"transports": ["websocket"]}
        auth = {"key": self.keys.tavern, "role": "tavern", "id": "witness", "protocol": 1}
        await self.tavern.connect(self.server.url, auth=auth, **options)
        await self.app.connect(
            self.server.url, auth={"key": self.keys.app, "role": "app", "protocol": 1}, **options
        )
        await self.app.call("subscribe", {"types": ["stream.*"], "tavern": "witness"})

    async def say(self) -> None:
        """The tavern says one thing more."""
        self.said += 1
        await self.tavern.emit("stream.delta", {"stream_id": "s", "seq": self.said, "text": "x"})

    async def nobody_noticed(self) -> bool:
        """True if everything that was said was heard, and both are still there."""
        await self.say()
        async with asyncio.timeout(30):
            while len(self.heard) < self.said:
                await self.app.call("tavern.list", {})
        return self.heard == list(range(1, self.said + 1)) and self.app.connected and self.tavern.connected

    async def close(self) -> None:
        await self.tavern.disconnect()
        await self.app.disconnect()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    """One hub and the same two witnesses for everything that is tried."""
    data_dir = tmp_path_factory.mktemp("hub")
    async with Server(load_settings({"port": 0, "data_dir": data_dir, "max_payload": LIMIT}, {})) as server:
        hub = Hub(server)
        await hub.open()
        yield hub
        await hub.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def empty_hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    """A hub that no tavern ever came to."""
    data_dir = tmp_path_factory.mktemp("empty")
    async with Server(load_settings({"port": 0, "data_dir": data_dir, "max_payload": LIMIT}, {})) as server:
        yield Hub(server)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (wrong, kind)
        for wrong, codes in EXPECTED.items()
        for kind in codes
        # ChatBridge's dialect cannot name a tavern; that there is none has a test of its own.
        if wrong != "missing tavern" and (wrong != "unknown tavern" or not issubclass(kind, Bridge))
    ],
)
async def test_what_is_wrong_gets_its_stated_error_and_nobody_else_notices(
    hub: Hub, wrong: str, kind: type[Door]
) -> None:
    door = hub.door(kind)
    await hub.say()
    match wrong:
        case "wrong key":
            code = await door.enter("tl_app_nobody_" + "0" * 64)
        case "no key":
            code = await door.enter(None)
        case "foreign origin":
            code = await door.enter(hub.keys.app, FOREIGN)
        case "unknown type":
            code = await door.send("no.such", {})
        case "over the limit":
            code = await door.send_raw('{"text":"' + "x" * LIMIT + '"}')
        case "invalid JSON":
            code = await door.send_raw('{"type": "chat.send", "content": {')
        case _:
            code = await door.send("chat.send", {"text": "hello", "tavern": "nowhere"})
    assert code == EXPECTED[wrong][kind]
    assert await hub.nobody_noticed()


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize("origin", [None, HERE])
async def test_a_right_key_gets_in_from_a_program_and_from_a_page_of_this_machine(
    hub: Hub, kind: type[Door], origin: str | None
) -> None:
    assert await hub.door(kind).enter(hub.keys.app, origin) is None


@pytest.mark.parametrize("kind", [kind for kind in DOORS if kind is not BridgeExtension])
async def test_without_a_tavern_every_door_says_so(empty_hub: Hub, kind: type[Door]) -> None:
    code = await empty_hub.door(kind).send("chat.send", {"text": "hello"})
    assert code == EXPECTED["missing tavern"][kind]
