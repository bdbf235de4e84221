"""Rooms over HTTP: each request is a connection of its own, and the program behind them is one member all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.http.house import House
from tests.http.scripted_tavern import Turn
from tests.http.sse_reader import read_events


def code(answer: httpx.Response) -> str:
    found: str = answer.json()["error"]["code"]
    return found


async def answering(turn: Turn) -> None:
    turn.start("reply")
    turn.delta("Welcome.")
    turn.end("Welcome.")
    turn.done(text="Welcome.", reason="stop")


def named(house: House, name: str) -> httpx.AsyncClient:
    return house.http("app", **{"X-Tavernlink-App": name})


async def make_room(house: House, **settings: Any) -> None:
    async with house.http("admin") as admin:
        body = {"name": "den", "tavern": "t-home", "settings": settings}
        made = await admin.post("/api/rooms", json=body)
    assert (made.status_code, made.json()["result"]["owner"]) == (201, "t-home")


async def test_programs_speak_over_http_and_are_the_same_member_in_each_request(house: House) -> None:
    said_as: list[Any] = []

    async def noting(turn: Turn) -> None:
        said_as.append(turn.args["as"])
        await answering(turn)

    house.tavern(noting)
    await make_room(house)
    async with house.http("admin") as admin, named(house, "discord") as discord, named(house, "irc") as irc:
        await admin.post("/api/rooms/den/join", json={})
        invited = await admin.post("/api/rooms/den/invitations", json={"role": "member", "uses": 2})
        invitation = invited.json()["result"]["code"]
        listed = await admin.get("/api/rooms/den/invitations")
        assert listed.json()["result"] == [invited.json()["result"]]
        joined = await discord.post("/api/rooms/den/join", json={"code": invitation, "as": "Alice"})
        assert joined.json()["result"]["role"] == "member"
        await irc.post("/api/rooms/den/join", json={"code": invitation})
        said = await discord.post("/api/rooms/den/messages?wait=true", json={"text": "Hello."})
        assert said.json()["result"]["result"]["text"] == "Welcome."
        assert code(await irc.post("/api/rooms/den/join", json={"as": "alice"})) == "name_taken"
        shown = (await irc.get("/api/rooms/den")).json()["result"]
        async with named(house, "other") as other:
            assert code(await other.get("/api/rooms/den")) == "not_a_member"
    assert {each["name"] for each in shown["members"]} == {"Home", "http", "Alice", "irc"}
    assert said_as == [{"name": "Alice"}]


async def test_members_are_muted_kicked_and_given_roles_over_http(house: House) -> None:
    house.tavern(answering)
    await make_room(house, open=True)
    async with house.http("admin") as admin, named(house, "ann") as ann:
        await ann.post("/api/rooms/den/join", json={"as": "Ann"})
        assert code(await ann.patch("/api/rooms/den", json={"topic": "mine"})) == "forbidden"
        role = await admin.put("/api/rooms/den/members/Ann/role", json={"role": "member"})
        assert role.json()["result"]["role"] == "member"
        muted = await admin.put("/api/rooms/den/members/Ann/mute", json={"seconds": 60, "reason": "loud"})
        assert muted.json()["result"]["muted_until"]
        refused = await ann.post("/api/rooms/den/messages", json={"text": "hi"})
        assert (refused.status_code, code(refused)) == (403, "muted")
        await admin.delete("/api/rooms/den/members/Ann/mute")
        settings = {"settings": {"cooldown": 60, "guests": {"length": 9}}}
        changed = (await admin.patch("/api/rooms/den", json=settings)).json()["result"]["settings"]
        assert (changed["cooldown"], changed["guests"]["length"], changed["open"]) == (60, 9, True)
        wrong = await admin.patch("/api/rooms/den", json={"settings": {"colour": "red"}})
        assert (wrong.status_code, code(wrong)) == (400, "invalid_message")
        assert (await ann.post("/api/rooms/den/messages", json={"text": "1"})).status_code == 202
        early = await ann.post("/api/rooms/den/messages", json={"text": "2"})
        assert (early.status_code, code(early)) == (429, "cooldown")
        assert int(early.headers["retry-after"]) > 50
        await admin.post("/api/rooms/den/members/Ann/kick", json={"reason": "enough"})
        assert code(await ann.post("/api/rooms/den/join", json={})) == "banned"
        assert (await admin.delete("/api/rooms/den")).json() == {"ok": True, "result": None}
        assert code(await admin.get("/api/rooms/den")) == "unknown_room"


async def test_a_message_that_waits_for_the_turn_says_so_and_a_host_releases_it(house: House) -> None:
    house.tavern(answering)
    await make_room(house, mode="host")
    async with house.http("admin") as admin, named(house, "ann") as ann:
        code_ = (await admin.post("/api/rooms/den/invitations", json={})).json()["result"]["code"]
        await ann.post("/api/rooms/den/join", json={"code": code_, "as": "Ann"})
        held = await ann.post("/api/rooms/den/messages", json={"text": "I wait."})
        assert (held.status_code, held.json()["result"]["held"]) == (202, True)
        waiting = await ann.post("/api/rooms/den/messages?wait=1", json={"text": "I wait too."})
        assert (waiting.status_code, code(waiting)) == (409, "held")
        released = await admin.post("/api/rooms/den/release?wait=1")
        assert released.json()["result"]["result"]["text"] == "Welcome."


async def test_who_listens_to_a_room_is_online_and_hears_what_others_say(house: House) -> None:
    house.tavern(answering)
    await make_room(house, open=True)
    async with named(house, "ann") as ann, named(house, "ben") as ben:
        await ann.post("/api/rooms/den/join", json={"as": "Ann"})
        await ben.post("/api/rooms/den/join", json={"as": "Ben"})
        heard: list[tuple[str, Any]] = []
        async with asyncio.timeout(20), ann.stream("GET", "/api/rooms/den/events?types=room.*") as events:
            asking: asyncio.Task[httpx.Response] | None = None
            async for event in read_events(events):
                if asking is None:
                    members = (await ben.get("/api/rooms/den")).json()["result"]["members"]
                    assert {each["name"]: each["online"] for each in members}["Ann"] is True
                    asking = asyncio.create_task(
                        ben.post("/api/rooms/den/messages?wait=1", json={"text": "Hello, Ann."})
                    )
                heard.append((event.type, event.data))
                if event.type == "room.message" and event.data["role"] == "assistant":
                    break
        assert asking is not None
        await asking
    texts = [data["text"] for type_, data in heard if type_ == "room.message"]
    assert texts == ["Hello, Ann.", "Welcome."]
