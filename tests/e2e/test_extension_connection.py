"""The tab's connection to the hub: who it is, what it shows, what it survives."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright, expect

from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.protocol.taverns import TavernChanged, TavernInfo
from tavernlink.sdk import Hub, connect
from tavernlink.tab import Tab, find_browser
from tavernlink.tab.browser import launch_arguments
from tests.e2e.drawer import drawer_at
from tests.e2e.overheard import overhear, tavern_of
from tests.e2e.patience import PATIENCE

# Each test here opens tabs of its own, and SillyTavern takes seconds to load on a busy machine.

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.e2e.conftest import OpenTab, StartSillyTavern

_IN_STATE = "(state) => document.querySelector('#tavernlink_panel')?.dataset.state === state"
_LIGHT = "() => document.querySelector('#tavernlink_panel .tavernlink-light').dataset.light"
_PART = '(part) => document.querySelector(`#tavernlink_panel [data-part="${part}"]`).textContent'
_CODE_SHOWS = """() => {
    const box = document.querySelector('#tavernlink_panel [data-part="pairing"]');
    return !box.hidden && box.querySelector('[data-part="pairing-code"]').textContent !== '';
}"""
_PRESS = "(id) => document.querySelector(`#tavernlink_${id}`).click()"
_TYPE = """([id, value]) => {
    const field = document.querySelector(`#tavernlink_${id}`);
    if (field.type === 'checkbox') field.checked = value; else field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
}"""
_SEND = """async (text) => {
    document.querySelector('#send_textarea').value = text;
    await SillyTavern.getContext().generate('normal');
}"""
_LOG = """async () => {
    const log = document.querySelector('#tavernlink_panel pre');
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    do await frame(); while (log.textContent === '');
    await frame();
    await frame();
    return log.textContent;
}"""


async def _log(tab: Tab) -> str:
    """Return the drawer's log, which is drawn while it can be seen."""
    async with drawer_at(tab, "log"):
        return str(await tab.evaluate(_LOG))


async def _in_state(tab: Tab, state: str) -> None:
    await tab.page.wait_for_function(_IN_STATE, arg=state, timeout=PATIENCE * 1000)


async def _set(tab: Tab, sillytavern: SillyTavern, **fields: object) -> None:
    """Fill in the drawer's fields, and wait until SillyTavern's server has what is to be kept of them."""
    await tab.page.wait_for_selector("#tavernlink_panel", state="attached")
    for name, value in fields.items():
        await tab.evaluate(_TYPE, [name, value])
    if not await tab.page.is_checked("#tavernlink_remember"):
        fields["key"] = ""
    await _saved(sillytavern, lambda saved: fields.items() <= saved.items())


async def _saved(sillytavern: SillyTavern, wanted: Callable[[dict[str, object]], bool]) -> None:
    """Wait until the extension's settings are on SillyTavern's disk as wanted.

    A save that is answered is not asked for: it may be an earlier one, SillyTavern saves once a second at most.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            text = (sillytavern.user_data / "settings.json").read_text("utf-8")
            with contextlib.suppress(ValueError):  # it may be half written
                if wanted(json.loads(text)["extension_settings"].get("tavernlink", {})):
                    return
            await asyncio.sleep(0.1)


async def _online(app: Hub) -> set[str]:
    return {info.tavern_id for info in await app.taverns() if info.online}


async def _info(app: Hub, tavern: str) -> TavernInfo:
    """Return what the hub knows of a tavern, once it was told what is open."""
    async with app.subscribe("tavern.changed", tavern=tavern) as events, asyncio.timeout(PATIENCE):
        info = await app.tavern(tavern).info()
        while info.character is None:
            event = await anext(events)
            assert isinstance(event, TavernChanged)
            info = event.tavern
        return info


async def test_a_person_connects_with_an_address_and_a_code_and_with_a_key(
    open_tab: OpenTab, hub: RunningHub, sillytavern: SillyTavern, app: Hub
) -> None:
    tab = await open_tab(hub=None, key=None)
    await _in_state(tab, "idle")
    await _set(tab, sillytavern, url=hub.url, name="By code")
    await tab.evaluate(_PRESS, "connect")
    await tab.page.wait_for_function(_CODE_SHOWS)
    code = await tab.evaluate(_PART, "pairing-code")
    assert f"tavernlink pair {code}" in await tab.evaluate(_PART, "pairing-text")
    async with connect(hub.url, hub.admin_key, name="admin") as admin:
        (asked,) = [each for each in await admin.pairings.list() if each.name == "By code"]
        assert (asked.code, asked.origin) == (
            code.replace("-", ""),
            await tab.evaluate("() => location.origin"),
        )
        await admin.pairings.approve(code)
        await _in_state(tab, "online")
        await _saved(sillytavern, lambda saved: bool(saved.get("key")))
        assert not await tab.evaluate(_CODE_SHOWS)
        assert "By code" in {key.name for key in await admin.keys.list() if key.role == "tavern"}
        # The key is remembered, and its own: revoked, it lets nobody in.
        await tab.reload()
        await _in_state(tab, "online")
        await admin.keys.revoke("By code")
        await _in_state(tab, "refused")

    await _set(tab, sillytavern, key=hub.tavern_key, name="By hand")
    await tab.evaluate(_PRESS, "connect")
    await _in_state(tab, "online")
    assert await tab.evaluate(_LIGHT) == "green"
    info = await _info(app, await tavern_of(tab))
    assert (info.name, info.user, info.character) == ("By hand", "Traveller", "Seraphina")
    assert info.versions is not None
    assert info.versions.sillytavern == "1.19.0"

    # It remembers, and connects by itself.
    await tab.reload()
    await _in_state(tab, "online")
    await tab.evaluate(_PRESS, "disconnect")
    await _in_state(tab, "idle")
    assert await tab.evaluate(_LIGHT) == "off"
    assert await tavern_of(tab) not in await _online(app)
    await _set(tab, sillytavern, key="", name="")


async def test_a_key_that_is_not_to_be_remembered_stays_in_the_tab(
    open_tab: OpenTab, hub: RunningHub, sillytavern: SillyTavern
) -> None:
    tab = await open_tab(hub=None, key=None)
    await _set(tab, sillytavern, remember=False, url=hub.url, key=hub.tavern_key)
    assert hub.tavern_key not in (sillytavern.user_data / "settings.json").read_text("utf-8")
    await tab.reload()
    await _in_state(tab, "online")
    await _set(tab, sillytavern, remember=True, key="")


@pytest.mark.parametrize(
    ("key", "code"), [("tl_tavern_aaaa_bbbbbbbbbbbb", "unauthorized"), ("app", "forbidden")]
)
async def test_a_key_that_will_not_do_is_a_red_light_with_the_hubs_words(
    open_tab: OpenTab, hub: RunningHub, sillytavern: SillyTavern, key: str, code: str
) -> None:
    tab = await open_tab(hub=None, key=None)
    await _set(tab, sillytavern, remember=False, url=hub.url, key=hub.app_key if key == "app" else key)
    await tab.evaluate(_PRESS, "connect")
    await _in_state(tab, "refused")
    assert await tab.evaluate(_LIGHT) == "red"
    assert (await tab.evaluate("() => globalThis.tavernlink.state().code")) == code
    assert await tab.evaluate(_PART, "detail")
    log = await _log(tab)
    assert code in log
    assert "bbbbbbbbbbbb" not in log
    assert hub.app_key not in log


async def test_no_hub_is_an_amber_light_and_tries_without_end(
    open_tab: OpenTab, sillytavern: SillyTavern
) -> None:
    tab = await open_tab(hub=None, key=None)
    await _set(tab, sillytavern, remember=False, url="127.0.0.1:9", key="tl_tavern_a_b")
    await tab.evaluate(_PRESS, "connect")
    await _in_state(tab, "waiting")
    assert await tab.evaluate(_LIGHT) == "amber"
    async with drawer_at(tab, "log") as drawer:
        await expect(drawer.locator("pre")).to_have_text(re.compile("(info connecting.*){3}", re.DOTALL))
    await tab.evaluate(_PRESS, "disconnect")


async def test_two_tabs_of_one_browser_are_two_taverns_and_reloads_keep_their_ids(
    open_tab: OpenTab, browser: Browser, app: Hub
) -> None:
    context = await browser.new_context()
    try:
        first = await open_tab(context=context)
        second = await open_tab(context=context)
        ids = [await tavern_of(first), await tavern_of(second)]
        assert len(set(ids)) == 2
        assert set(ids) <= await _online(app)
        await second.reload()
        await first.reload()
        assert [await tavern_of(first), await tavern_of(second)] == ids
        # The profile's id outlives its tabs.
        await second.close()
        await first.close()
        again = await open_tab(context=context)
        assert await tavern_of(again) == ids[0]
    finally:
        await context.close()


async def test_two_sillytaverns_are_told_apart(
    open_tab: OpenTab, browser: Browser, start_sillytavern: StartSillyTavern, app: Hub
) -> None:
    other = await start_sillytavern()
    context = await browser.new_context()
    try:
        first, second = await open_tab(context=context), await open_tab(context=context, url=other.url)
        ids = {await tavern_of(first), await tavern_of(second)}
        assert len(ids) == 2
        async with overhear(app, first) as ear:
            await second.evaluate(_SEND, "in the second")
            await first.evaluate(_SEND, "in the first")
            assert '"in the first"' in (await ear.next_end()).ended.text
    finally:
        await context.close()


class Restartable:
    """A hub of a test's own that can go away and come back at its address."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._stack = contextlib.AsyncExitStack()
        self._running: RunningHub | None = None
        self._port = 0
        self.tavern_key = ""
        self.app_key = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        running = await self._stack.enter_async_context(open_hub(self._data, port=self._port))
        keyring = running.server.runtime.core.keyring
        if not self.tavern_key:
            # `open_hub` renews its own keys at each start; these two stay.
            self.tavern_key = keyring.create("tavern", "kept")[1]
            self.app_key = keyring.create("app", "kept")[1]
        self._port = int(running.url.rpartition(":")[2])

    async def stop(self) -> None:
        await self._stack.aclose()
        self._stack = contextlib.AsyncExitStack()


@contextlib.asynccontextmanager
async def _own_hub(data: Path) -> AsyncIterator[Restartable]:
    hub = Restartable(data)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


async def test_a_hub_that_restarts_finds_everything_again_and_the_draft_is_untouched(
    open_tab: OpenTab, tmp_path: Path
) -> None:
    async with _own_hub(tmp_path) as hub:
        tab = await open_tab(hub=hub.url, key=hub.tavern_key)
        tavern = await tavern_of(tab)
        await tab.new_chat()
        await tab.evaluate(_SEND, "before")
        await tab.page.locator("#send_textarea").press_sequentially("a half-written thou")
        await hub.stop()
        await _in_state(tab, "waiting")
        assert await tab.evaluate(_LIGHT) == "amber"
        await hub.start()
        await _in_state(tab, "online")
        assert await tavern_of(tab) == tavern
        async with connect(hub.url, hub.app_key, name="after") as app:
            async with app.tavern(tavern).mirror() as mirror, asyncio.timeout(PATIENCE):
                while mirror.loading or len(mirror.messages) < 3:
                    await mirror.update()
            assert mirror.messages[1].text == "before"
            info = await _info(app, tavern)
            assert (info.character, info.online) == ("Seraphina", True)
            assert [character.name for character in await app.tavern(tavern).characters()].count(
                "Seraphina"
            ) == 1
        assert await tab.page.input_value("#send_textarea") == "a half-written thou"


async def test_a_line_that_drops_in_the_middle_of_a_reply_loses_and_doubles_nothing(
    tab: Tab, app: Hub, hub: RunningHub
) -> None:
    """The WebSocket is cut under the running reply; the session goes on, and the stream with it."""
    await tab.evaluate(
        """() => {
            if (globalThis.cutSockets) return;
            globalThis.cutSockets = [];
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (data) {
                if (!globalThis.cutSockets.includes(this)) globalThis.cutSockets.push(this);
                return send.call(this, data);
            };
        }"""
    )
    async with overhear(app, tab) as ear:
        sending = asyncio.create_task(tab.evaluate(_SEND, "a long tale [tokens=200] [speed=60]"))
        for _ in range(20):
            await ear.next_delta()
        await tab.evaluate("() => globalThis.cutSockets.splice(0).forEach((socket) => socket.close())")
        stream = await ear.next_end(40)
        await sending
    stream.assert_in_order_with_gaps()
    assert stream.text() == stream.ended.text
    assert stream.ended.text.startswith('You said: "a long tale".')
    log = await _log(tab)
    assert "The session goes on" in log


async def test_the_drawer_speaks_chinese_where_sillytavern_does(browser: Browser, open_tab: OpenTab) -> None:
    context = await browser.new_context(locale="zh-CN")
    try:
        tab = await open_tab(context=context, model_url=None)
        assert await tab.evaluate(_PART, "state") == "已连接"
        assert await tab.page.text_content("label[for=tavernlink_key]") == "密钥"
        await tab.evaluate(_PRESS, "disconnect")
        await _in_state(tab, "idle")
        assert await tab.evaluate(_PART, "state") == "未连接"
    finally:
        await context.close()


async def test_the_state_that_apps_see_follows_the_tab(tab: Tab, app: Hub) -> None:
    tavern = await tavern_of(tab)
    async with app.subscribe("tavern.changed", tavern=tavern) as events:
        sending = asyncio.create_task(tab.evaluate(_SEND, "hello [tokens=60] [speed=60]"))
        seen: list[bool] = []
        async with asyncio.timeout(PATIENCE):
            async for event in events:
                seen.append(event.tavern.generating)  # type: ignore[attr-defined]  # subscribed to TavernChanged alone
                if seen[-2:] == [True, False]:
                    break
        await sending
    info = await _info(app, tavern)
    assert info.backend == "custom/stand-in"
    assert info.character_id == "default_Seraphina.png"


async def test_the_extension_reports_no_error_of_its_own(tab: Tab) -> None:
    log = await _log(tab)
    assert not re.search(r"^\S+ error ", log, re.MULTILINE), log


async def test_a_page_of_a_home_network_is_told_why_it_is_refused_and_works_once_it_is_let_in(
    open_tab: OpenTab, sillytavern: SillyTavern, tmp_path: Path
) -> None:
    """No secure context: no Web Locks, no `randomUUID`. And a browser that hides why a request failed."""
    port = sillytavern.url.rpartition(":")[2]
    page = f"http://tavern.test:{port}"
    async with contextlib.AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        args = [*launch_arguments(), "--host-resolver-rules=MAP tavern.test 127.0.0.1"]
        chrome = await playwright.chromium.launch(executable_path=find_browser(), args=args)
        stack.push_async_callback(chrome.close)
        context = await chrome.new_context()
        stranger = await stack.enter_async_context(open_hub(tmp_path / "strict"))
        tab = await open_tab(context=context, url=page, hub=None, key=None)
        await _set(tab, sillytavern, remember=False, url=stranger.url, key=stranger.tavern_key)
        await tab.evaluate(_PRESS, "connect")
        await tab.page.wait_for_function(
            "(text) => document.querySelector('#tavernlink_panel [data-part=detail]').textContent.includes(text)",
            arg=f"Add {page} to allowed_origins",
        )
        await tab.close()

        hub = await stack.enter_async_context(open_hub(tmp_path / "open", allowed_origins=[page]))
        first = await open_tab(context=context, url=page, hub=hub.url, key=hub.tavern_key)
        second = await open_tab(context=context, url=page, hub=hub.url, key=hub.tavern_key)
        assert not await first.evaluate("() => isSecureContext")
        ids = [await tavern_of(first), await tavern_of(second)]
        assert ids[1] == f"{ids[0]}-2"
        await second.reload()
        assert await tavern_of(second) == ids[1]
        await first.close()
        await second.close()
