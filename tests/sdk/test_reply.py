"""A reply over lines that drop: nothing lost, nothing twice, one end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import tavernlink
from tavernlink.errors import GenerationError, NotFound
from tavernlink.protocol.requests import RequestUpdate
from tavernlink.protocol.streams import StreamDelta, StreamEnd, StreamStart
from tavernlink.sdk import Delta, Hub, Reply
from tests.sdk.scripted_hub import Received, ScriptedHub, ScriptedLine

KEY = "tl_app_k1_secret"


async def opened(scripted: ScriptedHub) -> tuple[Hub, ScriptedLine]:
    hub = tavernlink.connect(scripted.url, KEY)
    _, line = await asyncio.gather(hub.open(), scripted.welcomed_line())
    return hub, line


async def start(line: ScriptedLine, asked: Received, stream_id: str = "x") -> None:
    request_id = asked.content["request_id"]
    await line.send("stream.start", stream_id=stream_id, kind="reply", request_id=request_id, tavern="t1")


async def say(line: ScriptedLine, *texts: str, after: int = 0, **more: Any) -> None:
    for seq, text in enumerate(texts, start=after + 1):
        await line.send("stream.delta", stream_id="x", seq=seq, text=text, **more)


async def finish(line: ScriptedLine, asked: Received, text: str, seq: int = 99, **more: Any) -> None:
    await line.send("stream.end", stream_id="x", seq=seq, text=text, reason="stop", **more)
    await done(line, asked, text, **more)


async def done(line: ScriptedLine, asked: Received, text: str, **more: Any) -> None:
    result = {"text": text, "reason": "stop", **more}
    await line.send("request.update", request_id=asked.content["request_id"], state="done", result=result)


async def told(reply: Reply) -> list[Delta]:
    return [delta async for delta in reply]


async def test_gives_its_text_in_pieces_and_its_result_at_the_end(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern("Home").send("hello", as_="Bob")
    asked = await line.accept()
    assert {"text": "hello", "tavern": "Home", "as": "Bob"}.items() <= asked.content.items()
    await start(line, asked)
    await say(line, "Once ", "upon ", "a time.")
    await finish(line, asked, "Once upon a time.")
    assert await told(reply) == ["Once ", "upon ", "a time."]
    assert (await reply).text == "Once upon a time."
    assert await told(reply) == ["Once ", "upon ", "a time."], "a late reader starts at the beginning too"
    assert (reply.state, reply.finished, reply.text) == ("done", True, "Once upon a time.")
    await hub.close()


async def test_its_events_carry_reasoning_on_a_channel_of_its_own(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().generate("regenerate")
    asked = await line.accept("generate")
    await line.send(
        "request.update", request_id=asked.content["request_id"], state="running", tavern="t1", position=0
    )
    await start(line, asked)
    await say(line, "Hm.", channel="reasoning")
    await say(line, "Yes.", after=1)
    await finish(line, asked, "Yes.", reasoning="Hm.")
    events = [event async for event in reply.events()]
    kinds = [type(event) for event in events]
    assert kinds == [RequestUpdate, StreamStart, StreamDelta, StreamDelta, StreamEnd, RequestUpdate]
    deltas = [(event.channel, event.text) for event in events if isinstance(event, StreamDelta)]
    assert deltas == [("reasoning", "Hm."), ("text", "Yes.")]
    assert await told(reply) == ["Yes."]
    assert (reply.reasoning, reply.tavern) == ("Hm.", "t1")
    await hub.close()


async def test_a_model_that_does_not_stream_gives_one_piece(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().generate("quiet", prompt="Sum up.")
    asked = await line.accept("generate")
    await done(line, asked, "All well.")
    assert await told(reply) == ["All well."]
    await hub.close()


async def test_a_line_that_drops_in_the_middle_loses_and_doubles_nothing(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    asked = await line.accept()
    await start(line, asked)
    await say(line, "a", "b")
    reading = aiter(reply)
    assert [await anext(reading), await anext(reading)] == ["a", "b"]
    await line.drop()
    line = await scripted.welcomed_line(resumed=True)
    assert line.hello["resume"]["count"] == 3
    await say(line, "c", "d", after=2)
    await finish(line, asked, "abcd", 4)
    assert [piece async for piece in reading] == ["c", "d"]
    await hub.close()


async def test_a_request_whose_ack_was_lost_is_asked_again_under_the_same_id(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    first = await line.expect("chat.send")
    await line.drop()
    line = await scripted.welcomed_line(resumed=True)
    await start(line, first)  # the hub had taken it: what it missed comes before its question is answered
    await say(line, "a")
    again = await line.accept()
    assert again.content == first.content
    # Having been asked again, the hub tells from the beginning where the stream is.
    await start(line, first)
    await line.send("stream.delta", stream_id="x", seq=1, text="a", replace=True)
    await say(line, "b", after=1)
    await finish(line, first, "ab", 2)
    assert await told(reply) == ["a", "b"]
    await hub.close()


async def test_a_new_session_takes_a_running_reply_up_where_it_is(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    asked = await line.accept()
    await start(line, asked)
    await say(line, "a", "b")
    reading = aiter(reply)
    assert [await anext(reading), await anext(reading)] == ["a", "b"]
    await line.drop()
    line = await scripted.welcomed_line(resumed=False, session="s2")
    await line.send("resync", reason="session_unknown")
    watch = await line.expect("request.get")
    assert watch.content == {"request_id": reply.request_id, "watch": True}
    await line.ack(watch, {"request_id": reply.request_id, "state": "running"})
    await start(line, asked)
    await line.send("stream.delta", stream_id="x", seq=4, text="abcd", replace=True)
    await say(line, "e", after=4)
    await finish(line, asked, "abcde", 5)
    assert [piece async for piece in reading] == ["cd", "e"]
    await hub.close()


async def test_a_reply_that_ended_while_the_session_was_lost_is_completed(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    asked = await line.accept()
    await start(line, asked)
    await say(line, "a", "b")
    reading = aiter(reply)
    assert [await anext(reading), await anext(reading)] == ["a", "b"]
    await line.drop()
    line = await scripted.welcomed_line(resumed=False, session="s2")
    await line.send("resync", reason="session_unknown")
    watch = await line.expect("request.get")
    result = {"text": "abcd", "reason": "stop"}
    await line.ack(watch, {"request_id": reply.request_id, "state": "done", "result": result})
    assert [piece async for piece in reading] == ["cd"]
    await hub.close()


async def test_a_stream_that_ended_only_for_the_session_goes_on(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    asked = await line.accept()
    await start(line, asked)
    await say(line, "a", "b")
    error = {"code": "interrupted", "message": "The tab began a new session."}
    await line.send("stream.end", stream_id="x", seq=2, text="ab", reason="error", error=error)
    await start(line, asked)
    await line.send("stream.delta", stream_id="x", seq=3, text="ab", replace=True)
    await say(line, "c", after=3)
    await finish(line, asked, "abc", 4)
    assert [piece async for piece in reply] == ["a", "b", "c"]
    assert (await reply).text == "abc"
    await hub.close()


async def test_a_hub_that_forgot_the_request_fails_it(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    await line.accept()
    await line.drop()
    line = await scripted.welcomed_line(resumed=False, session="s2")
    await line.send("resync", reason="session_unknown")
    await line.refuse(await line.expect("request.get"), "unknown_request")
    with pytest.raises(NotFound, match="no longer knows"):
        await reply
    await hub.close()


@pytest.mark.parametrize("reason", ["session_expired", "session_unknown"])
async def test_what_the_hub_never_took_in_is_asked_anew(scripted: ScriptedHub, reason: str) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    await line.expect("chat.send")
    await line.drop()
    line = await scripted.welcomed_line(resumed=False, session="s2")
    await line.send("resync", reason=reason)
    await line.refuse(await line.expect("request.get"), "unknown_request")
    asked = await line.accept()
    await done(line, asked, "Hi.")
    assert (await reply).text == "Hi."
    await hub.close()


async def test_a_failed_reply_raises_after_what_was_said(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    asked = await line.accept()
    await start(line, asked)
    await say(line, "a")
    error = {"code": "stream_error", "message": "Broke off."}
    await line.send("request.update", request_id=asked.content["request_id"], state="failed", error=error)
    reading = aiter(reply)
    assert await anext(reading) == "a"
    with pytest.raises(GenerationError, match="Broke off") as caught:
        await anext(reading)
    assert caught.value.code == "stream_error"
    with pytest.raises(GenerationError):
        await reply
    await hub.close()


async def test_leaving_the_block_early_cancels_at_the_hub(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)

    async def impatient() -> Reply:
        async with hub.tavern().send("hello") as reply:
            async for _ in reply:
                break
        return reply

    leaving = asyncio.create_task(impatient())
    asked = await line.accept()
    await start(line, asked)
    await say(line, "a")
    cancel = await line.expect("request.cancel")
    await line.ack(cancel, {"request_id": asked.content["request_id"], "state": "cancelled"})
    reply = await leaving
    with pytest.raises(GenerationError) as caught:
        await reply
    assert (caught.value.code, reply.state) == ("cancelled", "cancelled")
    await reply.cancel()  # nothing to do, nothing sent
    await hub.close()


async def test_changed_text_comes_whole_and_marked(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    reply = hub.tavern().send("hello")
    asked = await line.accept()
    await start(line, asked)
    await say(line, "Hello ", "wrld")
    await line.send("stream.delta", stream_id="x", seq=3, text="Hello world", replace=True)
    await say(line, "!", after=3)
    await finish(line, asked, "Hello world!", 4)
    pieces = await told(reply)
    assert pieces == ["Hello ", "wrld", "Hello world", "!"]
    assert [piece.replaces for piece in pieces] == [False, False, True, False]
    await hub.close()


async def test_two_replies_at_once_keep_their_texts_apart(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    replies = [
        hub.tavern().generate("detached", messages=[{"role": "user", "content": str(i)}]) for i in range(2)
    ]
    asked = [await line.accept("generate") for _ in replies]
    for i, each in enumerate(asked):
        await start(line, each, stream_id=f"x{i}")
    for seq in (1, 2):
        for i in range(2):
            await line.send("stream.delta", stream_id=f"x{i}", seq=seq, text=f"{i}{seq} ")
    for i, each in enumerate(asked):
        await done(line, each, f"{i}1 {i}2")
    assert [await told(reply) for reply in replies] == [["01 ", "02 "], ["11 ", "12 "]]
    await hub.close()


async def test_requests_without_a_text_have_plain_results(scripted: ScriptedHub) -> None:
    hub, line = await opened(scripted)
    posted = hub.tavern().post("Psst.")
    asked = await line.accept()
    assert asked.content["generate"] is False
    result = {"message_index": 7}
    await line.send("request.update", request_id=posted.request_id, state="done", result=result)
    assert await posted == result
    edited = hub.tavern().edit(7, "Louder.", revision=3)
    asked = await line.expect("chat.edit")
    await line.refuse(asked, "stale_revision")
    with pytest.raises(tavernlink.TavernlinkError) as caught:
        await edited
    assert caught.value.code == "stale_revision"
    await hub.close()
