"""`tavernlink top` as a person uses it, by keys alone, against a real hub with scripted taverns."""

from __future__ import annotations

import asyncio

import pytest

import tavernlink
from tavernlink.demo.hub import RunningHub
from tavernlink.errors import NotFound
from tavernlink.sdk import Hub
from tavernlink.terminal.help import Help
from tavernlink.terminal.language import Language, Words
from tavernlink.terminal.sure import Sure
from tavernlink.terminal.themes import Shade
from tavernlink.terminal.top.app import TopApp
from tests.sdk.cutting_proxy import CuttingProxy
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern
from tests.terminal.conftest import LARGE, SMALL, picture, shown, until


def make(url: str, key: str, language: Language = "en", shade: Shade = "dark") -> TopApp:
    hub = tavernlink.connect(url, key, name="top", connect_timeout=None)
    return TopApp(hub, Words(language), shade=shade)


@pytest.mark.parametrize(("language", "size", "shade"), [("en", SMALL, "dark"), ("zh", LARGE, "light")])
async def test_shows_what_the_hub_does_and_cancels_a_request(
    house: RunningHub,
    home: ScriptedTavern,
    bot: Hub,
    language: Language,
    size: tuple[int, int],
    shade: Shade,
) -> None:
    words = Words(language)

    @bot.function
    def roll(sides: int) -> int:
        """Rolls a die."""
        return sides

    home.held.clear()
    running, waiting = bot.tavern().send("one"), bot.tavern().send("two")
    app = make(house.url, house.admin_key, language, shade)
    async with (
        scripted_tavern(house.url, house.tavern_key, name="书房"),
        app.run_test(size=size, notifications=True) as pilot,
    ):
        await until(pilot, lambda: app.board.stats and len(app.board.open_requests) == 2)
        await until(pilot, lambda: "书房" in shown(app) and words("tavern.writing") in shown(app))
        first = shown(app)
        assert f"Tavernlink {app.hub.version}" in first
        assert words("line.up") in first
        picture(app, f"top-taverns-{language}")
        await pilot.press("2")
        await until(pilot, lambda: "Discord bot" in shown(app))
        lines = [line for line in shown(app).splitlines() if "Discord bot" in line]
        assert words("state.running") in lines[0]
        assert words("state.queued") in lines[1]
        await pilot.press("down", "c")
        await until(pilot, lambda: isinstance(app.screen, Sure))
        picture(app, f"top-cancel-{language}")
        await pilot.press("y")
        await until(pilot, lambda: words("state.cancelled") in shown(app))
        with pytest.raises(tavernlink.errors.GenerationError):
            await waiting
        with pytest.raises(NotFound):
            await bot.tavern("nobody").chat()
        home.held.set()
        await running
        await pilot.press("6")
        await until(pilot, lambda: "unknown_tavern" in shown(app))
        picture(app, f"top-errors-{language}")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Help) and "nobody" in shown(app))
        await pilot.press("escape", "4")
        await until(pilot, lambda: "roll" in shown(app))
        await pilot.press("5")
        await until(pilot, lambda: "Discord bot" in shown(app))
        picture(app, f"top-apps-{language}")
        await pilot.press("3")
        await until(pilot, lambda: words("nothing.rooms")[:8] in shown(app))
        await pilot.press("f1")
        await until(pilot, lambda: words("help.pause") in shown(app))
        picture(app, f"top-help-{language}")
        await pilot.press("escape", "q")
    assert app.return_code == 0
    await app.hub.close()


async def test_sorts_searches_holds_still_and_leaves_for_a_chat(
    house: RunningHub, home: ScriptedTavern
) -> None:
    app = make(house.url, house.admin_key)
    names = ("Attic", "Cellar")
    async with (
        scripted_tavern(house.url, house.tavern_key, name=names[0]),
        scripted_tavern(house.url, house.tavern_key, name=names[1]),
        app.run_test(size=SMALL) as pilot,
    ):
        await until(pilot, lambda: all(name in shown(app) for name in (*names, "Home")))

        def order() -> list[str]:
            found = {name: shown(app).index(name) for name in (*names, "Home")}
            return sorted(found, key=found.__getitem__)

        assert order() == ["Attic", "Cellar", "Home"]
        await pilot.press("r")
        await until(pilot, lambda: order() == ["Home", "Cellar", "Attic"])
        await pilot.press("r", "slash", *"cel", "enter")
        await until(pilot, lambda: "Cellar" in shown(app) and "Attic" not in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Attic" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: "held" in shown(app))
        await pilot.press("p", "enter")  # what was chosen stays chosen
        await until(pilot, lambda: app.chat_of is not None)
    assert app.chat_of == "id-of-Cellar"
    await app.hub.close()


async def test_says_that_the_line_is_lost_and_goes_on_when_it_is_back(
    house: RunningHub, home: ScriptedTavern
) -> None:
    async with CuttingProxy(house.url) as proxy:
        app = make(proxy.url, house.admin_key)
        async with app.run_test(size=SMALL) as pilot:
            await until(pilot, lambda: "Home" in shown(app))
            hub, proxy._target = proxy._target, ("127.0.0.1", 1)  # where nobody listens
            proxy.cut()
            await until(pilot, lambda: "trying again" in shown(app))
            picture(app, "top-line-lost-en")
            proxy._target = hub
            await until(pilot, lambda: app.line_up and "● connected" in shown(app))
            async with scripted_tavern(house.url, house.tavern_key, name="Attic"):
                await until(pilot, lambda: "Attic" in shown(app))
        await app.hub.close()


async def test_another_key_sees_what_it_may_and_a_wrong_one_is_told(
    house: RunningHub, home: ScriptedTavern
) -> None:
    app = make(house.url, house.viewer_key)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.board.stats and "Home" in shown(app))
        await pilot.press("7")
        await until(pilot, lambda: "Needs an admin's key" in shown(app))
    await app.hub.close()
    wrong = make(house.url, "tl_app_no_key")
    async with wrong.run_test(size=SMALL) as pilot:
        async with asyncio.timeout(40):
            while wrong.return_code is None:
                await pilot.pause(0.02)
    assert wrong.return_code == 1
    await wrong.hub.close()
