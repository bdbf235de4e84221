"""`tavernlink tab`: a headless tab that comes back, and errors that say what to do."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from playwright.async_api import Browser

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.listener import Listener, free_port
from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.sdk import Hub
from tavernlink.tab import BrowserTabError, Tab, TabOptions, run_forever
from tavernlink.tab.file import folder_of
from tests.e2e.patience import LOAD_SECONDS, PATIENCE
from tests.e2e.test_demo import processes_about
from tests.e2e.test_tab_keeper import offered

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenTab, StartSillyTavern

_TAVERN_ID = "() => globalThis.tavernlink.id"


class Kept:
    """A tab that `run_forever` keeps open."""

    def __init__(self) -> None:
        self.opened: asyncio.Queue[Tab] = asyncio.Queue()
        self.reported: asyncio.Queue[str] = asyncio.Queue()

    async def next_open(self) -> Tab:
        async with asyncio.timeout(LOAD_SECONDS):
            return await self.opened.get()

    async def next_report(self, part: str) -> str:
        """Wait for a reported line with `part` in it."""
        async with asyncio.timeout(PATIENCE):
            while part not in (line := await self.reported.get()):
                pass
        return line


@contextlib.asynccontextmanager
async def kept(options: TabOptions) -> AsyncIterator[Kept]:
    keeping, stop = Kept(), asyncio.Event()
    task = asyncio.create_task(
        run_forever(options, stop=stop, report=keeping.reported.put_nowait, on_open=keeping.opened.put_nowait)
    )
    try:
        yield keeping
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await task


@contextlib.asynccontextmanager
async def website(status: int, body: bytes, location: str | None = None) -> AsyncIterator[str]:
    """A page that is not SillyTavern's; with `location`, a redirection of `/` to it."""

    async def app(
        scope: MutableMapping[str, Any], _receive: Any, send: Callable[[Any], Awaitable[None]]
    ) -> None:
        moved = location is not None and scope["path"] == "/"
        headers = [(b"content-type", b"text/html")] + (
            [(b"location", str(location).encode())] if moved else []
        )
        await send({"type": "http.response.start", "status": 302 if moved else status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async with Listener(app) as listener:
        yield f"http://127.0.0.1:{listener.port}"


@contextlib.asynccontextmanager
async def command(*arguments: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`tavernlink tab` as its own process; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tavernlink",
        "tab",
        *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def online(app: Hub, restarts: dict[str, int]) -> dict[str, str]:
    """Ask the keeper until these tabs are online after so many restarts; their taverns."""
    async with asyncio.timeout(LOAD_SECONDS):
        while True:
            found = {
                each["tab"]: each["tavern"]
                for each in await app.call("tab.list")
                if each["state"] == "online" and each["restarts"] == restarts.get(each["tab"])
            }
            if len(found) == len(restarts):
                return found
            await asyncio.sleep(0.5)


def page_of(process: asyncio.subprocess.Process, profile: str) -> psutil.Process:
    """Return the process of a tab's page: of the browser's on this profile, the largest."""
    found = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "--type=renderer" in (words := child.cmdline()) and any(profile in word for word in words)
    ]
    return max(found, key=lambda child: child.memory_info().rss)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM does not exist there")
@pytest.mark.timeout(400, func_only=True)
async def test_the_command_keeps_two_tabs_apart_brings_a_crashed_one_back_and_leaves_nothing(
    sillytavern: SillyTavern, hub: RunningHub, app: Hub, model: Model, tmp_path: Path
) -> None:
    key, profiles = tmp_path / "tavern.key", tmp_path / "profiles"
    key.write_text(hub.tavern_key, "utf-8")
    names = ("Pair 1", "Pair 2")
    there = ("--hub", hub.url, "--key-file", key, "--profiles", profiles)
    who = ("--tabs", "2", "--name", "Pair", "--character", "Seraphina", "--model-url", model.url)
    async with command(sillytavern.url, *there, *who) as process:
        await offered(app, "tab.list")
        taverns = await online(app, dict.fromkeys(names, 0))
        assert set(taverns) == set(names)

        # Both at once on the same character: each answers, and writes into a chat of its own.
        replies = await asyncio.gather(
            *(app.tavern(name).send(f"The word is {name}. [tokens=30]") for name in names)
        )
        chats = sillytavern.user_data / "chats" / "default_Seraphina"
        for name, other, reply in zip(names, reversed(names), replies, strict=True):
            assert f"The word is {name}." in reply.text
            chat = (chats / f"{name}.jsonl").read_text("utf-8")
            assert name in chat
            assert other not in chat
            shot = await app.call("tab.screenshot", tab=name)
            assert base64.b64decode(shot["image"]["data"]).startswith(b"\xff\xd8"), "a JPEG"

        # One that crashes comes back as the same tavern in the same chat, and takes the other with it in nothing.
        page_of(process, folder_of(profiles, names[1]).name).kill()
        again = await online(app, {names[0]: 0, names[1]: 1})
        assert again == taverns
        reply = await app.tavern(names[1]).send("And now? [tokens=10]")
        assert "And now?" in reply.text
        assert names[1] in (chats / f"{names[1]}.jsonl").read_text("utf-8")

        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate()
    told = output.decode()
    assert process.returncode == 0, told
    assert "[Pair 2] The tab is gone: its page crashed." in told
    assert hub.tavern_key not in told
    assert processes_about(str(profiles)) == []


async def test_a_sillytavern_that_starts_later_is_waited_for(start_sillytavern: StartSillyTavern) -> None:
    port = free_port()
    async with kept(TabOptions(url=f"http://127.0.0.1:{port}")) as keeping:
        assert "does not answer" in await keeping.next_report("The tab is gone")
        await start_sillytavern(port=port, extension=None)
        tab = await keeping.next_open()
        assert await tab.evaluate("() => Boolean(SillyTavern)")


async def test_a_profile_keeps_the_taverns_id_and_a_second_tab_gets_another(
    sillytavern: SillyTavern, hub: RunningHub, app: Hub, tmp_path: Path
) -> None:
    options = TabOptions(url=sillytavern.url, hub=hub.url, key=hub.tavern_key, profile=tmp_path / "profile")
    async with Tab(options) as before:
        tavern_id = await before.evaluate(_TAVERN_ID)
    async with Tab(options) as after:
        assert await after.evaluate(_TAVERN_ID) == tavern_id
        async with Tab(options, context=after.page.context) as second:
            second_id = await second.evaluate(_TAVERN_ID)
            assert second_id != tavern_id
            assert {tavern_id, second_id} <= {
                found.tavern_id for found in await app.taverns() if found.online
            }


async def test_a_key_that_the_hub_does_not_know_is_named(open_tab: OpenTab) -> None:
    with pytest.raises(BrowserTabError, match="unauthorized") as caught:
        await open_tab(key="tl_tavern_nobody_000")
    assert caught.value.code == "hub_refused"


async def test_a_missing_extension_is_named(open_tab: OpenTab, start_sillytavern: StartSillyTavern) -> None:
    bare = await start_sillytavern(extension=None)
    with pytest.raises(BrowserTabError, match="is it installed and enabled"):
        await open_tab(url=bare.url, connect_seconds=5)


async def test_a_character_that_is_not_there_is_named_with_those_that_are(open_tab: OpenTab) -> None:
    with pytest.raises(BrowserTabError, match=r"'Nobody'.*Seraphina"):
        await open_tab(character="Nobody")


async def test_a_model_server_that_does_not_answer_is_named(open_tab: OpenTab) -> None:
    with pytest.raises(BrowserTabError) as caught:
        await open_tab(model_url=f"http://127.0.0.1:{free_port()}/v1")
    assert caught.value.code == "model_failed"


async def test_a_login_page_is_told_from_a_broken_one(browser: Browser) -> None:
    context = await browser.new_context()
    async with website(200, b"<h1>Log in</h1>", location="/login") as url:
        with pytest.raises(BrowserTabError) as caught:
            async with Tab(TabOptions(url=url, start_seconds=3), context=context):
                pass
    assert caught.value.code == "login_required"
    async with website(502, b"bad gateway") as url:
        with pytest.raises(BrowserTabError, match="status 502"):
            async with Tab(TabOptions(url=url, start_seconds=3), context=context):
                pass
    async with website(200, b"<h1>It works!</h1>") as url:
        with pytest.raises(BrowserTabError, match="not usable after 3 s"):
            async with Tab(TabOptions(url=url, start_seconds=3), context=context):
                pass
    await context.close()
