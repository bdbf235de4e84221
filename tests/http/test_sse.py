"""Server-sent events: of one request, of a subscription, and how the writer behaves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tavernlink.http.sse import EventWriter, event_bytes
from tavernlink.protocol.event import Event
from tavernlink.protocol.streams import StreamDelta
from tests.http.house import House
from tests.http.sse_reader import Sent, read_events


class Wire:
    """An ASGI `send` that remembers."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.grown = asyncio.Event()

    async def __call__(self, message: Any) -> None:
        self.messages.append(message)
        self.grown.set()

    async def length(self, wanted: int) -> None:
        while len(self.messages) < wanted:
            self.grown.clear()
            await asyncio.wait_for(self.grown.wait(), 5)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


async def test_nothing_goes_out_before_there_is_something_to_say() -> None:
    wire = Wire()
    async with EventWriter(wire) as out:
        await out.comment("waiting position 3")
        assert wire.messages == []
        await out.write(b"data: 1\n\n")
        assert wire.messages[0]["status"] == 200
    assert wire.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_an_error_before_the_first_byte_leaves_the_answer_to_others() -> None:
    wire = Wire()
    with pytest.raises(RuntimeError):
        async with EventWriter(wire):
            raise RuntimeError
    assert wire.messages == []


async def test_an_error_later_leaves_the_answer_unfinished() -> None:
    wire = Wire()

    async def fail() -> None:
        async with EventWriter(wire) as out:
            await out.write(b"data: 1\n\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert wire.messages[-1]["more_body"] is True


async def test_silence_is_filled_with_the_last_comment() -> None:
    wire = Wire()
    async with EventWriter(wire, hold=0.01, keep_alive=0.01) as out:
        await out.comment("waiting position 3")
        await wire.length(4)
    assert wire.body.startswith(b": waiting position 3\n\n: waiting position 3\n\n")


async def test_an_event_is_encoded_once_for_all_listeners() -> None:
    event = Event("stream.delta", StreamDelta(stream_id="s", seq=1, text="line\nbreak"))
    frame = event_bytes(event)
    assert frame == b'event: stream.delta\ndata: {"stream_id":"s","seq":1,"text":"line\\nbreak"}\n\n'
    assert event_bytes(event) is frame


async def test_a_requests_events_come_from_the_beginning_to_the_final_state(house: House) -> None:
    tavern = house.tavern()
    async with house.http() as http:
        address = (await http.post("/api/taverns/default/chat", json={"text": "Hi"})).headers["location"]
        turn = await tavern.commands.get()
        async with http.stream("GET", f"{address}/events") as answer:
            events = read_events(answer)
            assert (await anext(events)).data["state"] == "running"
            turn.reply("Hel", "lo.")
            rest = [event async for event in events]
        assert [event.type for event in rest] == [
            "stream.start",
            "stream.delta",
            "stream.delta",
            "stream.end",
            "request.update",
        ]
        assert "".join(event.data["text"] for event in rest[1:3]) == rest[3].data["text"] == "Hello."
        assert (rest[-1].data["state"], rest[-1].id) == ("done", "final")
        again = await http.get(f"{address}/events", headers={"Last-Event-ID": "final"})
        assert again.status_code == 204


async def test_a_late_listener_gets_the_text_so_far_first(house: House) -> None:
    tavern = house.tavern()
    async with house.http() as http:
        address = (await http.post("/api/taverns/default/chat", json={"text": "Hi"})).headers["location"]
        turn = await tavern.commands.get()
        turn.start(kind="reply")
        turn.delta("Hel")
        turn.delta("lo")
        async with http.stream("GET", f"{address}/events") as answer:
            events = read_events(answer)
            first = [await anext(events) for _ in range(3)]
            turn.delta(".")
            turn.end("Hello.")
            turn.done(text="Hello.")
            rest = [event async for event in events]
    assert [event.type for event in first] == ["request.update", "stream.start", "stream.delta"]
    assert (first[2].data["text"], first[2].data["replace"]) == ("Hello", True)
    assert rest[0].data["text"] == "."


async def test_a_listener_who_leaves_does_not_cancel_the_request(house: House) -> None:
    tavern = house.tavern()
    async with house.http() as http:
        address = (await http.post("/api/taverns/default/chat", json={"text": "Hi"})).headers["location"]
        turn = await tavern.commands.get()
        async with http.stream("GET", f"{address}/events") as answer:
            await anext(read_events(answer))
        turn.reply("Hello.")
        assert (await http.get(address)).json()["result"]["state"] == "done"
    assert tavern.cancelled.empty()


async def test_events_of_a_finished_and_of_an_unknown_request(house: House) -> None:
    tavern = house.tavern()
    async with house.http() as http:
        address = (await http.post("/api/taverns/default/chat", json={"text": "Hi"})).headers["location"]
        (await tavern.commands.get()).fail("empty_reply")
        async with http.stream("GET", f"{address}/events") as answer:
            (only,) = [event async for event in read_events(answer)]
        unknown = await http.get("/api/requests/nothing/events")
    assert (only.data["state"], only.data["error"]["code"]) == ("failed", "empty_reply")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_request")


async def test_a_subscription_hears_what_it_asked_for_and_nothing_else(house: House) -> None:
    tavern = house.tavern()
    async with (
        house.http() as http,
        http.stream("GET", "/api/events?types=event.message_sent,stream.*&types=chat.changed") as answer,
    ):
        events = read_events(answer)
        assert await anext(events) == Sent(":", "subscribed")
        assert await tavern.wanted.get() == ["message_sent"]
        tavern.say("event", name="message_sent", args=[3])
        tavern.say("tavern.state", character="Seraphina")
        tavern.say("chat.update", chat_id="c1", ops=[{"op": "reset"}])
        tavern.say("stream.start", stream_id="s1", kind="reply")
        heard = [await anext(events) for _ in range(3)]
    assert [event.type for event in heard] == ["event", "chat.changed", "stream.start"]
    assert heard[0].data == {"name": "message_sent", "args": [3], "tavern": "t-home"}
    assert await tavern.wanted.get() == []


async def test_a_subscription_that_cannot_be_is_refused_with_a_status(house: House) -> None:
    async with house.http() as http:
        nothing = await http.get("/api/events")
        unknown = await http.get("/api/events?types=*&tavern=Elsewhere")
        empty = await http.get("/api/events?types=,")
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (400, "invalid_message")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_tavern")
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, "invalid_message")


async def test_listeners_are_told_when_the_hub_stops(house: House) -> None:
    async with house.http() as http, http.stream("GET", "/api/events?types=*") as answer:
        events = read_events(answer)
        await anext(events)
        await house.runtime.stop()
        last = [event async for event in events][-1]
    assert (last.type, last.data["code"]) == ("closing", "hub_stopping")


async def test_a_revoked_key_ends_its_subscriptions(house: House) -> None:
    async with house.http() as http, http.stream("GET", "/api/events?types=*") as answer:
        events = read_events(answer)
        await anext(events)
        house.runtime.core.keyring.revoke("test app")
        last = [event async for event in events][-1]
    assert (last.type, last.data["code"]) == ("closing", "key_revoked")
