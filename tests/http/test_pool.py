"""The pool, sessions and lists of requests over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.http.house import House
from tests.http.scripted_tavern import Turn

ANN = ({"id": "ann.png", "name": "Ann"},)


async def echo(turn: Turn) -> None:
    """Answer with the tavern's name; a session's turn with its chat."""
    chat = {"chat_id": "chat 1", "character_id": "ann.png"} if turn.name == "session.turn" else {}
    turn.reply(str(turn.args.get("character")), **chat)


async def ask(house: House, model: str, **more: Any) -> str:
    async with house.openai() as client:
        answer = await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "hi"}], **more
        )
    return answer.choices[0].message.content or ""


async def test_a_plain_model_is_done_by_whichever_tavern_has_it_and_is_free(house: House) -> None:
    one = house.tavern(name="One", id_="one", characters=ANN)
    two = house.tavern(name="Two", id_="two", characters=[{"id": "ann2.png", "name": "Ann"}])
    asked = [asyncio.create_task(ask(house, "Ann")) for _ in range(2)]
    # Both are at work before either answers: a tavern that had answered would be free for the second, too.
    for turn in [await tavern.commands.get() for tavern in (one, two)]:
        await echo(turn)
    assert sorted(await asyncio.gather(*asked)) == ["ann.png", "ann2.png"]


async def test_a_broadcast_answers_with_one_of_them(house: House) -> None:
    house.runtime.core.work.pool.policy = "broadcast"
    one = house.tavern(name="One", id_="one", characters=ANN)
    two = house.tavern(name="Two", id_="two", characters=[{"id": "ann2.png", "name": "Ann"}])
    asked = asyncio.create_task(ask(house, "Ann"))
    await echo(await two.commands.get())
    await echo(await one.commands.get())
    assert await asked == "ann.png"


async def test_sessions_are_shown_and_forgotten(house: House) -> None:
    house.tavern(echo, characters=ANN)
    async with house.http() as http:
        sent = await http.post(
            "/api/taverns/any/chat?wait=true", json={"text": "hi", "session": "bob", "character": "Ann"}
        )
        assert sent.status_code == 200
        (info,) = (await http.get("/api/sessions")).json()["result"]
        assert (info["session"], info["tavern"], info["chat_id"]) == ("bob", "t-home", "chat 1")
        assert (await http.delete("/api/sessions/bob")).json()["result"] == {"forgotten": True}
        assert (await http.get("/api/sessions")).json()["result"] == []


async def test_requests_are_listed(house: House) -> None:
    tavern = house.tavern(characters=ANN)
    async with house.http() as http, house.http("admin") as admin:
        first = (await http.post("/api/taverns/any/chat", json={"text": "hi"})).json()["result"]["request_id"]
        await http.post("/api/taverns/default/chat", json={"text": "hi"})
        listed = (await http.get("/api/requests")).json()["result"]
        assert [(each["state"], each["position"]) for each in listed] == [("queued", 1), ("running", None)]
        await echo(await tavern.commands.get())
        done = (await admin.get("/api/requests", params={"open": "false", "tavern": "Home"})).json()["result"]
        assert [each["request_id"] for each in done if each["state"] == "done"] == [first]


async def test_an_admin_pins_and_everybody_sees_it(house: House) -> None:
    house.tavern(characters=ANN)
    async with house.http() as http, house.http("admin") as admin:
        assert (await http.put("/api/pool/pins/Ann", json={"tavern": "Home"})).status_code == 403
        await admin.put("/api/pool/pins/Ann", json={"tavern": "Home"})
        pool = (await http.get("/api/pool")).json()["result"]
        assert (pool["policy"], pool["pins"]) == ("least_loaded", [{"character": "Ann", "tavern": "Home"}])
        assert (await admin.delete("/api/pool/pins/Ann")).json()["result"]["pins"] == []


async def test_a_key_over_its_quota_gets_429_with_the_time_to_wait(house: House) -> None:
    house.runtime.core.work.quota.most_waiting = 1
    house.tavern(characters=ANN)
    async with house.http() as http:
        for _ in range(2):
            await http.post("/api/taverns/default/chat", json={"text": "hi"})
        refused = await http.post("/api/taverns/default/chat", json={"text": "hi"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    assert refused.json()["error"]["code"] == "quota"


async def test_usage_is_asked_of_the_model_where_the_client_asks(house: House) -> None:
    seen = []

    async def look(turn: Turn) -> None:
        seen.append(turn.args.get("params", {}))
        turn.reply("hi")

    house.tavern(look, characters=ANN)
    await ask(house, "Ann")
    async with house.openai() as client:
        answer = await client.chat.completions.create(
            model="Ann",
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for _ in answer:
            pass
    assert seen == [{}, {"stream_options": {"include_usage": True}}]
