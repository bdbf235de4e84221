"""`/metrics`: who may see it, and that it tells what happened."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.operations.conftest import OpenHub
from tests.transports.hub import House

pytestmark = pytest.mark.timeout(180)


def figures(text: str) -> dict[str, float]:
    """`name{label="value"}` → value."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def scraped(house: House, role: str = "admin") -> httpx.Response:
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
        return await http.get("/metrics", headers={"Authorization": f"Bearer {house.keys[role]}"})


async def test_only_an_admin_sees_it_and_this_machine_by_setting(open_hub: OpenHub) -> None:
    house = await open_hub()
    assert (await scraped(house)).status_code == 200
    assert (await scraped(house, "app")).status_code == 403
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
        assert (await http.get("/metrics")).status_code == 401
        house.server.configuration.edit({"metrics_open_to_loopback": True})
        assert (await http.get("/metrics")).status_code == 200
        strange = await http.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
        assert strange.status_code == 401
        assert (await http.get("/api/settings")).status_code == 401
    assert (await scraped(house, "app")).status_code == 403


async def test_it_tells_what_goes_on(open_hub: OpenHub) -> None:
    house = await open_hub()
    async with house.peer("tavern", id="t-1", name="Inn") as tavern, house.peer("app") as app:
        await app.result("subscribe", types=["stream.*"])
        accepted = await app.result("generate", tavern="t-1", mode="quiet", prompt="Hello")
        command = await tavern.next("command")
        waiting = await app.result("generate", tavern="t-1", mode="quiet", prompt="Hello again")
        await tavern.send("stream.start", stream_id="s", kind="quiet", request_id=command["request_id"])
        for seq in range(40):
            await tavern.send("stream.delta", stream_id="s", seq=seq, text="x")
            await app.next("stream.delta")
        now = figures((await scraped(house)).text)
        assert now['tavernlink_taverns{state="online"}'] == 1
        assert now['tavernlink_sessions{kind="app",state="online"}'] == 1
        assert now['tavernlink_requests{state="running"}'] == 1
        assert now['tavernlink_requests{state="queued"}'] == 1
        assert now['tavernlink_queue_length{tavern="t-1"}'] == 1
        assert now["tavernlink_streams"] == 1
        assert now['tavernlink_messages_total{direction="in",door="websocket"}'] >= 45
        assert now['tavernlink_bytes_total{direction="out",door="websocket"}'] > 2_000
        assert now["tavernlink_delivery_seconds_count"] >= 1
        assert now["tavernlink_store_writes_total"] > 0

        await app.result("request.cancel", request_id=waiting["request_id"])
        outcome = {"code": "generation_failed", "message": "no"}
        await tavern.send("command.done", request_id=command["request_id"], ok=False, error=outcome)
        while (update := await app.next("request.update"))["state"] != "failed":
            pass
        assert update["request_id"] == accepted["request_id"]
        assert not (await app.ask("chat.get", tavern="nobody"))["ok"]
        async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
            await http.get("/api/taverns")
        now = figures((await scraped(house)).text)
    assert now['tavernlink_requests_finished_total{code="cancelled",state="cancelled"}'] == 1
    assert now['tavernlink_requests_finished_total{code="generation_failed",state="failed"}'] == 1
    assert now["tavernlink_request_run_seconds_count"] == 1
    assert now['tavernlink_errors_total{code="unknown_tavern"}'] == 1
    assert now['tavernlink_errors_total{code="unauthorized"}'] == 1
    assert now['tavernlink_http_answers_total{door="rest",status="401"}'] == 1
    assert now['tavernlink_connects_total{kind="new"}'] == 2


async def test_resumes_and_resyncs_are_counted(open_hub: OpenHub) -> None:
    house = await open_hub()
    async with house.peer("app") as app:
        session = app.welcome["session"]
    async with house.peer("app", resume={"session": session, "count": 0}) as app:
        assert app.welcome["resumed"]
    async with house.peer("app", resume={"session": "s-nobody", "count": 0}):
        pass
    now = figures((await scraped(house)).text)
    assert [now[f'tavernlink_connects_total{{kind="{kind}"}}'] for kind in ("new", "resumed", "resync")] == [
        1,
        1,
        1,
    ]
