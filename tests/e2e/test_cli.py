"""The command line beside a real SillyTavern: installing the extension, talking to the character, the check-up."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.install import install
from tavernlink.tab import Tab

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


@pytest.mark.timeout(240, func_only=True)
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
