"""The console's page Rooms in two browsers: one keeps the room, the other comes in with a code; both speak."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, expect

from tavernlink.demo.hub import open_hub
from tests.e2e.visitor import check_looks, go, sign_in, visitor
from tests.sdk.scripted_tavern import scripted_tavern


async def test_people_are_invited_come_in_by_a_code_speak_are_muted_and_put_out(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        open_hub(tmp_path) as hub,
        scripted_tavern(hub.url, hub.tavern_key) as tavern,
        visitor(browser, hub) as page,
        visitor(browser, hub, size="phone") as theirs,
    ):
        await sign_in(page, hub.admin_key)
        await go(page, "rooms")
        form = page.locator("form").filter(has_text="New room")
        await form.get_by_label("Name").fill("The inn")
        await form.get_by_label("SillyTavern").select_option(label="Home")
        await form.get_by_role("button", name="Make the room").click()
        await expect(page.locator("h1")).to_have_text("The inn")
        await page.get_by_role("button", name="Make a code").click()
        invitations = page.get_by_role("list", name="Open invitations")
        await expect(invitations).to_contain_text("guest · 10 uses left")
        code = await invitations.locator("code").inner_text()

        await sign_in(theirs, hub.app_key)
        await go(theirs, "rooms")
        await theirs.get_by_label("Invitation code").fill(code)
        await theirs.get_by_label("Your name in it").fill("Mira")
        await theirs.get_by_role("button", name="Enter", exact=True).click()
        await expect(theirs.locator("h1")).to_have_text("The inn")
        await expect(theirs.get_by_text("Open invitations")).to_have_count(0)
        member = page.locator("main li.card").filter(has_text="Mira")
        await expect(member).to_contain_text("guest")
        await expect(invitations).to_contain_text("9 uses left")

        box = theirs.get_by_role("textbox", name="Say something as Mira")
        await box.fill("Is there a bed?")
        await box.press("Enter")
        for each in (page, theirs):
            talk = each.get_by_role("log", name="Conversation")
            await expect(talk).to_contain_text("Is there a bed?")
            await expect(talk).to_contain_text("You said: Is there a bed?")
        assert tavern.chat[0]["name"] == "Mira"
        await theirs.reload()  # the same browser is the same member
        await expect(box).to_be_visible()
        await page.get_by_role("textbox", name="Say something").fill("Of course.")
        await page.get_by_role("button", name="Say", exact=True).click()
        await expect(theirs.get_by_role("log", name="Conversation")).to_contain_text("Of course.")
        await check_looks(theirs, "en-phone-light-room-talk")

        await member.get_by_label("Role of Mira").select_option("member")
        await member.get_by_label("Mute Mira").select_option("10")
        await expect(member).to_contain_text("muted")
        await box.fill("Thank you.")
        await box.press("Enter")
        await expect(theirs.get_by_role("log").get_by_role("alert")).to_contain_text("muted")
        await member.get_by_role("button", name="Kick").click()
        await member.get_by_role("button", name="Kick").click()
        await expect(member).to_have_count(0)
        await expect(theirs.locator("h1")).to_have_text("Rooms")
        await invitations.get_by_role("button", name="Withdraw").click()
        await expect(invitations).to_have_count(0)
        await page.get_by_role("button", name="Delete the room").click()
        await page.get_by_role("button", name="Delete the room").click()
        await expect(page.locator("h1")).to_have_text("Rooms")
        await expect(page.locator("main li")).to_have_count(0)
