"""Protocol v1 on `/ws`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tavernlink.transports.websocket.door import WebSocketDoors
from tests.transports.hub import V1, House, Peer, open_house, until
from tests.transports.serving import receive_text, serving, soon


async def refusal(hub: House, path: str = "/ws", **options: Any) -> tuple[int, str]:
    """Status and code of an upgrade that must be refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with hub.websocket(path, **options):
            pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"{}")["error"]["code"]


async def close_of(peer: Peer) -> tuple[int | None, str | None]:
    with pytest.raises(ConnectionClosed):
        while True:
            await soon(peer.socket.recv())
    return peer.socket.close_code, peer.socket.close_reason


async def test_a_hello_is_answered_with_a_welcome_and_an_ack(hub: House) -> None:
    async with hub.websocket("/ws", subprotocols=V1) as socket:
        assert socket.subprotocol == "tavernlink.v1"
        hello = {"type": "hello", "content": {"key": hub.keys["app"], "name": "bot"}, "id": "h"}
        await socket.send(json.dumps(hello))
        welcome = json.loads(await receive_text(socket))
        assert welcome["type"] == "welcome"
        assert welcome["content"]["resumed"] is False
        assert json.loads(await receive_text(socket)) == {
            "type": "ack",
            "id": "h",
            "content": {"result": None, "ok": True},
        }


async def test_a_bearer_key_is_let_in_at_once(hub: House) -> None:
    headers = {"Authorization": f"Bearer {hub.keys['app']}"}
    async with hub.websocket("/ws", subprotocols=V1, additional_headers=headers) as socket:
        peer = Peer(socket)
        await peer.next("welcome")
        assert await peer.result("tavern.list") == []


async def test_a_hello_after_a_bearer_key_resumes(hub: House) -> None:
    async with hub.peer(id="bot") as peer:
        session = peer.welcome["session"]
    headers = {"Authorization": f"Bearer {hub.keys['app']}"}
    async with hub.websocket("/ws", subprotocols=V1, additional_headers=headers) as socket:
        peer = Peer(socket)
        await peer.next("welcome")
        await peer.send("hello", resume={"session": session, "count": 0})
        welcome = await peer.next("welcome")
        assert (welcome["session"], welcome["resumed"]) == (session, True)


@pytest.mark.parametrize(
    ("key", "options"),
    [("nobody", {}), ("", {})],
)
async def test_a_wrong_bearer_key_is_refused_before_anything_opens(
    hub: House, key: str, options: Any
) -> None:
    if key:
        headers = {"Authorization": f"Bearer {key}"}
        assert await refusal(hub, subprotocols=V1, additional_headers=headers) == (401, "unauthorized")
    assert await refusal(hub) == (401, "unauthorized")


async def test_an_unknown_subprotocol_is_refused(hub: House) -> None:
    assert await refusal(hub, subprotocols=["tavernlink.v9"]) == (400, "protocol_unsupported")


async def test_a_token_in_the_address_is_not_for_this_dialect(hub: House) -> None:
    async with hub.websocket(f"/ws?token={hub.keys['app']}", subprotocols=V1) as socket:
        peer = Peer(socket)
        await peer.send("tavern.list")
        assert (await peer.next("closing"))["code"] == "unauthorized"


@pytest.mark.parametrize(
    ("content", "code", "close"),
    [
        ({"key": "wrong"}, "unauthorized", 4401),
        ({}, "unauthorized", 4401),
        ({"key": 5}, "invalid_auth", 4400),
        ({"key": "{app}", "protocol": 99}, "protocol_unsupported", 4400),
        ({"key": "{app}", "role": "tavern"}, "forbidden", 4403),
    ],
)
async def test_a_bad_hello_gets_its_reason_and_is_closed(
    hub: House, content: dict[str, Any], code: str, close: int
) -> None:
    if content.get("key") == "{app}":
        content = {**content, "key": hub.keys["app"]}
    async with hub.websocket("/ws", subprotocols=V1) as socket:
        peer = Peer(socket)
        outcome = await peer.ask("hello", **content)
        assert outcome["error"]["code"] == code
        assert (await peer.next("closing"))["code"] == code
        assert (await close_of(peer))[0] == close


async def test_a_first_frame_that_is_no_hello_is_refused(hub: House) -> None:
    async with hub.websocket("/ws", subprotocols=V1) as socket:
        peer = Peer(socket)
        assert (await peer.ask("tavern.list"))["error"]["code"] == "unauthorized"
        assert (await close_of(peer))[0] == 4401


async def test_no_hello_in_time_is_refused(hub: House) -> None:
    doors = WebSocketDoors(runtime=hub.runtime, hello_seconds=0.05)
    async with (
        serving({"/ws": doors.program_door}) as address,
        address.websocket("/ws", subprotocols=V1) as socket,
    ):
        peer = Peer(socket)
        assert (await peer.next("closing"))["code"] == "auth_timeout"
        assert (await close_of(peer))[0] == 4408


async def test_a_peer_that_answers_no_ping_is_dropped(hub: House) -> None:
    doors = WebSocketDoors(runtime=hub.runtime, ping_seconds=0.05)
    headers = {"Authorization": f"Bearer {hub.keys['app']}"}
    async with (
        serving({"/ws": doors.program_door}) as address,
        address.websocket("/ws", subprotocols=V1, additional_headers=headers) as socket,
    ):
        peer = Peer(socket)
        await peer.next("welcome")
        assert await peer.result("tavern.list") == []
        socket.transport.pause_reading()
        sessions = hub.runtime.core.directory.sessions.values()
        (mine,) = [each.session for each in sessions if each.key.role == "app" and not each.is_local]
        await until(lambda: mine.link is None)
        socket.transport.abort()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "invalid_json"),
        ('{"type":"tavern.list","content":{}', "invalid_json"),
        ("[]", "invalid_message"),
        ('{"content":{}}', "invalid_message"),
        ('{"type":"nonsense"}', "unknown_type"),
        ('{"type":"welcome"}', "not_for_this_role"),
        ('{"type":"subscribe","content":{"types":"all"}}', "invalid_message"),
        ('{"type":"chat.send","content":{"text":"hi"}}', "no_tavern"),
    ],
)
async def test_a_wrong_message_gets_its_error_and_the_line_stays(hub: House, frame: str, code: str) -> None:
    async with hub.peer() as peer, hub.peer() as other:
        await peer.socket.send(frame)
        answer = await peer.read()
        assert (answer["type"], answer["id"]) == ("ack", None)
        assert answer["content"]["error"]["code"] == code
        assert await peer.result("tavern.list") == []
        assert await other.result("tavern.list") == []


async def test_a_binary_message_gets_its_error(hub: House) -> None:
    async with hub.peer() as peer:
        await peer.socket.send(b"{}")
        assert (await peer.next("ack"))["error"]["code"] == "invalid_message"


async def test_a_message_without_an_id_is_not_answered_when_it_succeeds(hub: House) -> None:
    async with hub.peer() as peer:
        await peer.send("subscribe", types=["stream.*"])
        assert await peer.result("tavern.list") == []
        assert peer._waiting == []


async def test_a_message_over_the_limit_closes_the_line(tmp_path: Path) -> None:
    async with open_house(tmp_path, max_payload=2_000) as hub, hub.peer() as peer, hub.peer() as other:
        await peer.socket.send("x" * 2_001)
        assert (await close_of(peer))[0] == 1009
        assert await other.result("tavern.list") == []


async def test_a_stream_reaches_an_app_over_both_carriers_in_order(hub: House) -> None:
    async with hub.peer() as app, hub.peer("tavern", id="t1", name="desk") as tavern:
        await app.result("subscribe", types=["stream.*"])
        await tavern.send("stream.start", stream_id="s", kind="reply")
        for seq in range(1, 201):
            await tavern.send("stream.delta", stream_id="s", seq=seq, text=f"{seq} ")
        await tavern.send("stream.end", stream_id="s", seq=200, text="all", reason="stop")
        assert (await app.next("stream.start"))["tavern"] == "t1"
        assert [(await app.next("stream.delta"))["text"] for _ in range(200)] == [
            f"{n} " for n in range(1, 201)
        ]
        assert (await app.next("stream.end"))["text"] == "all"


async def test_a_lost_line_is_resumed_without_loss_or_doubles(hub: House) -> None:
    async with hub.peer("tavern", id="t1") as tavern:
        async with hub.peer(id="bot") as app:
            await app.result("subscribe", types=["stream.*"])
            await tavern.send("stream.delta", stream_id="s", seq=1, text="a")
            await app.next("stream.delta")
            session = app.welcome["session"]
            app.socket.transport.abort()
        await tavern.send("stream.delta", stream_id="s", seq=2, text="b")
        async with hub.peer(id="bot", resume={"session": session, "count": 1}) as app:
            assert app.welcome["resumed"] is True
            await tavern.send("stream.delta", stream_id="s", seq=3, text="c")
            assert [(await app.next("stream.delta"))["text"] for _ in range(2)] == ["b", "c"]


async def test_an_unknown_session_gets_a_resync(hub: House) -> None:
    async with hub.peer(resume={"session": "s-old", "count": 4}) as app:
        assert app.welcome["resumed"] is False
        assert (await app.next("resync"))["reason"]


async def test_a_taken_over_session_is_told_so(hub: House) -> None:
    async with hub.peer(id="bot") as first:
        resume = {"session": first.welcome["session"], "count": 0}
        async with hub.peer(id="bot", resume=resume):
            assert (await first.next("closing"))["code"] == "replaced"
            assert (await close_of(first))[0] == 4409


async def test_a_revoked_key_ends_its_lines(hub: House) -> None:
    async with hub.peer() as app:
        hub.runtime.core.keyring.revoke("app of the test")
        hub.runtime.core.tick()
        assert (await app.next("closing"))["code"] == "key_revoked"
        assert (await close_of(app))[0] == 4401


async def test_a_stopping_hub_says_goodbye(tmp_path: Path) -> None:
    async with open_house(tmp_path) as hub:
        socket = await hub.websocket("/ws", subprotocols=V1)
        peer = Peer(socket)
        await peer.send("hello", key=hub.keys["app"])
        await peer.next("welcome")
    assert (await peer.next("closing"))["code"] == "hub_stopping"
    assert (await close_of(peer))[0] == 1001
