"""The console's pages Webhooks and Schedules in a browser, on a hub with a scripted tavern and a real receiver."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tavernlink.demo.hub import RunningHub, open_hub
from tests.e2e.visitor import check_looks, sign_in, visitor
from tests.runtime.receiver import Post, Receiver
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern


@contextlib.asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[tuple[RunningHub, ScriptedTavern]]:
    async with open_hub(folder) as hub, scripted_tavern(hub.url, hub.tavern_key) as tavern:
        yield hub, tavern


async def open_page(page: Page, name: str) -> None:
    await page.locator(f"nav a[href='#/{name}']").click()
    await page.locator("main form button.primary").wait_for()


async def test_an_admin_makes_a_webhook_tests_it_and_replays_what_was_lost(
    browser: Browser, tmp_path: Path
) -> None:
    gone = False

    def answer(post: Post) -> int:
        return 410 if gone else 204

    async with open_house(tmp_path) as (hub, tavern), Receiver(answer) as receiver:
        rights = ["clipboard-read", "clipboard-write"]
        async with visitor(browser, hub, permissions=rights) as page:
            await sign_in(page, hub.admin_key)
            await open_page(page, "webhooks")
            await page.get_by_role("textbox", name="Address to post to").fill(f"{receiver.url}?token=hush")
            await page.get_by_role("textbox", name="Name").fill("Journal")
            await page.get_by_role("button", name="Make the webhook").click()
            made = page.locator("section.made")
            secret = await made.locator("code").inner_text()
            assert secret.startswith("whsec_")
            await made.get_by_role("button", name="Copy").click()
            await page.wait_for_function(
                "async (secret) => (await navigator.clipboard.readText()) === secret", arg=secret
            )
            await check_looks(page, "en-desktop-light-webhooks-made")
            await made.get_by_role("button", name="I have it").click()
            card = page.locator("main li.card")
            await expect(card).to_contain_text("active")
            assert "hush" not in await page.content()
            assert secret not in await page.content()

            await card.get_by_role("button", name="Test").click()
            await expect(card).to_contain_text("The receiver took it.")
            await tavern.send("stream.end", stream_id="one", seq=0, text="Hello there.", reason="stop")
            await receiver.until(lambda posts: any(b"Hello there." in post.body for post in posts))
            gone = True
            await tavern.send("stream.end", stream_id="two", seq=0, text="Lost?", reason="stop")
            await expect(card).to_contain_text("stopped")
            await expect(card).to_contain_text("0 waiting · 1 dead")
            await card.get_by_role("link").click()
            await expect(page.locator("main li.card")).to_have_count(2)
            dead = page.locator("main li.card").first
            await expect(dead).to_contain_text("410")
            await dead.locator("summary").click()
            await expect(dead.locator("textarea")).to_have_value(re.compile("Lost\\?"))
            await check_looks(page, "en-desktop-light-webhooks-deliveries")

            gone = False
            await page.get_by_role("link", name="← Webhooks").click()
            await card.get_by_role("button", name="Resume").click()
            await expect(card).to_contain_text("active")
            await card.get_by_role("link").click()
            await page.get_by_role("button", name="Try the dead ones again (1)").click()
            await receiver.until(lambda posts: sum(b"Lost?" in post.body for post in posts) == 2)
            await expect(page.locator("main li.card").first).to_contain_text("delivered")
            lost = [post for post in receiver.posts if b"Lost?" in post.body]
            assert len({post.id for post in lost}) == 1
            assert json.loads(lost[0].body)["type"] == "stream.end"

            await page.go_back()
            await card.get_by_role("button", name="New secret").click()
            await card.get_by_role("button", name="New secret").click()
            assert await made.locator("code").inner_text() != secret
            await card.get_by_role("button", name="Remove").click()
            await card.get_by_role("button", name="Remove").click()
            await expect(card).to_have_count(0)


async def test_an_app_makes_a_schedule_and_runs_it_and_a_viewer_sees_neither_page(
    browser: Browser, tmp_path: Path
) -> None:
    async with open_house(tmp_path) as (hub, tavern):
        async with visitor(browser, hub, timezone_id="Europe/Berlin") as page:
            await sign_in(page, hub.app_key)
            await open_page(page, "schedules")
            await page.get_by_role("textbox", name="Name").fill("Good morning")
            await page.get_by_role("textbox", name="Message").fill("Wake up!")
            await page.get_by_role("button", name="Make the schedule").click()
            card = page.locator("main li.card")
            await expect(card).to_contain_text("0 8 * * * (Europe/Berlin)")
            await expect(card).to_contain_text("It has not run yet.")
            await card.get_by_role("button", name="Run now").click()
            await expect(card.locator("ul li")).to_contain_text("done")
            assert tavern.chat[-2]["text"] == "Wake up!"
            await page.locator("main form summary").click()
            await check_looks(page, "en-desktop-light-schedules")
            await card.get_by_role("button", name="Pause").click()
            await expect(card).to_contain_text("paused")
            await card.get_by_role("button", name="Resume").click()
            await expect(card).to_contain_text("active")

            await page.get_by_role("combobox", name="What to do").select_option("write")
            await page.get_by_role("textbox", name="Prompt").fill("Sum up the day.")
            await page.get_by_role("combobox", name="When", exact=True).select_option("every")
            await page.get_by_role("spinbutton").fill("6")
            await page.get_by_role("button", name="Make the schedule").click()
            await expect(card.last).to_contain_text("every 6 hours")
            await card.last.get_by_role("button", name="Remove").click()
            await card.last.get_by_role("button", name="Remove").click()
            await expect(card).to_have_count(1)
        async with visitor(browser, hub) as page:
            await sign_in(page, hub.viewer_key)
            await expect(page.locator("nav a[href='#/rooms']")).to_be_visible()
            for hidden in ("webhooks", "schedules"):
                await expect(page.locator(f"nav a[href='#/{hidden}']")).to_have_count(0)
            await page.goto(f"{hub.url}/#/webhooks")
            await expect(page.locator("h1")).to_have_text("Overview")
