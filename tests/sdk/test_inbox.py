"""A program reads what came while it was away, on a real hub that is stopped in between."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

import tavernlink
from tavernlink.demo.hub import open_hub
from tavernlink.protocol.requests import RequestUpdate
from tavernlink.sdk import connect_sync
from tests.sdk.scripted_tavern import scripted_tavern


async def test_what_came_while_a_program_was_away_is_read_once_with_its_time(
    tmp_path: Path, unused_port: int
) -> None:
    async with open_hub(tmp_path / "hub", port=unused_port) as house:
        app_key = house.server.runtime.core.keyring.create("app", "stays")[1]
        async with tavernlink.connect(house.url, app_key, id="bot"):
            pass
        async with tavernlink.connect(house.url, app_key, name="other") as other:
            for text in ("one", "two"):
                await other.call("x.note", {"to": {"peer": "bot"}, "content": {"text": text}})
    async with open_hub(tmp_path / "hub", port=unused_port) as house:
        async with tavernlink.connect(house.url, app_key, id="bot") as bot:
            first, second = await bot.read_inbox(take=False)
            assert [letter.content["content"]["text"] for letter in (first, second)] == ["one", "two"]
            assert first.type == "x.note"
            assert 0 <= first.time - first.content["sent"] < 0.5
            await bot.take_from_inbox(first.id)
        headers = {"Authorization": f"Bearer {app_key}"}
        async with httpx.AsyncClient(base_url=house.url, headers=headers, trust_env=False) as http:
            shown = (await http.get("/api/inbox/bot")).json()
            assert [letter["id"] for letter in shown["result"]] == [second.id]
            taken = (await http.delete("/api/inbox/bot", params={"upto": second.id})).json()
            assert taken["result"] == {"taken": 1}
        async with tavernlink.connect(house.url, app_key, id="bot") as bot:
            assert await bot.read_inbox() == []


async def test_a_reply_that_came_while_the_program_was_away_is_in_its_inbox(
    tmp_path: Path, unused_port: int
) -> None:
    async with (
        open_hub(tmp_path / "hub", port=unused_port) as house,
        scripted_tavern(house.url, house.tavern_key) as tavern,
    ):
        tavern.held.clear()
        app_key = house.server.runtime.core.keyring.create("app", "stays")[1]
        async with tavernlink.connect(house.url, app_key, id="bot") as bot:
            reply = bot.tavern().send("hello")
            await anext(reply.events())
        tavern.held.set()
        async with (
            tavernlink.connect(house.url, app_key) as sibling,
            sibling.subscribe("request.*") as updates,
        ):
            await sibling.call("request.get", {"request_id": reply.request_id, "watch": True})
            async for update in updates:
                if isinstance(update, RequestUpdate) and update.state == "done":
                    break

        def read() -> list[str]:
            with connect_sync(house.url, app_key, id="bot") as blocking:
                asked = [
                    letter.content["request_id"]
                    for letter in blocking.read_inbox()
                    if letter.type == "request.update"
                ]
                assert blocking.read_inbox() == []
                return asked

        assert await asyncio.to_thread(read) == [reply.request_id]
