"""`/api/webhooks` and `/api/schedules`: every address, its answer and its errors."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.http.house import House
from tests.runtime.receiver import Receiver


async def ask(http: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    answer = await http.request(method, f"/api/{path}", **options)
    assert answer.is_success, answer.text
    return answer.json()["result"]


async def test_a_webhook_by_rest(house: House) -> None:
    async with house.http("admin") as http, Receiver() as receiver:
        wanted = {"url": receiver.url, "types": ["stream.end"], "name": "Journal"}
        answer = await http.post("/api/webhooks", json=wanted)
        assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
        made = answer.json()["result"]
        hook = f"webhooks/{made['info']['id']}"
        changed = await ask(http, "PATCH", hook, json={"types": ["chat.changed"], "name": None})
        assert (changed["types"], changed["name"]) == (["chat.changed"], "Journal")
        assert (await ask(http, "POST", f"{hook}/test"))["state"] == "delivered"
        assert (await ask(http, "POST", f"{hook}/pause"))["state"] == "paused"
        assert (await ask(http, "POST", f"{hook}/resume"))["state"] == "active"
        assert (await ask(http, "POST", f"{hook}/rotate"))["secret"] != made["secret"]
        rotated = await ask(http, "POST", f"{hook}/rotate", json={"overlap": 0})
        assert rotated["info"]["old_secret_until"] is None
        assert await ask(http, "GET", f"{hook}/deliveries?state=dead&limit=5&bodies=true") == []
        assert await ask(http, "POST", f"{hook}/replay") == {"replayed": 0}
        assert await ask(http, "POST", f"{hook}/discard", json={"deliveries": ["x"]}) == {"discarded": 0}
        assert [each["id"] for each in await ask(http, "GET", "webhooks")] == [made["info"]["id"]]
        assert await ask(http, "DELETE", hook) is None
        gone = await http.delete(f"/api/{hook}")
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "unknown_webhook")
        for wrong in ({"url": "nonsense", "types": ["*"]}, {"url": receiver.url, "types": []}):
            assert (await http.post("/api/webhooks", json=wrong)).status_code == 400


@pytest.mark.parametrize("path", ["webhooks", "schedules"])
async def test_a_viewer_may_not_and_an_app_goes_nowhere_private(house: House, path: str) -> None:
    async with house.http("viewer") as http:
        assert (await http.get(f"/api/{path}")).status_code == 403
    async with house.http("app") as http:
        assert await ask(http, "GET", path) == []
        local = {"url": "http://127.0.0.1:9/", "types": ["*"]}
        assert (await http.post("/api/webhooks", json=local)).json()["error"]["code"] == "forbidden"


async def test_a_schedule_by_rest(house: House) -> None:
    house.tavern()
    async with house.http() as http:
        wanted = {"do": {"type": "chat.send", "content": {"text": "Hello"}}, "every": 3_600}
        answer = await http.post("/api/schedules", json=wanted)
        assert answer.status_code == 201
        schedule = f"schedules/{answer.json()['result']['id']}"
        changed = await ask(http, "PATCH", schedule, json={"cron": "@daily"})
        assert (changed["every"], changed["cron"]) == (None, "@daily")
        assert (await ask(http, "POST", f"{schedule}/pause"))["state"] == "paused"
        assert (await ask(http, "POST", f"{schedule}/resume"))["state"] == "active"
        run = await ask(http, "POST", f"{schedule}/run")
        assert run["asked"]
        done = await ask(http, "GET", f"requests/{run['id']}")
        assert done["request_id"] == run["id"]
        assert [each["id"] for each in await ask(http, "GET", f"{schedule}/runs")] == [run["id"]]
        assert len(await ask(http, "GET", "schedules")) == 1
        assert await ask(http, "DELETE", schedule) is None
        wrong = await http.post("/api/schedules", json={**wanted, "every": 1})
        assert (wrong.status_code, wrong.json()["error"]["details"]["path"]) == (400, "$.every")
