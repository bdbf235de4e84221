"""`/api/logs`: pages, filters and files."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from tavernlink.demo.hub import RunningHub, open_hub

_log = logging.getLogger("tavernlink.testing")


@pytest_asyncio.fixture
async def hub(tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with open_hub(tmp_path) as hub:
        yield hub


def reader(hub: RunningHub, key: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=hub.url, headers=headers, trust_env=False)


async def test_an_admin_reads_the_log_and_takes_it_along_as_a_file(hub: RunningHub) -> None:
    async with reader(hub, hub.admin_key) as http:
        for number in range(1_500):
            _log.warning("line %s", number)
        _log.error({"event": "peer.odd", "peer": "a-17", "text": f"its key is {hub.app_key}"})
        page = (await http.get("/api/logs?limit=2&level=warning")).json()["result"]
        assert [line["text"] for line in page["lines"]] == ["line 1499", "peer.odd"]
        assert (page["more"], page["level"]) == (True, "warning")
        found = (await http.get("/api/logs?contains=a-17")).json()["result"]
        assert [line["facts"]["peer"] for line in found["lines"]] == ["a-17"]

        text = await http.get("/api/logs?format=text&contains=line")
        assert text.headers["content-type"].startswith("text/plain")
        assert text.headers["content-disposition"].endswith('.log"')
        lines = text.text.splitlines()
        assert len(lines) == 1_500  # several pages of the message
        assert lines[0].endswith("warning  tavernlink.testing line 0")
        jsonl = await http.get("/api/logs?format=jsonl&level=error")
        assert [json.loads(line)["text"] for line in jsonl.text.splitlines()] == ["peer.odd"]
        assert hub.app_key not in jsonl.text + text.text
        assert (await http.get("/api/logs?level=loud")).status_code == 400
        unknown = await http.post(
            "/api/routes/check", json={"types": ["x.*"], "action": "drop", "when": "a."}
        )
        assert unknown.json()["result"]["problem"]["details"]["path"] == "$.when"


async def test_in_a_file_no_name_looks_like_another_line(hub: RunningHub) -> None:
    rude = "x\n2026-01-01T00:00:00.000Z error    tavernlink hub.broken\x1b[2J"
    _log.warning({"event": "peer.rude", "name": rude, "exception": "Traceback\n  at \x1b[2J"})
    async with reader(hub, hub.admin_key) as http:
        answer = await http.get("/api/logs?format=text&contains=peer.rude")
    first, *traceback = answer.text.splitlines()
    assert "peer.rude" in first
    assert "hub.broken" in first
    assert traceback == ["Traceback", "  at [2J"]


async def test_nobody_else_reads_it(hub: RunningHub) -> None:
    for key in (hub.app_key, hub.viewer_key, hub.tavern_key):
        async with reader(hub, key) as http:
            assert (await http.get("/api/logs")).status_code == 403
