"""The console in a browser against a live hub and a real SillyTavern: each page, both languages, both sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.sdk import connect
from tavernlink.tab import Tab
from tests.e2e.desk import Desk
from tests.e2e.visitor import SIZES, check_looks, sign_in, visitor


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tab: Tab, sillytavern: Any) -> Desk:
    return Desk(tab, sillytavern)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "light"), ("zh-CN", "dark")])
async def test_every_page_looks_right(
    browser: Browser, hub: RunningHub, desk: Desk, size: str, locale: str, scheme: Any
) -> None:
    await desk.write((True, 'A *question*, "friend"?'), (False, "An **answer**.\n\n```\ncode\n```"))
    name = f"{locale[:2]}-{size}-{scheme}"
    async with visitor(browser, hub, size=size, locale=locale, color_scheme=scheme) as page:
        await page.locator("form").wait_for()
        assert await page.locator("html").get_attribute("lang") == ("zh-CN" if locale == "zh-CN" else "en")
        await check_looks(page, f"{name}-sign-in")
        await sign_in(page, hub.admin_key)
        await expect(page.locator("article h3").filter(has_text="shared")).to_be_visible()
        await check_looks(page, f"{name}-overview")
        await page.locator("nav a[href='#/chat']").click()
        await page.locator("main select").select_option(label="shared")
        await expect(page.locator(".messages article").last).to_contain_text("An answer.")
        await check_looks(page, f"{name}-chat")
        await page.locator("nav a[href='#/rooms']").click()
        await page.locator("main form button.primary").wait_for()
        await check_looks(page, f"{name}-rooms")
        await page.locator("nav a[href='#/keys']").click()
        await expect(page.locator("main li b").first).to_be_visible()
        await check_looks(page, f"{name}-keys")
        await page.locator("nav a[href='#/audit']").click()
        await page.locator("tbody tr").first.wait_for()
        await check_looks(page, f"{name}-audit")


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


async def test_a_room_is_made_people_are_invited_muted_and_put_out(
    browser: Browser, hub: RunningHub, tab: Tab
) -> None:
    async with connect(hub.url, hub.app_key, name="Mira") as mira, visitor(browser, hub) as page:
        await sign_in(page, hub.admin_key)
        await page.locator("nav a[href='#/rooms']").click()
        await page.get_by_label("Name").fill("The inn")
        await page.get_by_label("SillyTavern").select_option(label="shared")
        await page.get_by_role("button", name="Make the room").click()
        await expect(page.locator("h1")).to_have_text("The inn")
        await page.get_by_role("button", name="Make a code").click()
        code = await page.locator(".code code").inner_text()
        await mira.call("room.join", {"code": code})
        member = page.locator("li").filter(has_text="Mira")
        await expect(member).to_contain_text("guest")
        await check_looks(page, "en-desktop-light-room")
        await member.get_by_role("combobox").select_option("member")
        await member.get_by_role("button", name="Mute for 10 minutes").click()
        await expect(member).to_contain_text("muted")
        await member.get_by_role("button", name="Kick").click()
        await member.get_by_role("button", name="Kick").click()
        await expect(member).to_have_count(0)
        await page.get_by_role("button", name="Delete the room").click()
        await page.get_by_role("button", name="Delete the room").click()
        await expect(page.locator("h1")).to_have_text("Rooms")
        await expect(page.locator("main li")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "light"), ("zh-CN", "dark")])
async def test_an_empty_hub_says_what_to_do_first(
    browser: Browser, tmp_path: Path, size: str, locale: str, scheme: Any
) -> None:
    async with (
        open_hub(tmp_path) as hub,
        visitor(browser, hub, size=size, locale=locale, color_scheme=scheme) as page,
    ):
        await sign_in(page, hub.admin_key)
        steps = page.locator(".first")
        await expect(steps.locator("code").first).to_have_text(f"{hub.url}/extension/tavernlink.git")
        asked = hub.server.runtime.core.pairings.ask("SillyTavern 127.0.0.1:8000", "127.0.0.1")
        await expect(steps.locator(".done")).to_have_count(2)
        shown = f"{asked.code[:4]}-{asked.code[4:]}"
        await expect(steps.locator("button.primary")).to_contain_text(shown)
        await steps.locator("summary").click()
        await check_looks(page, f"{locale[:2]}-{size}-{scheme}-first")


@pytest.mark.parametrize(
    ("size", "locale", "scheme"), [("desktop", "en-US", "light"), ("phone", "zh-CN", "dark")]
)
async def test_functions_are_listed_and_tried(
    browser: Browser, tmp_path: Path, size: str, locale: str, scheme: Any
) -> None:
    async with (
        open_hub(tmp_path) as hub,
        connect(hub.url, hub.app_key, name="Dice bot") as bot,
        visitor(browser, hub, size=size, locale=locale, color_scheme=scheme) as page,
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
        await check_looks(page, f"{locale[:2]}-{size}-{scheme}-functions")
        await form.locator("input[type=number]").fill("11")
        await form.locator("button.primary").click()
        await expect(form.locator("[role=alert]")).to_contain_text("Ten dice at most.")

        @bot.function
        async def flip() -> str:
            """Flip a coin."""
            return "heads"

        await expect(page.locator("summary", has_text="flip")).to_be_visible()  # without asking again
