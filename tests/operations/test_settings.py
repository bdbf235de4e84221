"""Settings of a running hub: by its file, by REST, and what a change does."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tavernlink.app import Server
from tavernlink.config import FILE_NAME, Sources
from tavernlink.protocol.access import AuditList
from tests.operations.conftest import OpenHub
from tests.transports.hub import House
from tests.transports.serving import WAIT

pytestmark = pytest.mark.timeout(180)


def admin(house: House, role: str = "admin") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {house.keys[role]}"}
    return httpx.AsyncClient(base_url=house.url, headers=headers, trust_env=False)


def by_name(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in answer.json()["result"]["settings"]}


async def test_an_admin_sees_and_changes_them_and_nobody_else(open_hub: OpenHub) -> None:
    house = await open_hub()
    async with admin(house) as http, admin(house, "app") as app, admin(house, "viewer") as viewer:
        before = await http.get("/api/settings")
        assert by_name(before)["app_rate"]["source"] == "default"
        assert by_name(before)["port"]["live"] is False
        changed = await http.patch("/api/settings", json={"app_rate": 7, "max_payload": 2_000_000})
        assert changed.status_code == 200
        assert changed.json()["result"]["restart_needed"] == ["max_payload"]
        assert by_name(changed)["app_rate"] == {
            "name": "app_rate",
            "value": 7.0,
            "default": 200.0,
            "source": "file",
            "live": True,
            "restart_needed": False,
        }
        wrong = await http.patch("/api/settings", json={"app_rate": -1})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_message")
        for other in (app, viewer):
            assert (await other.get("/api/settings")).status_code == 403
            assert (await other.patch("/api/settings", json={})).status_code == 403
    (entry,) = house.runtime.core.audit.listed(AuditList(action="settings.changed"))
    assert (entry.role, entry.target, entry.address) == ("admin", "app_rate, max_payload", "127.0.0.1")
    text = (house.server.settings.data_dir / FILE_NAME).read_text()
    assert text == "app_rate = 7\nmax_payload = 2000000\n"


async def test_changes_count_for_everybody_who_is_connected(open_hub: OpenHub) -> None:
    house = await open_hub()
    page = {"Origin": "https://friend.example"}
    async with admin(house) as http, house.peer("app") as app:
        assert (await http.get("/api/settings", headers=page)).status_code == 403
        await http.patch("/api/settings", json={"allowed_origins": ["https://*.example"], "app_rate": 0.001})
        refused = await http.get("/api/settings", headers=page)
        assert refused.status_code == 403  # a star stands below a domain only, so nothing was written
        await http.patch(
            "/api/settings", json={"allowed_origins": ["https://friend.example"], "app_rate": 0.001}
        )
        assert (await http.get("/api/settings", headers=page)).status_code == 200
        codes = [await _code(app.ask("tavern.list")) for _ in range(3)]
        assert codes[-1] == "rate_limited"
        await http.patch("/api/settings", json={"app_rate": 200, "http_rate": 0.001})
        assert await _code(app.ask("tavern.list")) in (None, "rate_limited")
        assert await _code(app.ask("tavern.list")) is None
        answers = [(await http.get("/api/settings")).status_code for _ in range(3)]
        assert answers[-1] == 429


async def _code(outcome: Any) -> str | None:
    found = await outcome
    return None if found["ok"] else found["error"]["code"]


async def test_the_file_is_followed_and_a_broken_one_is_told_in_the_log(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    async with Server(Sources({"port": 0, "data_dir": tmp_path}, {})) as server:
        with capture_logs() as lines:
            await _changed(server, file, "app_rate = 7\nmax_payload = 2048\n")
            assert server.runtime.core.limits.app_rate == 7
            await _told(lines, "settings.changed", names=["app_rate"])
            await _told(lines, "settings.restart_needed", names=["max_payload"])
            _write(file, "app_rate = \n")
            await _told(lines, "settings.broken")
            assert server.settings.app_rate == 7
            await _changed(server, file, "app_rate = 8\n")
            await _told(lines, "settings.mended")


async def _changed(server: Server, file: Path, text: str) -> None:
    happened = asyncio.Event()
    server.configuration.on_change(lambda _: happened.set())
    _write(file, text)
    await asyncio.wait_for(happened.wait(), WAIT)


def _write(file: Path, text: str) -> None:
    file.write_text(text)


async def _told(lines: list[Any], event: str, **facts: Any) -> None:
    async with asyncio.timeout(WAIT):
        while not any(line["event"] == event and facts.items() <= line.items() for line in lines):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_the_log_level_follows(open_hub: OpenHub) -> None:
    house = await open_hub()
    async with admin(house) as http:
        try:
            answer = await http.patch("/api/settings", content=json.dumps({"log_level": "error"}))
            assert answer.status_code == 200
            assert logging.getLogger().level == logging.ERROR
        finally:
            await http.patch("/api/settings", json={"log_level": None})
