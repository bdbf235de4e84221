"""The console in a browser against a live hub: signing in, languages, keys, who sees what, functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, expect

from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.sdk import connect
from tests.e2e.visitor import sign_in, visitor


async def test_a_wrong_key_is_told_and_a_right_one_survives_a_reload_until_signed_out(
    browser: Browser, hub: RunningHub
) -> None:
    async with visitor(browser, hub) as page:
        await page.locator("input[type=password]").fill("tl_app_wrong_key")
        await page.locator("form button.primary").click()
        await expect(page.locator("[role=alert]")).to_contain_text("hub does not know")
        await page.locator("input[type=password]").fill(hub.tavern_key)
        await page.locator("form button.primary").click()
        await expect(page.locator("[role=alert]")).to_contain_text("SillyTavern")
        await sign_in(page, hub.app_key)
        await page.reload()
        await page.locator("nav").wait_for()
        assert await page.evaluate("() => JSON.stringify(localStorage).includes('tl_')") is False
        await page.get_by_role("button", name="Sign out").click()
        await page.locator("form").wait_for()
        await page.reload()
        await page.locator("form").wait_for()


async def test_the_language_can_be_switched_and_stays(browser: Browser, hub: RunningHub) -> None:
    async with visitor(browser, hub) as page:
        await page.get_by_role("button", name="中文").click()
        await expect(page.locator("h1")).to_have_text("登录此中枢")
        await page.locator("input[type=password]").fill("tl_app_wrong_key")
        await page.locator("form button.primary").click()
        await expect(page.locator("[role=alert]")).to_contain_text("没有密钥，或中枢不认识这个密钥。")
        await page.reload()
        await expect(page.locator("h1")).to_have_text("登录此中枢")


async def test_who_may_not_approve_is_told_who_does(browser: Browser, tmp_path: Path) -> None:
    async with open_hub(tmp_path) as empty, visitor(browser, empty) as page:
        await sign_in(page, empty.viewer_key)
        await expect(page.locator("ol li")).to_have_count(3)
        await expect(page.get_by_text("Somebody with an admin key approves it")).to_be_visible()
        await page.locator(".first summary").click()
        await expect(page.get_by_text("tavernlink keys create --role tavern")).to_be_visible()
        await expect(page.get_by_text(empty.url, exact=True)).to_be_visible()


async def test_an_admin_makes_and_revokes_a_key(browser: Browser, hub: RunningHub) -> None:
    async with visitor(browser, hub) as page:
        await sign_in(page, hub.admin_key)
        await page.locator("nav a[href='#/keys']").click()
        await page.get_by_label("Whose it is").fill("a bot")
        await page.get_by_label("Ends").select_option(label="after 30 days")
        await page.get_by_role("button", name="Make the key").click()
        text = await page.locator("[role=status] code").inner_text()
        assert hub.server.runtime.core.keyring.verify(text).name == "a bot"
        made = page.locator("li").filter(has_text="a bot")
        await expect(made).to_contain_text("in 30 days")
        await made.get_by_role("button", name="Revoke").click()
        await made.get_by_role("button", name="Revoke").click()
        await expect(made).to_have_count(0)
        await page.locator("nav a[href='#/audit']").click()
        await expect(page.locator("tbody tr").first).to_contain_text("key.revoked")


async def test_an_app_sees_no_page_that_it_may_not_use(browser: Browser, hub: RunningHub) -> None:
    async with visitor(browser, hub) as page:
        await sign_in(page, hub.app_key)
        await expect(page.locator("nav a")).to_have_count(8)
        await page.goto(f"{hub.url}/#/keys")
        await expect(page.locator("h1")).to_have_text("Overview")


async def test_functions_are_listed_and_tried(browser: Browser, tmp_path: Path) -> None:
    async with (
        open_hub(tmp_path) as hub,
        connect(hub.url, hub.app_key, name="Dice bot") as bot,
        visitor(browser, hub) as page,
    ):

        @bot.function
        async def roll(times: int, sides: Literal[6, 20] = 6, note: str = "") -> dict[str, Any]:
            """Roll dice.

            Args:
                times: How many dice.
                sides: Of each die.
                note: Kept with the result.
            """
            if times > 10:
                raise ValueError("Ten dice at most.")
            return {"eyes": [sides] * times, "note": note}

        await sign_in(page, hub.app_key)
        await page.locator("nav a[href='#/functions']").click()
        await page.locator("summary", has_text="roll").click()
        form = page.locator("main form")
        await form.locator("input[type=number]").fill("2")
        await form.locator("select").select_option("20")
        await form.locator("textarea").fill("lucky")
        await form.locator("button.primary").click()
        await expect(form.locator("output")).to_contain_text('"note": "lucky"')
        assert json.loads(await form.locator("output").inner_text()) == {"eyes": [20, 20], "note": "lucky"}
        await form.locator("input[type=number]").fill("11")
        await form.locator("button.primary").click()
        await expect(form.locator("[role=alert]")).to_contain_text("Ten dice at most.")

        @bot.function
        async def flip() -> str:
            """Flip a coin."""
            return "heads"

        await expect(page.locator("summary", has_text="flip")).to_be_visible()  # without asking again
