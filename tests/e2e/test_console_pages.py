"""A walk through every page of the console with something on each, by the live hub and the real SillyTavern.

In both languages, on a desk and on a phone, in both schemes; every page is held against what people need (axe), and
its picture is kept. First the same browser sees an empty hub, which says what to do next.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.protocol.rooms import RoomSettings
from tavernlink.sdk import Hub, connect
from tavernlink.tab import Tab
from tests.e2e.desk import SETTLED, Desk
from tests.e2e.scripted_keeper import scripted_keeper
from tests.e2e.visitor import artefacts, check_looks, go, sign_in, visitor
from tests.runtime.receiver import Receiver
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern

_log = logging.getLogger("tavernlink.testing")
_DRAWN = re.compile("^M.*L")
_NUMBERS = itertools.count(1)
_WHOLE = """() => {
    const main = document.querySelector('main');
    return main === null ? 0 : main.scrollHeight - main.clientHeight;
}"""
_ANSWER = """**Bread and a blanket**, then. I shall look *kindly* upon you.

1. Warm the milk.
2. Add honey, never sugar.

```
roll 2d6
```"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(hub: RunningHub, shared_tab: Tab, sillytavern: Any) -> AsyncIterator[RunningHub]:
    """The hub of the shared tab with something for each page; what was made is taken away again."""
    await shared_tab.page.wait_for_function(SETTLED)
    await shared_tab.new_chat()
    desk = Desk(shared_tab, sillytavern)
    await desk.write((True, 'Is there a *bed* for the night, "friend"?'), (False, _ANSWER))
    async with contextlib.AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(Receiver())
        attic = await stack.enter_async_context(scripted_tavern(hub.url, hub.tavern_key, name="Attic"))
        bot = await stack.enter_async_context(connect(hub.url, hub.app_key, name="Dice bot"))
        admin = await stack.enter_async_context(connect(hub.url, hub.admin_key, name="Landlady"))
        await stack.enter_async_context(bot.subscribe("stream.*", "chat.*"))
        picture = await shared_tab.page.screenshot()
        await stack.enter_async_context(scripted_keeper(hub, picture=picture))
        await _offer(bot)
        await _furnish(admin, receiver, stack)
        await _let_in(admin, bot, stack)
        await _occupy(attic, bot, stack)
        _write_the_log()
        murmur = asyncio.create_task(_murmur(attic))
        stack.callback(murmur.cancel)
        yield hub


async def _offer(bot: Hub) -> None:
    @bot.function
    async def roll(times: int, sides: Literal[6, 20] = 6, note: str = "") -> dict[str, Any]:
        """Roll dice.

        Args:
            times: How many dice.
            sides: Of each die.
            note: Kept with the result.
        """
        return {"eyes": [sides] * times, "note": note}

    await bot.functions()  # asked after it was offered: it is there


async def _furnish(admin: Hub, receiver: Receiver, stack: contextlib.AsyncExitStack) -> None:
    """A rule, a webhook with a delivery, a schedule that ran, a key with limits."""
    route = {
        "id": "no-spoilers",
        "types": ["chat.send", "x.say"],
        "action": "drop",
        "when": 'role != "admin" && content.text.contains("Snape")',
        "note": "No spoilers, please.",
    }
    await admin.call("route.put", route)
    stack.push_async_callback(admin.call, "route.remove", {"id": "no-spoilers"})
    made = await admin.webhooks.create(receiver.url, ["stream.end"], name="Journal")
    stack.push_async_callback(admin.webhooks.remove, made.info.id)
    await admin.webhooks.test(made.info.id)
    await receiver.until(lambda posts: len(posts) == 1)
    words = {"tavern": "Attic", "text": "Good morning!", "generate": False}
    schedule = await admin.schedules.create(
        "chat.send", words, cron="0 8 * * *", timezone="Europe/Berlin", name="Morning call"
    )
    stack.push_async_callback(admin.schedules.remove, schedule.id)
    await admin.schedules.run(schedule.id)
    key = await admin.keys.create("Visitors' wall", taverns=["Attic"], scopes=["chat:read"])
    stack.push_async_callback(admin.keys.revoke, key.info.id)


async def _let_in(admin: Hub, bot: Hub, stack: contextlib.AsyncExitStack) -> None:
    """A room with two SillyTaverns and a guest."""
    inn = admin.room("The inn")
    settings = RoomSettings(mode="host", open=True)
    await inn.create(topic="Tales by the fire", tavern="shared", settings=settings)
    stack.push_async_callback(inn.delete)
    await inn.add(tavern="Attic")
    await bot.room("The inn").join(as_="Mira")
    await inn.invite(role="member", uses=5, seconds=604_800)


async def _occupy(attic: ScriptedTavern, bot: Hub, stack: contextlib.AsyncExitStack) -> None:
    """One request that runs, one that waits, one that is over."""
    await bot.tavern("Attic").send("Who is there?")
    attic.held.clear()
    for text in ("Tell me everything.", "And then?"):
        stack.callback(asyncio.ensure_future(bot.tavern("Attic").send(text)).cancel)


def _write_the_log() -> None:
    for number in range(30):
        _log.warning({"event": "peer.slow", "peer": f"a-{number}", "text": f"It took {number + 1} seconds."})
    _log.error({"event": "model.failed", "peer": "shared", "text": "The model answered with 502."})
    _log.warning({"event": "peer.odd", "peer": "a-17", "text": "It said something that nobody understood."})


async def _murmur(attic: ScriptedTavern) -> None:
    """Write on and on, so that charts and graph have something to draw."""
    for seq in itertools.count():
        await attic.send("stream.delta", stream_id="murmur", seq=seq, text="word ")
        await asyncio.sleep(0.2)


async def _overview(page: Page) -> None:
    await expect(page.locator("article h3").filter(has_text="shared")).to_be_visible()
    await expect(page.locator(".charts path.line").first).to_have_attribute("d", _DRAWN)
    await expect(page.locator(".picture")).to_have_attribute("aria-label", re.compile("Dice bot"))


async def _chat(page: Page) -> None:
    await page.locator("main select").select_option(label="shared")
    await expect(page.locator(".messages article").last).to_contain_text("Bread and a blanket")
    await expect(page.locator(".messages article img").first).to_be_visible()


async def _first(page: Page, wanted: Locator) -> None:
    await expect(wanted.first).to_be_visible()


async def _requests(page: Page) -> None:
    await expect(page.locator("main section").first.locator("li")).to_have_count(2)


async def _rooms(page: Page) -> None:
    await _first(page, page.locator("main li").filter(has_text="The inn"))


async def _room(page: Page) -> None:
    await page.get_by_role("link", name="The inn").click()
    await page.locator(".talk input").fill(f"Visitor {next(_NUMBERS)}")
    await page.locator(".talk button.primary").click()
    await _first(page, page.locator(".talk textarea"))
    await _first(page, page.locator("main li").filter(has_text="Mira"))
    await _first(page, page.locator("ul .copyable"))


async def _functions(page: Page) -> None:
    await page.locator("summary", has_text="roll").click()
    await _first(page, page.locator("main form"))


async def _cards(page: Page) -> None:
    await _first(page, page.locator("main li.card"))


async def _deliveries(page: Page) -> None:
    await page.locator("main li.card h2 a").click()
    await _cards(page)


async def _settings(page: Page) -> None:
    await _first(page, page.locator("#setting-request_timeout"))


async def _logs(page: Page) -> None:
    await expect(page.locator("main [role=region]")).to_contain_text("nobody understood")


async def _audit(page: Page) -> None:
    await _first(page, page.locator("tbody tr"))


async def _tabs(page: Page) -> None:
    await _first(page, page.locator("main li.card .screen img"))


# What is open, and what shows that it is there; more than one look at a page where it has an inner one.
_PAGES = [
    ("overview", (("overview", _overview),)),
    ("requests", (("requests", _requests),)),
    ("tabs", (("tabs", _tabs),)),
    ("chat", (("chat", _chat),)),
    ("rooms", (("rooms", _rooms), ("room", _room))),
    ("functions", (("functions", _functions),)),
    ("routes", (("routes", _cards),)),
    ("webhooks", (("webhooks", _cards), ("deliveries", _deliveries))),
    ("schedules", (("schedules", _cards),)),
    ("keys", (("keys", _cards),)),
    ("settings", (("settings", _settings),)),
    ("logs", (("logs", _logs),)),
    ("audit", (("audit", _audit),)),
]


async def look(page: Page, name: str) -> None:
    """Look at the page; what is below its end is in a second, long picture."""
    await check_looks(page, name)
    size = page.viewport_size
    below = await page.evaluate(_WHOLE)
    if size is None or below < 1:
        return
    await page.set_viewport_size({"width": size["width"], "height": size["height"] + below})
    await page.screenshot(path=artefacts("console") / f"{name}-whole.png")
    await page.set_viewport_size(size)


async def open_page(page: Page, name: str, *, folded: bool) -> None:
    if folded:
        await page.locator("button[aria-controls]").first.click()
    await go(page, name)


@pytest.mark.parametrize(
    ("size", "locale", "scheme"),
    [
        ("desktop", "en-US", "light"),
        ("desktop", "zh-CN", "dark"),
        ("phone", "en-US", "dark"),
        ("phone", "zh-CN", "light"),
    ],
)
async def test_every_page_looks_right_on_an_empty_hub_and_on_a_busy_one(
    browser: Browser, house: RunningHub, tmp_path: Path, size: str, locale: str, scheme: Any
) -> None:
    name = f"{locale[:2]}-{size}-{scheme}"
    folded = size == "phone"
    async with (
        open_hub(tmp_path) as empty,
        visitor(browser, empty, size=size, locale=locale, color_scheme=scheme) as page,
    ):
        await page.locator("form").wait_for()
        assert await page.locator("html").get_attribute("lang") == ("zh-CN" if locale == "zh-CN" else "en")
        await look(page, f"{name}-sign-in")
        await sign_in(page, empty.admin_key)
        await _first_steps(page, empty, name)
        for each, _ in _PAGES[1:]:
            await open_page(page, each, folded=folded)
            if each not in {"settings", "logs", "audit", "keys"}:  # they are not empty on any hub
                await page.locator("main .card:visible, main .soft:visible").first.wait_for()
                await check_looks(page, f"{name}-empty-{each}")

        await page.goto(f"{house.url}/")
        await sign_in(page, house.admin_key)
        for each, looks in _PAGES:
            await open_page(page, each, folded=folded)
            for shown, wait in looks:
                await wait(page)
                await look(page, f"{name}-{shown}")


async def _first_steps(page: Page, hub: RunningHub, name: str) -> None:
    """What an empty hub tells its first visitor, and what the marks do while somebody follows it."""
    steps = page.locator(".first")
    await expect(steps.locator("code").first).to_have_text(f"{hub.url}/extension/tavernlink.git")
    asked = hub.server.runtime.core.pairings.ask("SillyTavern 127.0.0.1:8000", "127.0.0.1")
    await expect(steps.locator(".done")).to_have_count(2)
    shown = f"{asked.code[:4]}-{asked.code[4:]}"
    await expect(steps.locator("button.primary")).to_contain_text(shown)
    await steps.locator("summary").click()
    await look(page, f"{name}-first")
