"""The console's pages Requests and Tabs in a browser, on a hub with a scripted tavern and a scripted keeper of tabs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tavernlink.demo.hub import open_hub
from tavernlink.sdk import connect
from tests.e2e.visitor import check_looks, sign_in, visitor
from tests.sdk.scripted_tavern import scripted_tavern

_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
_TAB: dict[str, Any] = {
    "tab": "Attic",
    "tavern": None,
    "url": "http://127.0.0.1:8000",
    "account": None,
    "character": None,
    "state": "blocked_by_dialog",
    "reason": "A dialog in SillyTavern waits for an answer.",
    "since": 1795262400.0,
    "uptime": 7405.0,
    "retry_in": None,
    "memory": 412_000_000,
    "memory_limit": 900_000_000,
    "restarts": 1,
    "last_restart": {"at": 1795262400.0, "why": "Its memory was over 900 MB."},
    "dialogs": [
        {
            "id": "d1",
            "kind": "confirm",
            "text": "The chat was changed elsewhere. Reload it?",
            "answers": ["Reload", "Cancel"],
            "asks_text": False,
            "opened": 1795262400.0,
        }
    ],
    "answered": 2,
}


@pytest.mark.parametrize(
    ("size", "locale", "scheme"), [("desktop", "en-US", "light"), ("phone", "zh-CN", "dark")]
)
async def test_an_admin_follows_everybodys_requests_and_cancels_one(
    browser: Browser, tmp_path: Path, size: str, locale: str, scheme: Any
) -> None:
    async with (
        open_hub(tmp_path) as hub,
        scripted_tavern(hub.url, hub.tavern_key) as tavern,
        connect(hub.url, hub.app_key, name="Mira's bot") as bot,
        visitor(browser, hub, size=size, locale=locale, color_scheme=scheme) as page,
    ):
        await sign_in(page, hub.admin_key)
        await page.goto(f"{hub.url}/#/requests")
        await expect(page.locator("main p.card")).to_be_visible()  # nothing runs
        tavern.held.clear()
        first = bot.tavern().send("one")
        second = bot.tavern().send("two")
        asked = [asyncio.ensure_future(first), asyncio.ensure_future(second)]
        rows = page.locator("main section").first.locator("li")
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_contain_text("Mira's bot")
        await expect(rows.first).to_contain_text("Home")
        await expect(rows.last.locator(".what .soft")).to_contain_text("1")
        await check_looks(page, f"{locale[:2]}-{size}-{scheme}-requests")
        await rows.last.get_by_role("button").click()
        await expect(rows).to_have_count(1)
        tavern.held.set()
        await expect(rows).to_have_count(0)
        over = page.locator("main section").last.locator("li")
        await expect(over).to_have_count(2)
        await expect(over.first).to_contain_text("3")  # words that came
        await asyncio.gather(*asked, return_exceptions=True)


@pytest.mark.parametrize(
    ("size", "locale", "scheme"), [("desktop", "en-US", "light"), ("phone", "zh-CN", "dark")]
)
async def test_tabs_without_a_screen_are_seen_answered_and_restarted(
    browser: Browser, tmp_path: Path, size: str, locale: str, scheme: Any
) -> None:
    async with (
        open_hub(tmp_path) as hub,
        visitor(browser, hub, size=size, locale=locale, color_scheme=scheme) as page,
    ):
        await sign_in(page, hub.admin_key)
        await page.goto(f"{hub.url}/#/tabs")
        await expect(page.locator("main code")).to_contain_text(f"--hub {hub.url}")  # how to begin
        async with connect(hub.url, hub.admin_key, name="tab keeper") as keeper:
            now = dict(_TAB)
            done: list[str] = []

            @keeper.function(name="tab.screenshot")
            async def screenshot(tab: str, width: int = 800) -> dict[str, Any]:
                """Take a picture of a tab."""
                image = {"type": "file", "mime": "image/png", "data": _PNG}
                return {"tab": tab, "taken": 1795262400.0, "width": 1, "height": 1, "image": image}

            @keeper.function(name="tab.answer")
            async def answer(tab: str, dialog: str, answer: str) -> dict[str, Any]:
                """Answer a dialog."""
                done.append(f"{tab} {dialog} {answer}")
                now.update(state="online", reason=None, dialogs=[])
                return now

            @keeper.function(name="tab.restart")
            async def restart(tab: str) -> dict[str, Any]:
                """Open a tab again."""
                done.append(f"{tab} again")
                now.update(restarts=2)
                return now

            @keeper.function(name="tab.list")
            async def tabs() -> list[dict[str, Any]]:
                """List the tabs."""
                return [now]

            card = page.locator("main li.card")
            await expect(card).to_contain_text("Attic")
            await expect(card.locator(".screen img")).to_have_attribute(
                "src", f"data:image/png;base64,{_PNG}"
            )
            await expect(card).to_contain_text("412 MB")
            await check_looks(page, f"{locale[:2]}-{size}-{scheme}-tabs")
            await card.locator(".dialog button").first.click()
            await expect(card.locator(".dialog")).to_have_count(0)
            acts = card.locator(".acts").last
            await acts.get_by_role("button").nth(1).click()
            await acts.locator(".danger").click()
            await expect(card.locator("dl")).to_contain_text("2")
            assert done == ["Attic d1 Reload", "Attic again"]
