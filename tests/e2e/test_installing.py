"""From nothing to the first reply as a person does it: SillyTavern's own dialog, a code, the console. Counted."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Browser, Locator, expect

from tavernlink.demo.hub import open_hub
from tavernlink.demo.model import Model
from tavernlink.tab import Tab, TabOptions
from tests.e2e.conftest import StartSillyTavern, Witness
from tests.e2e.desk import SETTLED
from tests.e2e.visitor import visitor

_README = Path(__file__).resolve().parents[2] / "README.md"


class Hand:
    """The person's hand, which counts."""

    def __init__(self) -> None:
        self.clicks = 0
        self.keys = 0

    async def click(self, target: Locator) -> None:
        await target.click()
        self.clicks += 1

    async def paste(self, target: Locator, text: str) -> None:
        """One key combination; the field has the focus already, or a click before gave it."""
        await target.focus()
        await target.page.keyboard.insert_text(text)
        self.keys += 1

    async def press(self, target: Locator, key: str) -> None:
        await target.press(key)
        self.keys += 1


async def test_from_the_address_to_the_first_reply(
    browser: Browser,
    start_sillytavern: StartSillyTavern,
    model_server: Model,
    witness: Witness,
    tmp_path: Path,
) -> None:
    sillytavern = await start_sillytavern(extension=None)
    context = await browser.new_context(locale="en-US")
    hand = Hand()
    # A SillyTavern as its owner has it: set up, a model connected, a character open; no Tavernlink.
    owned = TabOptions(url=sillytavern.url, model_url=model_server.url, character="default_Seraphina.png")
    async with (
        # As `tavernlink up` opens it: signed in, by an address that works once.
        open_hub(tmp_path / "hub") as hub,
        Tab(owned, context=context, report=witness.console.append, on_page=witness.watch) as tab,
        visitor(browser, hub, at=f"#/in/{hub.server.runtime.core.tickets.issue()}") as console,
    ):
        # The console shows the address to paste.
        steps = console.locator(".first")
        address = await steps.locator("code").first.inner_text()
        assert address == f"{hub.url}/extension/tavernlink.git"
        await expect(steps.locator(".done")).to_have_count(0)
        assert "/in/" not in await console.evaluate("() => location.hash")

        # SillyTavern's own dialog.
        page = tab.page
        await hand.click(page.locator("#extensions-settings-button .drawer-toggle"))
        await hand.click(page.locator("#third_party_extension_button"))
        dialog = page.locator("dialog[open]").last
        await hand.paste(dialog.locator("textarea, input[type=text]").first, address)
        await hand.click(dialog.locator(".popup-button-ok"))
        await hand.click(page.locator("dialog[open] .popup-button-ok").get_by_text("Yes, install it"))
        drawer = page.locator("#tavernlink_panel")
        await hand.click(drawer.locator(".inline-drawer-toggle"))
        assert await drawer.locator("#tavernlink_url").input_value() == hub.url
        await hand.click(drawer.locator("#tavernlink_connect"))
        shown = drawer.locator('[data-part="pairing-code"]')
        await expect(shown).to_have_text(re.compile(r"^\w{4}-\w{4}$"))

        # The code is in the console by now.
        await expect(steps.locator(".done")).to_have_count(2)
        await hand.click(steps.get_by_role("button", name=f"Approve {await shown.inner_text()}"))
        await expect(steps.locator(".done")).to_have_count(3)

        # The first reply.
        await hand.click(steps.get_by_role("link", name="Open the chat"))
        box = console.locator("main textarea")
        await box.focus()
        words = "Hi there"
        for letter in words:
            await hand.press(box, letter)
        await hand.press(box, "Enter")
        await expect(console.locator(".messages article").last).to_contain_text(words)
        # The console shows that a reply begins before SillyTavern has a word of it.
        await page.wait_for_function("() => !SillyTavern.getContext().chat.at(-1).is_user")
        await page.wait_for_function(SETTLED)
        said = await page.evaluate("() => SillyTavern.getContext().chat.at(-1).mes")
        reply = console.locator(".messages article").last
        await expect(reply).not_to_have_attribute("aria-busy", "true")
        await expect(reply).to_contain_text("Seraphina")
        await expect(reply.locator(".markdown")).to_have_text(said)
    await context.close()
    message = len(words) + 1
    assert f"{hand.clicks} clicks and {hand.keys - message} keystroke" in _README.read_text("utf-8")
