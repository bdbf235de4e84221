"""The drawer in SillyTavern: what it shows, what its buttons do, that everybody can use it, that it shifts nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from playwright.async_api import Browser, Locator, expect

from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.protocol.rooms import RoomSettings
from tavernlink.sdk import Hub, Reply, connect
from tavernlink.tab import Tab
from tests.e2e.overheard import tavern_of
from tests.e2e.visitor import SIZES, artefacts, flaws

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenTab

# Several pictures of a SillyTavern each, on a machine that may be busy.
pytestmark = pytest.mark.timeout(300, func_only=True)

# What turns is wider while it does.
_WIDE = """async () => {
    const panel = document.querySelector('#tavernlink_panel');
    await Promise.all(panel.getAnimations({ subtree: true }).map(({ finished }) => finished.catch(() => null)));
    return [...panel.querySelectorAll('*')]
        .filter((each) => each.checkVisibility()
            && each.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1)
        .map((each) => each.outerHTML.slice(0, 120));
}"""
_BOXES = """() => Object.fromEntries(
    ['#top-bar', '#top-settings-holder', '#extensions-settings-button', '#rightNavHolder', '#sheld', '#chat',
     '#form_sheld', '#send_form', '#send_textarea', '#send_but', '#rm_extensions_block']
        .map((id) => {
            const { x, y, width, height } = document.querySelector(id).getBoundingClientRect();
            return [id, [x, y, width, height].map(Math.round)];
        }))"""
# SillyTavern brings no light theme; people have made many.
_PAINT = """(paint) => {
    for (const [name, value] of Object.entries(paint)) document.documentElement.style.setProperty(name, value);
}"""
_LIGHT = {
    "--SmartThemeBodyColor": "rgba(40, 40, 48, 1)",
    "--SmartThemeEmColor": "rgba(110, 110, 120, 1)",
    "--SmartThemeQuoteColor": "rgba(170, 90, 0, 1)",
    "--SmartThemeBlurTintColor": "rgba(250, 250, 252, 1)",
    "--SmartThemeChatTintColor": "rgba(255, 255, 255, 1)",
    "--SmartThemeBorderColor": "rgba(170, 170, 185, 1)",
    "--SmartThemeShadowColor": "rgba(0, 0, 0, 0.15)",
}
_THEME = "(name) => SillyTavern.getContext().executeSlashCommandsWithOptions(`/theme ${name}`)"
_SLASH = """async (script) => {
    const { executeSlashCommandsWithOptions } = SillyTavern.getContext();
    const done = await executeSlashCommandsWithOptions(script, { handleExecutionErrors: true });
    return done.isError ? `error: ${done.errorMessage}` : done.pipe;
}"""


class Scene(NamedTuple):
    """A hub, a program at it, an admin, and a SillyTavern that a person connected by hand."""

    hub: RunningHub
    tab: Tab
    tavern: str
    app: Hub
    admin: Hub

    @property
    def panel(self) -> Locator:
        return self.tab.page.locator("#tavernlink_panel")

    def part(self, name: str) -> Locator:
        return self.panel.locator(f'[data-part="{name}"]')

    async def unfold(self, *sections: str) -> None:
        """Unfold these parts of the drawer, and fold all others."""
        await self.panel.evaluate(
            """(panel, wanted) => {
                for (const each of panel.querySelectorAll('details'))
                    each.open = wanted.some((name) => each.classList.contains(`tavernlink-${name}`));
            }""",
            list(sections),
        )

    async def picture(self, name: str, *, at: str = "status") -> None:
        """Keep a picture with this part of the drawer at the top."""
        place = self.panel.locator(f".tavernlink-{at}").first
        await place.evaluate("(each) => each.scrollIntoView({ block: 'start' })")
        await self.tab.page.evaluate("() => toastr.remove()")  # SillyTavern's notes lie over it
        await self.tab.page.screenshot(path=artefacts("panel") / f"{name}.png")


async def open_drawer(tab: Tab) -> Locator:
    """As a person does: SillyTavern's extensions, then the drawer."""
    page = tab.page
    await page.locator("#extensions-settings-button .drawer-toggle").click()
    panel = page.locator("#tavernlink_panel")
    await panel.locator(".inline-drawer-toggle").first.click()
    await expect(panel.locator('[data-part="state"]')).to_be_visible()
    # SillyTavern lets it slide.
    await page.wait_for_function(
        "() => document.querySelector('#tavernlink_panel .inline-drawer-content').style.overflow !== 'hidden'"
    )
    return panel


@contextlib.asynccontextmanager
async def scene(browser: Browser, open_tab: OpenTab, data: Path, locale: str) -> AsyncIterator[Scene]:
    context = await browser.new_context(locale=locale, viewport=SIZES["desktop"])
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(context.close)
        hub = await stack.enter_async_context(open_hub(data))
        tab = await open_tab(context=context, hub=None, key=None)
        panel = await open_drawer(tab)
        await panel.locator("#tavernlink_url").fill(hub.url)
        await panel.locator("#tavernlink_remember").uncheck()
        await panel.locator("#tavernlink_key").fill(hub.tavern_key)
        await panel.locator("#tavernlink_name").fill("Parlour")
        await panel.locator("#tavernlink_connect").click()
        await expect(panel).to_have_attribute("data-state", "online")
        app = await stack.enter_async_context(connect(hub.url, hub.app_key, name="Discord bot", id="discord"))
        admin = await stack.enter_async_context(connect(hub.url, hub.admin_key, name="boss", id="boss"))
        yield Scene(hub, tab, await tavern_of(tab), app, admin)
        await panel.locator("#tavernlink_disconnect").click()
        await panel.evaluate(
            """() => {
                for (const [id, value] of [['name', ''], ['key', '']]) {
                    const field = document.querySelector(`#tavernlink_${id}`);
                    field.value = value;
                    field.dispatchEvent(new Event('input'));
                }
                const remember = document.querySelector('#tavernlink_remember');
                remember.checked = true;
                remember.dispatchEvent(new Event('input'));
            }"""
        )


async def _outcome(reply: Reply) -> Any:
    try:
        return await reply
    except Exception as error:  # noqa: BLE001 (it is what the test looks at)
        return error


_WORDS = {
    "en-US": ("Connected", "running", "waiting, 1 before it", "Release 1", "owner", "Queue"),
    "zh-CN": ("已连接", "运行中", "等待中，前面有 1 个", "放行 1 条", "房主", "队列"),
}


@pytest.mark.parametrize("locale", _WORDS)
async def test_a_person_sees_and_decides_everything_in_the_drawer(
    browser: Browser, open_tab: OpenTab, tmp_path: Path, locale: str
) -> None:
    connected, running, waiting, release, owner, queue_word = _WORDS[locale]
    async with scene(browser, open_tab, tmp_path, locale) as here:
        panel, tab = here.panel, here.tab
        await expect(here.part("state")).to_have_text(connected)
        await expect(here.part("detail")).to_contain_text("Parlour")
        await expect(panel.locator("details.tavernlink-fields")).not_to_have_attribute("open", "")
        await expect(panel.locator("details.tavernlink-queue summary")).to_contain_text(queue_word)

        # The queue: who asks for what, and a button against it.
        tavern = here.app.tavern("Parlour")
        requests = here.part("queue").locator(".tavernlink-request")
        first = asyncio.create_task(_outcome(tavern.send("tell me everything [tokens=250] [speed=1]")))
        await expect(requests).to_have_count(1)
        second = asyncio.create_task(_outcome(tavern.send("and more")))
        await expect(requests).to_have_count(2)
        await expect(requests.first).to_contain_text("Discord bot (demo)")
        await expect(requests.first).to_contain_text(running)
        await expect(requests.last).to_contain_text(waiting)
        name = locale[:2]

        # A room whose host this SillyTavern is.
        den = here.admin.room("The den")
        await den.create(
            topic="Tales by the fire", tavern="Parlour", settings=RoomSettings(mode="host", open=True)
        )
        await here.admin.room("The den").leave()
        room = here.app.room("The den")
        await room.join(as_="Ann")
        await here.unfold("queue", "rooms", "tools")
        card = here.part("rooms").locator(".tavernlink-room")
        await expect(card).to_contain_text(owner)
        await expect(card.locator(".tavernlink-members li")).to_have_count(2)
        said = asyncio.create_task(_outcome(room.send("I open the door.")))
        button = card.get_by_role("button", name=release)
        await expect(button).to_be_visible()

        for size, viewport in SIZES.items():
            await tab.page.set_viewport_size(viewport)
            await here.unfold("queue", "rooms", "tools")
            await here.picture(f"{name}-{size}-queue-rooms")
            await here.unfold("fields", "versions", "log")
            await expect(here.part("log")).to_contain_text("Connected as")
            await here.picture(f"{name}-{size}-connection")
            await here.picture(f"{name}-{size}-versions-log", at="versions")
            await here.unfold("permissions", "profiles")
            await here.picture(f"{name}-{size}-permissions", at="permissions")
            await here.unfold(
                "fields", "queue", "rooms", "tools", "permissions", "profiles", "versions", "log"
            )
            assert await tab.page.evaluate(_WIDE) == []
            assert await flaws(tab.page, "#tavernlink_panel") == [], f"{locale} {size}"
        await tab.page.set_viewport_size(SIZES["desktop"])
        await here.unfold("queue", "rooms")

        await requests.last.get_by_role("button").click()
        await expect(requests).to_have_count(1)
        assert getattr(await second, "code", "") == "cancelled"
        await requests.first.get_by_role("button").click()
        assert getattr(await first, "code", "") == "cancelled"
        await expect(here.part("queue").locator(".tavernlink-none")).to_be_visible()
        await button.click()
        await said
        await expect(button).to_be_hidden()
        assert "I open the door." in await tab.evaluate(
            "() => SillyTavern.getContext().chat.map(({ mes }) => mes).join('|')"
        )


async def test_scripts_ask_for_the_state_connect_and_disconnect(
    browser: Browser, open_tab: OpenTab, tmp_path: Path
) -> None:
    async with scene(browser, open_tab, tmp_path, "en-US") as here:
        tab = here.tab
        status = json.loads(await tab.evaluate(_SLASH, "/tavernlink-status"))
        assert (status["state"], status["name"], status["id"]) == ("online", "Parlour", here.tavern)
        assert await tab.evaluate(_SLASH, "/tavernlink-status state") == "online"
        assert await tab.evaluate(_SLASH, "/tavernlink-disconnect | /tavernlink-status state") == "idle"
        assert await tab.evaluate(_SLASH, "/tavernlink-connect") == "online"
        assert "waits until it is connected" in await tab.evaluate(
            "() => SillyTavern.getContext().SlashCommandParser.commands['tavernlink-connect'].helpString"
        )
        refused = await tab.evaluate(
            _SLASH, f"/tavernlink-connect {here.hub.url} tl_tavern_aaaa_bbbbbbbbbbbb"
        )
        assert refused.startswith("error: ")
        await expect(here.panel).to_have_attribute("data-state", "refused")
        # What it was given is in the drawer, and no key in the log.
        assert await here.panel.locator("#tavernlink_key").input_value() == "tl_tavern_aaaa_bbbbbbbbbbbb"
        await here.unfold("log")
        await expect(here.part("log")).to_contain_text("unauthorized")
        assert "bbbbbbbb" not in await here.part("log").inner_text()
        await here.unfold("fields")
        await here.picture("en-desktop-refused")
        done = await tab.evaluate(_SLASH, f"/tavernlink-connect {here.hub.url} {here.hub.tavern_key}")
        assert done == "online"

        # In themes of other colours, and with letters as large as SillyTavern makes them.
        await here.unfold("queue", "rooms", "versions")
        await tab.evaluate(_THEME, "Cappuccino")
        await here.picture("en-desktop-cappuccino")
        await tab.evaluate(_PAINT, _LIGHT)
        await here.picture("en-desktop-light")
        await tab.evaluate(_PAINT, {"--fontScale": "1.5"})
        await tab.page.set_viewport_size(SIZES["phone"])
        await here.picture("en-phone-large")
        await here.unfold("fields", "queue", "rooms", "tools", "permissions", "profiles", "versions", "log")
        assert await tab.page.evaluate(_WIDE) == []
        assert await flaws(tab.page, "#tavernlink_panel") == []
        await tab.evaluate(_THEME, "Dark Lite")


async def test_nothing_of_it_shifts_sillytaverns_layout(browser: Browser, open_tab: OpenTab) -> None:
    context = await browser.new_context(locale="en-US", viewport=SIZES["desktop"])
    try:
        tab = await open_tab(context=context, hub=None, key=None, model_url=None)
        page = tab.page
        toggle = page.locator("#extensions-settings-button .drawer-toggle")
        open_now = "() => document.querySelector('#rm_extensions_block').classList.contains('openDrawer')"

        async def boxes(prepare: str | None = None) -> dict[str, Any]:
            """With SillyTavern's own panel closed and open, at both sizes."""
            found: dict[str, Any] = {}
            for size, viewport in SIZES.items():
                await page.set_viewport_size(viewport)
                found[f"{size} closed"] = await page.evaluate(_BOXES)
                await toggle.click()
                await page.wait_for_function(open_now)
                if prepare is not None:
                    await page.evaluate(prepare)
                opened = await page.evaluate(_BOXES)
                del opened["#rm_extensions_block"]  # it holds the drawer, and grows with it
                found[f"{size} open"] = opened
                await toggle.click()
                await page.wait_for_function(f"() => !({open_now})()")
                # SillyTavern lets it slide shut after it calls it closed.
                await page.locator("#rm_extensions_block").wait_for(state="hidden")
            return found

        folded = await boxes()
        unfolded = await boxes(
            """() => {
                const panel = document.querySelector('#tavernlink_panel');
                panel.querySelector('.inline-drawer-content').style.display = 'block';
                for (const each of panel.querySelectorAll('details')) each.open = true;
            }"""
        )
        await page.route("**/third-party/tavernlink/**", lambda route: route.abort())
        await tab.reload()
        assert await page.locator("#tavernlink_panel").count() == 0
        without = await boxes()
        for name, boxes_without in without.items():
            for element, box in boxes_without.items():
                for there in (folded, unfolded):
                    moved = max(abs(a - b) for a, b in zip(there[name][element], box, strict=True))
                    assert moved <= 1, (name, element, there[name][element], box)
    finally:
        await context.close()
