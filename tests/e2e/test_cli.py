"""The command line beside a real SillyTavern: installing the extension, talking to the character, the check-up."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.install import install
from tavernlink.sdk import connect
from tavernlink.tab import Tab
from tavernlink.terminal.chat.app import ChatApp
from tavernlink.terminal.chat.drafts import Drafts
from tavernlink.terminal.language import Words
from tests.terminal.conftest import shown, until

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenTab, StartSillyTavern


async def tavernlink(*arguments: str | Path) -> tuple[int, str, str]:
    """Run the command line as a person does; returns status, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tavernlink",
        *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_an_installed_extension_connects_and_a_removed_one_is_gone(
    start_sillytavern: StartSillyTavern, open_tab: OpenTab, hub: RunningHub
) -> None:
    silly = await start_sillytavern(extension=None)
    program = await install(progress=print)
    where = (program, "--data-root", silly.data)
    status, out, err = await tavernlink("extension", "install", *where)
    assert status == 0, err
    assert str(silly.user_data) in out
    tab = await open_tab(url=silly.url, name="installed")
    there = ("--url", hub.url, "--key", hub.app_key)
    status, out, err = await tavernlink("doctor", *where, *there, "--sillytavern-url", silly.url, "--json")
    checks = {(each["name"], each["state"]) for each in json.loads(out)["checks"]}
    assert status == 0, out
    assert {
        (name, "ok") for name in ("hub", "key", "tavern", "sillytavern page", "extension", "browser")
    } <= checks
    await tab.close()
    status, _, err = await tavernlink("extension", "remove", *where)
    assert status == 0, err
    assert not (silly.user_data / "extensions" / "tavernlink").exists()


async def test_chat_prints_the_reply_of_the_open_character(tab: Tab, hub: RunningHub) -> None:
    there = ("--url", hub.url, "--key", hub.app_key, "--tavern", "shared")
    status, out, err = await tavernlink("chat", "The word is lantern.", *there)
    assert status == 0, err
    assert "lantern" in out
    await _talk_on_the_whole_screen(hub)


async def _talk_on_the_whole_screen(hub: RunningHub) -> None:
    """The history is there, a reply is written into it, and another version of it beside it."""
    line = connect(hub.url, hub.app_key, name="screen")
    app = ChatApp(line, Words("en"), drafts=Drafts(None), tavern="shared")
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: "lantern" in shown(app) and app.composer.has_focus)
        length = app.end
        await pilot.press(*"The word is candle.", "enter")
        await until(pilot, lambda: app.end == length + 2 and app.deeds.reply is None and not app.growing)
        assert shown(app).count("candle") >= 2
        await pilot.press("escape", "m")
        await until(pilot, lambda: "‹ 2/2 ›" in shown(app) and app.deeds.reply is None)
        await pilot.press("n")
        await until(pilot, lambda: "‹ 1/2 ›" in shown(app))
    await line.close()
