"""`tavernlink tab`: a headless tab that comes back, and errors that say what to do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Browser, Error

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.listener import Listener, free_port
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.sdk import Hub
from tavernlink.tab import BrowserTabError, Tab, TabOptions, run_forever

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenTab, StartSillyTavern

_TAVERN_ID = "() => globalThis.tavernlink.id"


class Kept:
    """A tab that `run_forever` keeps open."""

    def __init__(self) -> None:
        self.opened: asyncio.Queue[Tab] = asyncio.Queue()
        self.reported: asyncio.Queue[str] = asyncio.Queue()

    async def next_open(self) -> Tab:
        async with asyncio.timeout(90):
            return await self.opened.get()

    async def next_report(self, part: str) -> str:
        """Wait for a reported line with `part` in it."""
        async with asyncio.timeout(60):
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
        async with asyncio.timeout(20):
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


@pytest.mark.timeout(240, func_only=True)
async def test_a_crashed_page_is_opened_again_as_the_same_tavern(
    sillytavern: SillyTavern, hub: RunningHub
) -> None:
    options = TabOptions(url=sillytavern.url, hub=hub.url, key=hub.tavern_key, name="kept")
    async with kept(options) as keeping:
        first = await keeping.next_open()
        tavern_id = await first.evaluate(_TAVERN_ID)
        with contextlib.suppress(Error):
            await first.page.goto("chrome://crash", timeout=10_000)
        assert "crashed" in await keeping.next_report("The tab is gone")
        second = await keeping.next_open()
        assert await second.evaluate(_TAVERN_ID) == tavern_id


@pytest.mark.timeout(240, func_only=True)
async def test_a_sillytavern_that_starts_later_is_waited_for(start_sillytavern: StartSillyTavern) -> None:
    port = free_port()
    async with kept(TabOptions(url=f"http://127.0.0.1:{port}")) as keeping:
        assert "does not answer" in await keeping.next_report("The tab is gone")
        await start_sillytavern(port=port, extension=None)
        tab = await keeping.next_open()
        assert await tab.evaluate("() => Boolean(SillyTavern)")


@pytest.mark.timeout(240, func_only=True)
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
