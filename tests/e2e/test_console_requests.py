"""The console's pages Requests and Tabs in a browser, on a hub with a scripted tavern and a scripted keeper of tabs."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

from playwright.async_api import Browser, expect

from tavernlink.demo.hub import open_hub
from tavernlink.sdk import connect
from tests.e2e.scripted_keeper import DOT, scripted_keeper
from tests.e2e.visitor import sign_in, visitor
from tests.sdk.scripted_tavern import scripted_tavern


async def test_an_admin_follows_everybodys_requests_and_cancels_one(browser: Browser, tmp_path: Path) -> None:
    async with (
        open_hub(tmp_path) as hub,
        scripted_tavern(hub.url, hub.tavern_key) as tavern,
        connect(hub.url, hub.app_key, name="Mira's bot") as bot,
        visitor(browser, hub) as page,
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
        await rows.last.get_by_role("button").click()
        await expect(rows).to_have_count(1)
        tavern.held.set()
        await expect(rows).to_have_count(0)
        over = page.locator("main section").last.locator("li")
        await expect(over).to_have_count(2)
        await expect(over.first).to_contain_text("3")  # words that came
        await asyncio.gather(*asked, return_exceptions=True)


async def test_tabs_without_a_screen_are_seen_answered_and_restarted(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        open_hub(tmp_path) as hub,
        visitor(browser, hub) as page,
    ):
        await sign_in(page, hub.admin_key)
        await page.goto(f"{hub.url}/#/tabs")
        await expect(page.locator("main code")).to_contain_text(f"--hub {hub.url}")  # how to begin
        async with scripted_keeper(hub) as done:
            card = page.locator("main li.card")
            await expect(card).to_contain_text("Attic")
            await expect(card.locator(".screen img")).to_have_attribute(
                "src", f"data:image/png;base64,{base64.b64encode(DOT).decode()}"
            )
            await expect(card).to_contain_text("412 MB")
            await card.locator(".dialog button").first.click()
            await expect(card.locator(".dialog")).to_have_count(0)
            acts = card.locator(".acts").last
            await acts.get_by_role("button").nth(1).click()
            await acts.locator(".danger").click()
            await expect(card.locator("dl")).to_contain_text("2")
            assert done == ["Attic d1 Reload", "Attic again"]
