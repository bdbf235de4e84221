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
from tavernlink.config import FILE_NAME, Settings, Sources
from tavernlink.config.described import GROUPS, about, schema_of
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
            "wanted": 7.0,
            "editable": True,
            "secret": False,
            "group": "limits",
            "about": "Messages per second from one app.",
            "schema": {"type": "number", "exclusiveMinimum": 0},
        }
        assert by_name(changed)["max_payload"]["wanted"] == 2_000_000
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
        answer = await http.patch("/api/settings", content=json.dumps({"log_level": "error"}))
        assert answer.status_code == 200
        assert logging.getLogger().level == logging.ERROR


async def test_a_change_is_looked_at_before_it_is_made_and_an_error_names_the_setting(
    open_hub: OpenHub,
) -> None:
    house = await open_hub()
    async with admin(house) as http:

        async def check(**draft: Any) -> Any:
            return (await http.post("/api/settings/check", json=draft)).json()["result"]

        values = {"app_rate": 7, "max_payload": 2_000_000, "tavern_password": "hush, hush", "key_running": 64}
        found = await check(values=values)
        assert found["problem"] is None
        assert {each["name"]: (each["after"], each["live"]) for each in found["changes"]} == {
            "app_rate": (7.0, True),
            "max_payload": (2_000_000, False),
            "tavern_password": ("…", True),
        }
        for wrong, setting in (
            ({"queue_length": 0}, "queue_length"),
            ({"base_path": "x/"}, "base_path"),
            ({"no_such": 1}, "no_such"),
            ({"port": 1}, "port"),
        ):
            assert (await check(values=wrong))["problem"]["details"]["setting"] == setting
        assert by_name(await http.get("/api/settings"))["app_rate"]["value"] == 200.0
        assert not house.server.configuration.file.exists()


async def test_settings_are_taken_along_as_a_file_without_secrets_and_loaded_again(open_hub: OpenHub) -> None:
    house = await open_hub()
    rule = {"id": "a", "types": ["x.*"], "action": "rename", "as": "x.b"}
    server = {"command": "true", "env": {"API_KEY": "hush"}, "enabled": False}
    values = {
        "app_rate": 7,
        "tavern_password": "hush, hush",
        "routes": [rule],
        "mcp": {"servers": {"one": server}},
    }
    async with admin(house) as http:
        assert (await http.patch("/api/settings", json=values)).status_code == 200
        assert "hush" not in (await http.get("/api/settings")).text
        kept = await http.get("/api/settings/file")
        assert kept.headers["content-disposition"] == 'attachment; filename="tavernlink.toml"'
        assert "hush" not in kept.text
        assert "# Left out, because they hold secrets: tavern_password, mcp." in kept.text
        as_json = (await http.get("/api/settings/file?format=json")).json()
        assert as_json["routes"] == [rule]
        await http.patch("/api/settings", json={"app_rate": None, "routes": None})
        for text, format_ in ((kept.text, "toml"), (json.dumps(as_json), "json")):
            asked = {"text": text, "format": format_}
            found = (await http.post("/api/settings/check", json=asked)).json()["result"]
            assert found["values"] == {"app_rate": 7.0, "routes": [rule]}
            assert found["left_out"] == ["port"]
        assert (
            await http.patch("/api/settings", json={"app_rate": 7.0, "routes": [rule]})
        ).status_code == 200
        assert house.server.settings.app_rate == 7
        wrong = (await http.post("/api/settings/check", json={"text": "app_rate = "})).json()["result"]
        assert "no TOML" in wrong["problem"]["message"]


def test_every_setting_is_described_has_a_group_and_a_schema() -> None:
    names = Settings.__struct_fields__
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(names)
    assert [name for name in names if not about(name)] == []
    assert all(schema_of(name) for name in names)
    texts = Path("js/packages/console/src/i18n/settings.zh.ts").read_text("utf-8")
    assert [name for name in names if f"\n  {name}: " not in texts] == []
