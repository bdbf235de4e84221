"""What a browser or a supervisor sees without a key."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tavernlink.http.page import preferred_language
from tests.http.house import House


async def test_health_answers_as_long_as_the_process_does(house: House) -> None:
    async with house.http(None) as http:
        await house.runtime.stop()
        answer = await http.get("/healthz")
        assert (await http.head("/healthz")).status_code == 200
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


async def test_readiness_counts_taverns_and_ends_with_the_runtime(house: House) -> None:
    async with house.http(None) as http:
        assert (await http.get("/readyz")).json() == {"status": "ready", "taverns": 0}
        tavern = house.tavern()
        assert (await http.get("/readyz")).json()["taverns"] == 1
        tavern.disconnect()
        assert (await http.get("/readyz")).json()["taverns"] == 0
        await house.runtime.stop()
        stopped = await http.get("/readyz")
    assert stopped.status_code == 503
    assert stopped.json()["status"] == "not ready"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh-TW;q=0.5", "zh"),
        ("fr", "en"),
        ("*", "en"),
        ("zh;q=nonsense,en;q=0.1", "en"),
    ],
)
def test_the_page_follows_the_browsers_language(accept: str, language: str) -> None:
    assert preferred_language(accept) == language


async def test_the_page_says_where_things_are_in_english_and_chinese(house: House) -> None:
    async with house.http(None) as http:
        english = await http.get("/")
        chinese = await http.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    for answer in (english, chinese):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f"{house.url}/v1" in answer.text
        assert f"{house.url.replace('http', 'ws')}/ws" in answer.text
        assert "tl_" not in answer.text
    assert '<html lang="en">' in english.text
    assert '<html lang="zh-CN">' in chinese.text
    assert "中枢" in chinese.text


async def test_the_page_runs_no_script_and_allows_only_its_own_style(house: House) -> None:
    async with house.http(None) as http:
        answer = await http.get("/")
    policy = answer.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "<script" not in answer.text


async def test_a_crafted_host_header_cannot_write_into_the_page(house: House) -> None:
    async with house.http(None) as http:
        answer = await http.get("/", headers={"Host": '"><script>alert(1)</script>'})
    assert "<script>" not in answer.text
