"""REST and its events on a real SillyTavern."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tests.e2e.desk import Desk
from tests.e2e.patience import PATIENCE
from tests.http.sse_reader import Sent, read_events


@pytest_asyncio.fixture(loop_scope="session")
async def http(hub: RunningHub) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {hub.app_key}"}
    async with httpx.AsyncClient(base_url=f"{hub.url}/api", headers=headers, timeout=PATIENCE) as opened:
        yield opened


def result(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["result"]


async def test_a_message_is_sent_answered_edited_and_deleted(http: httpx.AsyncClient, desk: Desk) -> None:
    chat = "/taverns/shared/chat"
    done = result(await http.post(f"{chat}?wait=true", json={"text": "Hello from REST. [tokens=20]"}))
    assert done["state"] == "done"
    assert "Hello from REST." in done["result"]["text"]
    texts = await desk.texts()
    assert texts[-1] == done["result"]["text"]

    index = len(texts) - 2
    result(await http.patch(f"{chat}/messages/{index}?wait=true", json={"text": "Hello, edited."}))
    assert (await desk.texts())[index] == "Hello, edited."
    result(await http.delete(f"{chat}/messages/{index}?count=2&wait=true"))
    assert await desk.texts() == texts[:index]

    context = result(await http.get("/taverns/shared/context?last=1"))
    assert context["character"] == "Seraphina"
    assert context["total"] == index
    assert [message["text"] for message in context["messages"]] == texts[index - 1 : index]


async def test_events_of_a_request_and_of_the_tavern_tell_the_same(
    http: httpx.AsyncClient, desk: Desk
) -> None:
    async with http.stream("GET", "/events?tavern=shared&types=stream.*,event.message_received") as heard:
        events = read_events(heard)
        assert (await anext(events)).data == "subscribed"
        accepted = result(await http.post("/taverns/shared/chat", json={"text": "Speak. [tokens=60]"}), 202)
        async with http.stream("GET", f"/requests/{accepted['request_id']}/events") as answer:
            own = [event async for event in read_events(answer) if event.type != ":"]
        seen: list[Sent] = []
        while "event" not in [event.type for event in seen] or "stream.end" not in [
            event.type for event in seen
        ]:
            seen.append(await asyncio.wait_for(anext(events), 10))
    final = own[-1].data
    assert final["state"] == "done"
    assert (
        "".join(event.data["text"] for event in own if event.type == "stream.delta")
        == final["result"]["text"]
    )
    ends = [event.data["text"] for event in (*own, *seen) if event.type == "stream.end"]
    assert ends == [final["result"]["text"]] * 2
    assert next(event.data["name"] for event in seen if event.type == "event") == "message_received"


async def test_a_request_is_cancelled_and_the_model_stops(
    http: httpx.AsyncClient, desk: Desk, model: Model
) -> None:
    body = {"mode": "detached", "messages": [{"role": "user", "content": "long [tokens=2000] [speed=50]"}]}
    accepted = await http.post("/taverns/shared/generate", json=body)
    address = accepted.headers["location"].removeprefix("/api")
    await model.wait_for(lambda: any(seen.sent > 2 for seen in model.requests))
    result(await http.delete(address))
    await model.wait_for(lambda: [seen.state for seen in model.requests] == ["cancelled"])
    async with http.stream("GET", f"{address}/events") as answer:
        last = [event async for event in read_events(answer)][-1]
    assert last.data["state"] == "cancelled"
    assert json.loads((await http.get(address)).text)["result"]["error"]["code"] == "cancelled"
