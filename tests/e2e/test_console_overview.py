"""The console's overview in a browser, on a hub with scripted taverns and apps that talk."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.errors import TavernlinkError
from tavernlink.sdk import Hub, connect
from tests.e2e.visitor import check_looks, sign_in, visitor
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern

_INK = """(canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let seen = 0;
    for (let at = 3; at < data.length; at += 4) seen += data[at] > 0;
    return seen;
}"""

_LINE = re.compile("^M.*L")


def _containing(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))


@contextlib.asynccontextmanager
async def busy_house(folder: Path) -> AsyncIterator[tuple[RunningHub, ScriptedTavern, Hub]]:
    """A hub with a tavern, an app that listens to it, and a room."""
    async with (
        open_hub(folder) as hub,
        scripted_tavern(hub.url, hub.tavern_key) as tavern,
        connect(hub.url, hub.app_key, name="Diary bot") as app,
        connect(hub.url, hub.admin_key, name="Table top") as admin,
        app.subscribe("stream.*"),
    ):
        await admin.call("room.create", {"name": "Library"})
        yield hub, tavern, app


async def talk(tavern: ScriptedTavern, app: Hub) -> None:
    """Write and ask until cancelled."""
    for seq in range(1_000_000):
        await tavern.send("stream.delta", stream_id="long", seq=seq, text="word ")
        await app.taverns()
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def talking(tavern: ScriptedTavern, app: Hub) -> AsyncIterator[None]:
    work = asyncio.create_task(talk(tavern, app))
    try:
        yield
    finally:
        work.cancel()


async def drawn(page: Page) -> None:
    """Wait until there is a picture."""
    canvas = await page.locator(".picture canvas").element_handle()
    await page.wait_for_function(f"(canvas) => ({_INK})(canvas) > 500", arg=canvas)


async def test_the_overview_lives(browser: Browser, tmp_path: Path) -> None:
    async with busy_house(tmp_path) as (hub, tavern, app), talking(tavern, app):
        with pytest.raises(TavernlinkError):
            await app.tavern("nowhere").send("hello")
        async with visitor(browser, hub) as page:
            await sign_in(page, hub.admin_key)
            numbers = page.locator(".figures dd")
            # The tavern, its listener, whoever made the room, and this page.
            await expect(numbers).to_have_text(["1", "3", "1", "0", "0", re.compile(r"\d+ .B$")])
            tokens = page.locator(".charts .now").first
            await expect(tokens).not_to_have_text("0")
            await expect(page.locator(".charts path.line").first).to_have_attribute("d", _LINE)
            await expect(page.locator(".charts .now").nth(1)).to_contain_text("ms")
            error = page.locator("main section li").filter(has_text="unknown_tavern")
            await expect(error).to_contain_text("Diary bot")
            picture = page.locator(".picture")
            await expect(picture).to_have_attribute("aria-label", _containing("→ Diary bot"))
            await drawn(page)
            await check_looks(page, "en-desktop-light-overview-busy")

            await page.locator("button[aria-pressed]").click()
            row = page.locator("tbody tr").filter(has_text="Diary bot")
            await expect(row.filter(has_text="text")).to_be_visible()
            await expect(row.filter(has_text="questions to the hub")).to_be_visible()
            await check_looks(page, "en-desktop-light-overview-table")
            await page.locator("button[aria-pressed]").click()
            await expect(picture).to_be_visible()

            # Whoever came last is there without asking again.
            async with connect(hub.url, hub.app_key, name="Latecomer"):
                await expect(numbers.nth(1)).to_have_text("4")
            await expect(numbers.nth(1)).to_have_text("3")


async def test_who_wants_no_motion_and_who_may_see_less(browser: Browser, tmp_path: Path) -> None:
    async with busy_house(tmp_path) as (hub, tavern, app), talking(tavern, app):
        async with visitor(browser, hub, reduced_motion="reduce") as page:
            await sign_in(page, hub.admin_key)
            await expect(page.locator(".picture")).to_have_attribute("aria-label", _containing("→"))
            await drawn(page)
        async with visitor(browser, hub) as page:
            await sign_in(page, hub.viewer_key)
            await expect(page.locator(".charts .now").first).not_to_have_text("0")
            await expect(page.locator(".figures dd").first).to_have_text("1")
            await expect(page.locator(".picture")).to_have_count(0)
