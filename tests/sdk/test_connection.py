"""One session over any number of lines: resuming, repeating, giving up, refusing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import tavernlink
from tavernlink.errors import AuthError, BadMessage, TavernlinkError, Unavailable
from tavernlink.protocol.streams import StreamDelta
from tavernlink.sdk import Hub
from tests.sdk.scripted_hub import ScriptedHub, ScriptedLine

KEY = "tl_app_k1_secret"


async def opened(scripted: ScriptedHub, **options: Any) -> tuple[Hub, ScriptedLine]:
    hub = tavernlink.connect(scripted.url, KEY, name="test", **options)
    _, line = await asyncio.gather(hub.open(), scripted.welcomed_line())
    return hub, line


async def test_says_who_it_is_and_learns_who_it_became(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    assert line.hello == {"key": KEY, "name": "test"}
    assert (hub.app_id, hub.version, hub.connected) == ("a1", "9.9", True)
    await hub.close()
    assert not hub.connected


async def test_a_call_returns_the_result_as_the_catalogue_types_it(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    listing = asyncio.create_task(hub.call("tavern.list"))
    asked = await line.expect("tavern.list")
    await line.ack(asked, [{"tavern_id": "t1", "name": "Home", "online": True, "later_field": 1}])
    [info] = await listing
    assert info.name == "Home"
    await hub.close()


async def test_a_refused_call_raises_the_error_of_its_code(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    asking = asyncio.create_task(hub.tavern().chat())
    await line.refuse(await line.expect("chat.get"), "no_tavern", "Nobody here.")
    with pytest.raises(Unavailable, match="Nobody here") as caught:
        await asking
    assert caught.value.code == "no_tavern"
    await hub.close()


async def test_an_unanswered_call_times_out_and_is_not_sent_again(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    with pytest.raises(Unavailable) as caught:
        await hub.call("tavern.list", timeout=0.05)
    assert caught.value.code == "timeout"
    await line.expect("tavern.list")
    await line.drop()
    line = await scripted.welcomed_line(resumed=True)
    asking = asyncio.create_task(hub.characters())
    await line.ack(await line.expect("character.list"), [])
    assert await asking == []
    await hub.close()


async def test_unanswered_calls_go_out_again_in_order_on_the_next_line(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    first = asyncio.create_task(hub.call("tavern.list"))
    second = asyncio.create_task(hub.characters())
    await line.expect("tavern.list")
    await line.drop()
    line = await scripted.welcomed_line(resumed=True)
    await line.ack(await line.expect("tavern.list"), [])
    await line.ack(await line.expect("character.list"), [])
    assert await first == []
    assert await second == []
    await hub.close()


async def test_a_call_that_no_line_survives_is_given_up(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    asking = asyncio.create_task(hub.call("tavern.list", timeout=None))
    for _ in range(4):
        await line.expect("tavern.list")
        await line.drop()
        line = await scripted.welcomed_line(resumed=True)
    await line.expect("tavern.list")
    await line.drop()
    with pytest.raises(Unavailable, match="given up"):
        await asking
    await hub.close()


async def test_stop_is_not_repeated_when_the_line_drops(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    stopping = asyncio.create_task(hub.tavern().stop())
    await line.expect("generation.stop")
    await line.drop()
    with pytest.raises(Unavailable) as caught:
        await stopping
    assert caught.value.code == "disconnected"
    await hub.close()


async def test_resumes_with_the_count_of_events_it_received(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    subscription = hub.subscribe("stream.*")
    subscribing = asyncio.create_task(subscription.open())
    await line.ack(await line.expect("subscribe"))
    await subscribing
    await line.send("stream.start", stream_id="x", kind="reply", tavern="t1")
    await line.send("stream.delta", stream_id="x", seq=1, text="a")
    await line.send("brand.new", anything=1)  # unknown to this SDK, yet counted
    await line.send("stream.delta", stream_id="x", seq=2, text="b")
    assert [await anext(subscription) for _ in range(3)][2] == StreamDelta(stream_id="x", seq=2, text="b")
    await line.drop()
    line = await scripted.welcomed_line(resumed=True)
    assert line.hello["resume"] == {"session": "s1", "count": 4}
    assert line.hello["id"] == "a1"
    await line.send("stream.delta", stream_id="x", seq=3, text="c")
    assert await anext(subscription) == StreamDelta(stream_id="x", seq=3, text="c")
    await hub.close()


async def test_confirms_as_often_as_the_hub_asks(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    for seq in range(1, 6):
        await line.send("stream.delta", stream_id="x", seq=seq, text="a")
    assert (await line.expect("confirm")).content == {"count": 5}
    await hub.close()


async def test_renews_its_subscriptions_in_a_new_session(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    async with asyncio.timeout(30):
        subscription = hub.subscribe("chat.changed", "stream.*")
        opening = asyncio.create_task(subscription.open())
        await line.ack(await line.expect("subscribe"))
        await opening
        await line.drop()
        line = await scripted.welcomed_line(resumed=False, session="s2")
        await line.send("resync", reason="session_unknown")
        asked = await line.expect("subscribe")
        assert sorted(asked.content["types"]) == ["chat.changed", "stream.*"]
        await line.ack(asked)
        told = await anext(subscription)
        assert type(told).__name__ == "Resync"
        await line.drop()
        line = await scripted.welcomed_line(resumed=True)
        assert line.hello["resume"] == {"session": "s2", "count": 0}
    await hub.close()


@pytest.mark.parametrize("how", ["ack", "closing"])
async def test_a_refused_key_ends_the_opening_at_once(scripted: ScriptedHub, how: str) -> None:
    opening = asyncio.create_task(tavernlink.connect(scripted.url, KEY).open())
    line = await scripted.line()
    hello = await line.expect("hello")
    if how == "ack":
        await line.refuse(hello, "unauthorized", "No such key.")
    else:
        await line.send("closing", code="unauthorized", message="No such key.")
    with pytest.raises(AuthError, match="No such key") as caught:
        await opening
    assert caught.value.code == "unauthorized"


async def test_a_revoked_key_ends_everything_that_waits(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    await line.accept()
    subscription = hub.subscribe("stream.*")
    opening = asyncio.create_task(subscription.open())
    await line.ack(await line.expect("subscribe"))
    await opening
    await line.send("closing", code="key_revoked", message="Revoked.")
    with pytest.raises(AuthError, match="Revoked"):
        await reply
    with pytest.raises(AuthError, match="Revoked"):
        await anext(subscription)
    with pytest.raises(AuthError, match="Revoked"):
        await hub.taverns()
    await hub.close()


async def test_a_hub_that_stops_is_tried_again(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    await line.send("closing", code="hub_stopping", message="Bye.")
    await line.ended()
    line = await scripted.welcomed_line(resumed=True)
    asking = asyncio.create_task(hub.taverns())
    await line.ack(await line.expect("tavern.list"), [])
    assert await asking == []
    await hub.close()


async def test_another_protocol_version_is_refused_with_both_named(scripted: ScriptedHub) -> None:
    opening = asyncio.create_task(tavernlink.connect(scripted.url, KEY).open())
    line = await scripted.line()
    await line.expect("hello")
    content = {
        "session": "s",
        "id": "a",
        "protocol": 7,
        "hub": {"version": "9"},
        "server_time": 1,
        "resumed": False,
    }
    await line.send("welcome", **content)
    with pytest.raises(AuthError, match="protocol 7, this SDK 1"):
        await opening


async def test_nobody_at_the_address_is_unreachable(unused_port: int) -> None:
    hub = tavernlink.connect(f"http://127.0.0.1:{unused_port}", KEY, connect_timeout=0.3)
    with pytest.raises(Unavailable, match="No hub answers") as caught:
        await hub.open()
    assert caught.value.code == "unreachable"


async def test_without_a_key_nothing_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAVERNLINK_KEY", raising=False)
    with pytest.raises(AuthError, match="TAVERNLINK_KEY"):
        await tavernlink.connect("http://127.0.0.1:1").open()


async def test_a_message_over_the_limit_or_not_json_never_leaves(scripted: ScriptedHub) -> None:
    hub, _ = await opened(scripted)
    with pytest.raises(BadMessage) as caught:
        await hub.call("generate", {"prompt": "x" * 200_000})
    assert caught.value.code == "too_large"
    with pytest.raises(BadMessage) as caught:
        await hub.call("generate", {"prompt": object()})
    assert caught.value.code == "invalid_message"
    with pytest.raises(BadMessage):
        await hub.tavern().send("x" * 200_000)
    await hub.close()


async def test_a_closed_handle_says_so(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    waiting = asyncio.create_task(hub.taverns())
    await line.expect("tavern.list")
    await hub.close()
    await hub.close()
    for call in (waiting, hub.taverns(), tavernlink.connect(scripted.url, KEY).taverns()):
        with pytest.raises(TavernlinkError) as caught:
            await call
        assert caught.value.code == "closed"
