"""The console's page Chat in a browser against a live hub and a real SillyTavern: what a person does there."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator

from playwright.async_api import Browser, Locator, Page, expect

from tavernlink.demo.hub import RunningHub
from tests.e2e.desk import Desk
from tests.e2e.visitor import check_looks, sign_in, visitor

_LOOK_OUT = """() => {
    const grows = () => document.querySelector('article[aria-busy=true]') !== null
        && [...document.querySelectorAll('form button')].some(({ title }) => title === 'Stop');
    window.grew = new Promise((resolve) => {
        const look = () => grows() ? resolve(true) : requestAnimationFrame(look);
        look();
    });
}"""
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)


async def open_chat(page: Page, hub: RunningHub, key: str) -> Locator:
    """Sign in, open the chat of the shared tab; its messages."""
    await sign_in(page, key)
    await page.locator("nav a[href='#/chat']").click()
    await page.locator("main select").select_option(label="shared")
    return page.locator(".messages article")


async def choose(page: Page, message: Locator, item: str) -> None:
    """Open a message's menu and take one of its choices."""
    await message.locator(".opener").click()
    await page.get_by_role("menuitem", name=item, exact=True).click()


@contextlib.asynccontextmanager
async def seen_growing(page: Page) -> AsyncIterator[None]:
    """Inside, a reply grows with a button to stop it. The page itself looks out for it: a reply may be short."""
    await page.evaluate(_LOOK_OUT)
    yield
    assert await page.evaluate("() => window.grew")


async def test_a_person_chats_from_the_console(browser: Browser, hub: RunningHub, desk: Desk) -> None:
    async with visitor(browser, hub) as page:
        messages = await open_chat(page, hub, hub.app_key)
        await expect(messages).to_have_count(1)
        await expect(messages.first.locator("img").first).to_be_visible()  # the character's own face
        box = page.get_by_role("textbox", name="Write a message")
        await box.fill("hello [tokens=40] [speed=60]")
        growing = page.locator("article[aria-busy=true]")
        async with seen_growing(page):
            await box.press("Enter")
        await expect(growing).to_have_count(0)
        await expect(messages).to_have_count(3)
        assert (await desk.texts())[1] == "hello [tokens=40] [speed=60]"
        # Told once, whole, to those who hear the page.
        await expect(page.locator("p[aria-live=polite]")).to_contain_text("Seraphina: ")

        last = messages.last
        await last.get_by_role("button", name="Another answer").click()
        await expect(last.locator(".swipes")).to_contain_text("2/2")
        await expect(last.get_by_role("button", name="Previous answer")).to_be_enabled()
        await last.get_by_role("button", name="Previous answer").click()
        await expect(last.locator(".swipes")).to_contain_text("1/2")
        await expect(page.get_by_role("button", name="Continue")).to_be_visible()
        async with seen_growing(page):
            await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("button", name="Send")).to_be_visible()

        # Arrow up in the empty box opens what was said last.
        await box.press("ArrowUp")
        await messages.nth(1).get_by_role("textbox").fill("changed")
        await messages.nth(1).get_by_role("textbox").press("Control+Enter")
        await expect(messages.nth(1).locator(".markdown")).to_have_text("changed")
        assert (await desk.texts())[1] == "changed"

        await choose(page, messages.nth(1), "Hide from the model")
        await expect(messages.nth(1)).to_contain_text("hidden from the model")
        await choose(page, messages.nth(1), "Delete this and all after")
        await expect(messages.nth(1)).to_contain_text("Delete 2 messages?")
        await messages.nth(1).get_by_role("button", name="Delete", exact=True).click()
        await expect(messages).to_have_count(1)

        # A second message waits behind a long reply, is told so, and can be taken back; Escape stops the reply.
        await box.fill("stop [tokens=4000] [speed=20]")
        await box.press("Enter")
        await expect(growing).to_be_visible()
        await box.fill("me too")
        await box.press("Enter")
        await expect(page.get_by_text("Waiting: 1 before it")).to_be_visible()
        await page.locator(".queue").get_by_role("button", name="Cancel").click()
        await expect(box).to_have_value("me too")
        await box.press("Escape")
        await expect(growing).to_have_count(0)
        assert "me too" not in await desk.texts()

        # What was typed stays with its chat.
        await page.locator("nav a[href='#/overview']").click()
        await page.locator("nav a[href='#/chat']").click()
        await expect(box).to_have_value("me too")


async def test_chats_are_changed_and_pictures_sent_from_a_phone(
    browser: Browser, hub: RunningHub, desk: Desk
) -> None:
    await desk.add_character("Linnet", "A guide.")
    async with visitor(browser, hub, size="phone", locale="zh-CN", color_scheme="dark") as page:
        messages = await open_chat(page, hub, hub.app_key)
        await expect(messages).to_have_count(1)
        await page.locator("input[type=file]").set_input_files(
            {"name": "dot.png", "mimeType": "image/png", "buffer": _PNG}
        )
        box = page.locator("form textarea")
        await box.fill("look at this [tokens=5]")
        await check_looks(page, "zh-phone-dark-chat-composer")
        await box.press("Enter")
        await expect(messages).to_have_count(3)
        await expect(messages.nth(1).locator("ul img")).to_be_visible()
        await check_looks(page, "zh-phone-dark-chat-picture")

        before = await desk.chat_id()
        who = page.locator("header .who")
        await who.click()
        dialog = page.locator("dialog")
        await dialog.locator("input[type=search]").fill("linnet")
        await expect(dialog.locator("li .row")).to_have_count(1)
        await check_looks(page, "zh-phone-dark-chat-characters")
        await dialog.locator("li .row").click()
        await expect(dialog).to_have_count(0)
        await expect(page.locator("h1")).to_have_text("Linnet")
        await expect(messages.last).to_contain_text("Greetings.")

        await who.click()
        await dialog.locator("input[type=search]").fill("seraphina")
        await dialog.locator("li .row").first.click()
        await expect(page.locator("h1")).to_have_text("Seraphina")
        await expect(messages).to_have_count(3)
        await who.click()
        await dialog.get_by_role("button", name="新聊天").click()
        await expect(dialog).to_have_count(0)
        await expect(messages).to_have_count(1)
        assert await desk.chat_id() != before

        await who.click()
        await dialog.get_by_role("button", name="聊天记录").click()
        row = dialog.locator("li").filter(has_text=before)
        await expect(row).to_have_count(1)
        await check_looks(page, "zh-phone-dark-chat-chats")
        await row.locator(".opener").click()
        await page.get_by_role("menuitem", name="重命名").click()
        await dialog.locator("form input").fill("The picture")
        await dialog.locator("form button.primary").click()
        named = dialog.locator("li").filter(has_text="The picture")
        await named.locator(".row").click()
        await expect(messages).to_have_count(3)
        assert await desk.chat_id() == "The picture"
        await choose(page, messages.nth(1), "从这里分支")
        await expect(messages).to_have_count(2)
        await who.click()
        await dialog.get_by_role("button", name="聊天记录").click()
        await named.locator(".opener").first.click()
        await page.get_by_role("menuitem", name="删除").click()
        await dialog.locator("button.danger").click()
        await expect(
            dialog.locator("li").filter(has=page.get_by_text("The picture", exact=True))
        ).to_have_count(0)


async def test_a_long_chat_loads_as_one_scrolls_and_a_viewer_only_reads(
    browser: Browser, hub: RunningHub, desk: Desk
) -> None:
    await desk.write(*((number % 2 == 0, f"line {number}") for number in range(150)))
    async with visitor(browser, hub) as page:
        messages = await open_chat(page, hub, hub.viewer_key)
        await expect(messages.last).to_contain_text("line 149")
        assert await messages.count() < 100
        scroller = page.locator(".messages")
        for loaded in (120, 151):  # pages of 60
            first = await messages.first.get_attribute("data-index")
            held = page.locator(f"article[data-index='{first}']")
            await scroller.evaluate("(box) => box.scrollTo(0, 0)")
            await expect(messages).to_have_count(loaded)
            # What was at the top when the page of messages came is still in sight, and nothing jumped to the end.
            await expect(held).to_be_in_viewport()
        await expect(page.get_by_text("This key may read only.")).to_be_visible()
        await expect(page.get_by_role("textbox")).to_have_count(0)
        await desk.write((False, "one more"))
        await expect(page.get_by_role("button", name="New messages below: 1")).to_be_visible()
        await page.get_by_role("button", name="New messages below: 1").click()
        await expect(messages.last).to_be_in_viewport()


async def test_what_fails_is_said_with_what_to_do(browser: Browser, hub: RunningHub, desk: Desk) -> None:
    async with visitor(browser, hub) as page:
        messages = await open_chat(page, hub, hub.app_key)
        await expect(messages).to_have_count(1)
        box = page.get_by_role("textbox", name="Write a message")
        await box.fill("[error=500]")
        await box.press("Enter")
        trouble = page.locator(".trouble")
        await expect(trouble).to_contain_text("See in SillyTavern whether its model answers")
        await check_looks(page, "en-desktop-light-chat-trouble")
        await expect(box).to_have_value("[error=500]")
        await trouble.get_by_role("button", name="Close").click()
        await expect(trouble).to_have_count(0)
