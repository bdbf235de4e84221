"""Subscriptions: typed events of the taverns that were asked for, and an end that is said aloud."""

from __future__ import annotations

import asyncio

import pytest

import tavernlink
from tavernlink.errors import NotFound, Unavailable
from tavernlink.protocol.message import Message
from tavernlink.protocol.streams import StreamDelta, StreamEnd, StreamStart
from tavernlink.protocol.taverns import Event
from tavernlink.sdk import Hub, Subscription
from tests.sdk.scripted_hub import ScriptedHub, ScriptedLine

TAVERNS = [
    {"tavern_id": "t1", "name": "Home", "online": True},
    {"tavern_id": "t2", "name": "Away", "online": True},
]


async def opened(scripted: ScriptedHub) -> tuple[Hub, ScriptedLine]:
    hub = tavernlink.connect(scripted.url, "tl_app_k1_secret")
    _, line = await asyncio.gather(hub.open(), scripted.welcomed_line())
    return hub, line


async def subscribed(hub: Hub, line: ScriptedLine, *types: str, tavern: str | None = None) -> Subscription:
    subscription = hub.subscribe(*types, tavern=tavern)
    opening = asyncio.create_task(subscription.open())
    if tavern is not None:
        await line.ack(await line.expect("tavern.list"), TAVERNS)
    await line.ack(await line.expect("subscribe"))
    await opening
    return subscription


async def take(subscription: Subscription, count: int) -> list[Message]:
    return [await anext(subscription) for _ in range(count)]


async def test_each_hears_what_it_asked_for_of_its_own_tavern(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    home = await subscribed(hub, line, "stream.*", tavern="Home")
    everywhere = await subscribed(hub, line, "stream.start", "event.message_*")
    for tavern in ("t1", "t2"):
        await line.send("stream.start", stream_id=f"of-{tavern}", kind="reply", tavern=tavern)
    for tavern in ("t2", "t1"):
        await line.send("stream.delta", stream_id=f"of-{tavern}", seq=1, text=tavern)
        await line.send("stream.end", stream_id=f"of-{tavern}", seq=1, text=tavern, reason="stop")
    await line.send("event", tavern="t2", name="message_sent", args=[4])
    await line.send("event", tavern="t2", name="generation_started", args=[])
    starts = [StreamStart(stream_id=f"of-{tavern}", kind="reply", tavern=tavern) for tavern in ("t1", "t2")]
    assert await take(everywhere, 3) == [*starts, Event(tavern="t2", name="message_sent", args=[4])]
    assert await take(home, 3) == [
        starts[0],
        StreamDelta(stream_id="of-t1", seq=1, text="t1"),
        StreamEnd(stream_id="of-t1", seq=1, text="t1", reason="stop"),
    ]
    await hub.close()


async def test_the_last_one_to_leave_unsubscribes(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    first = await subscribed(hub, line, "stream.*", "chat.changed")
    second = await subscribed(hub, line, "stream.*")
    closing = asyncio.create_task(first.close())
    asked = await line.expect("unsubscribe")
    assert asked.content == {"types": ["chat.changed"]}
    await line.ack(asked)
    await closing
    closing = asyncio.create_task(second.close())
    asked = await line.expect("unsubscribe")
    assert asked.content == {"types": ["stream.*"]}
    await line.ack(asked)
    await closing
    assert [event async for event in second] == []
    await hub.close()


async def test_an_unknown_tavern_is_named_with_those_that_are_known(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    opening = asyncio.create_task(hub.subscribe("stream.*", tavern="Nowhere").open())
    await line.ack(await line.expect("tavern.list"), TAVERNS)
    with pytest.raises(NotFound, match="Home, Away"):
        await opening
    await hub.close()


async def test_a_reader_that_is_too_slow_is_told_after_what_was_kept(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    slow = await subscribed(hub, line, "stream.delta")
    reply = hub.tavern().send("and others go on")
    asked = await line.accept()
    for seq in range(1, 10_003):
        await line.send("stream.delta", stream_id="x", seq=seq, text="a")
        if seq % 5 == 0:
            await line.expect("confirm")
    result = {"text": "They do."}
    await line.send("request.update", request_id=asked.content["request_id"], state="done", result=result)
    assert (await reply).text == "They do."
    assert len(await take(slow, 10_000)) == 10_000
    with pytest.raises(Unavailable) as caught:
        await anext(slow)
    assert caught.value.code == "slow_consumer"
    await hub.close()
