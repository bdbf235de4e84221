"""The keeper of `tavernlink tab` on a SillyTavern that asks for basic authentication and for an account.

One server and, but for the restarts, one page: what does not need the page is looked at before it is loaded.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.sillytavern import SillyTavern, prepare
from tavernlink.errors import AuthError, BadMessage, NotFound
from tavernlink.extension_files import extension_folder
from tavernlink.sdk import Hub, connect
from tavernlink.tab import BrowserTabError, Keeper, Tab, TabOptions
from tavernlink.tab.kept import Pace
from tests.e2e.patience import LOAD_SECONDS, PATIENCE

_NAME, _PASSWORD = "gate keeper", "pass:wörd"
_HANDLE, _SECRET = "default-user", "the account's own"
_ROOT = Path(__file__).parents[2]
_ARTEFACTS = Path(os.environ.get("TAVERNLINK_ARTEFACTS", _ROOT / ".cache" / "artefacts")) / "tab"
_PACE = Pace(beat=0.5, answer=20.0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def guarded() -> AsyncIterator[SillyTavern]:
    """A SillyTavern with both: basic authentication, and an account with a password and discreet login."""
    settings = {
        "ENABLEUSERACCOUNTS": "true",
        "ENABLEDISCREETLOGIN": "true",
        # Basic authentication is only asked for by a SillyTavern that listens for others; this one does not, though.
        "LISTENADDRESS_IPV4": "127.0.0.1",
        "BASICAUTHMODE": "true",
        "BASICAUTHUSER_USERNAME": _NAME,
        "BASICAUTHUSER_PASSWORD": _PASSWORD,
        # The tests below give wrong passwords on purpose.
        "RATELIMITING_BASICAUTHMAXATTEMPTS": "1000",
        "RATELIMITING_ACCOUNTSLOGINMAXATTEMPTS": "1000",
    }
    await prepare()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"SILLYTAVERN_{name}", value)
        server = SillyTavern(extension=extension_folder(), listen=True)
        await server.start()
    try:
        await _give_password(server.url)
        yield server
    finally:
        await server.stop()


async def _give_password(url: str) -> None:
    name = f"{_NAME}:{_PASSWORD}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(name).decode()}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE) as http:
        token = (await http.get("/csrf-token")).json()["token"]
        http.headers["X-CSRF-Token"] = token
        body = {"handle": _HANDLE, "password": ""}
        assert (await http.post("/api/users/login", json=body)).status_code == 200
        body = {"handle": _HANDLE, "oldPassword": "", "newPassword": _SECRET}
        assert (await http.post("/api/users/change-password", json=body)).status_code == 204


@pytest.fixture
def options(guarded: SillyTavern, hub: RunningHub, tmp_path: Path) -> TabOptions:
    return TabOptions(
        url=guarded.url,
        basic_auth=(_NAME, _PASSWORD),
        account=_HANDLE,
        password=_SECRET,
        hub=hub.url,
        key=hub.tavern_key,
        name="guarded",
        profile=tmp_path / "profile",
        start_seconds=LOAD_SECONDS,
        connect_seconds=PATIENCE,
    )


async def test_each_wrong_login_is_told_from_the_others(browser: Browser, options: TabOptions) -> None:
    cases = [
        ({"basic_auth": None, "account": None}, "login_refused", "basic authentication"),
        ({"basic_auth": (_NAME, "wrong"), "account": None}, "login_refused", "TAVERNLINK_TAB_BASIC_AUTH"),
        ({"account": None}, "login_required", "--account"),
        ({"password": "wrong"}, "login_refused", "Incorrect credentials"),
        ({"account": "nobody"}, "login_refused", "'nobody'"),
    ]
    for changes, code, told in cases:
        wrong = dataclasses.replace(options, **changes)  # type: ignore[arg-type]  # fields of several types
        tab = Tab(wrong, context=await _context(browser, wrong))
        with pytest.raises(BrowserTabError, match=told) as caught:
            await tab.open()
        assert caught.value.code == code, changes
        assert "wrong" not in caught.value.message


async def _context(browser: Browser, options: TabOptions) -> Any:
    """A context of the shared browser, as the tab's own would be."""
    if options.basic_auth is None:
        return await browser.new_context()
    name, password = options.basic_auth
    return await browser.new_context(http_credentials={"username": name, "password": password})


class Kept:
    """A keeper that runs, and what it told."""

    def __init__(self, tabs: tuple[TabOptions, ...], folder: Path | None) -> None:
        self.lines: list[str] = []
        self.opened: asyncio.Queue[Tab] = asyncio.Queue()
        self._told: asyncio.Queue[str] = asyncio.Queue()
        self.keeper = Keeper(
            tabs, report=self._tell, on_open=self.opened.put_nowait, folder=folder, pace=_PACE
        )

    def _tell(self, line: str) -> None:
        self.lines.append(line)
        self._told.put_nowait(line)

    async def next_line(self) -> str:
        async with asyncio.timeout(LOAD_SECONDS):
            return await self._told.get()

    async def next_open(self) -> Tab:
        async with asyncio.timeout(LOAD_SECONDS):
            return await self.opened.get()


@contextlib.asynccontextmanager
async def kept(*tabs: TabOptions, folder: Path | None = None) -> AsyncIterator[Kept]:
    stop = asyncio.Event()
    keeping = Kept(tabs, folder)
    task = asyncio.create_task(keeping.keeper.run(stop))
    try:
        yield keeping
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(task, return_exceptions=True)


async def offered(hub: Hub, name: str) -> str:
    """Wait until a function of this name can be called; its address."""
    async with asyncio.timeout(LOAD_SECONDS), hub.subscribe("functions.changed") as news:
        while True:
            for found in await hub.functions():
                if found.name == name:
                    return found.address
            await anext(aiter(news))


async def until(app: Hub, wanted: str) -> dict[str, Any]:
    """Ask for the tab until it is in this state: the keeper looks at it now and then, and tells nobody."""
    async with asyncio.timeout(LOAD_SECONDS):
        while True:
            (found,) = await app.call("tab.list")
            if (
                found["state"] == wanted and found["memory"] is not None
            ):  # the first look at it takes a moment
                return dict(found)
            await asyncio.sleep(_PACE.beat)


_ASK = """
() => {
    const { Popup, POPUP_TYPE } = SillyTavern.getContext();
    globalThis.answered = null;
    new Popup('What is your <b>name</b>?', POPUP_TYPE.INPUT, '').show().then(value => { globalThis.answered = value; });
}
"""
_TELL = """
() => {
    const { Popup, POPUP_TYPE } = SillyTavern.getContext();
    return new Popup('This character has embedded regex script(s).', POPUP_TYPE.CONFIRM).show();
}
"""


@pytest.mark.timeout(600, func_only=True)
async def test_programs_see_a_tab_answer_its_dialog_and_open_it_anew(
    options: TabOptions, hub: RunningHub, app: Hub, tmp_path: Path
) -> None:
    folder = tmp_path / "keeper"
    async with kept(options, folder=folder) as keeping:
        tab = await keeping.next_open()
        await offered(app, "tab.list")
        info = await until(app, "online")
        assert (info["tab"], info["account"], info["url"]) == ("guarded", _HANDLE, options.url)
        assert info["tavern"] in [known.tavern_id for known in await app.taverns()]
        assert info["restarts"] == 0
        assert info["reason"] is None
        assert info["memory"] > 50_000_000, "a browser with SillyTavern in it"

        shot = await app.call("tab.screenshot", tab="guarded", width=400, format="png")
        data = base64.b64decode(shot["image"]["data"])
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == (400, shot["height"])
        small = await app.call("tab.screenshot", tab=info["tavern"])
        picture = base64.b64decode(small["image"]["data"])
        assert picture.startswith(b"\xff\xd8"), "a JPEG"
        _ARTEFACTS.mkdir(parents=True, exist_ok=True)
        (_ARTEFACTS / "screenshot.jpeg").write_bytes(picture)
        figures = f"{info['memory'] / 1e6:.0f} MB the browser, {len(picture) / 1e3:.0f} kB a picture of 800 pixels\n"
        (_ARTEFACTS / "figures.txt").write_text(figures, "utf-8")

        # A dialog that a rule knows is answered; one that none knows waits, is told, and is answered from outside.
        assert await tab.evaluate(_TELL) is not True
        await tab.evaluate(_ASK)
        info = await until(app, "blocked_by_dialog")
        (dialog,) = info["dialogs"]
        assert dialog["text"] == "What is your name?"
        assert dialog["asks_text"]
        assert "name" in info["reason"]
        assert info["answered"] == 1
        with pytest.raises(BadMessage, match="It has"):
            await app.call("tab.answer", tab="guarded", dialog=dialog["id"], answer="Perhaps")
        await app.call("tab.answer", tab="guarded", dialog=dialog["id"], answer="ok", text="Ada")
        await tab.page.wait_for_function("() => globalThis.answered === 'Ada'")
        with pytest.raises(NotFound, match="open"):
            await app.call("tab.answer", tab="guarded", dialog=dialog["id"], answer="ok")

        await _only_who_may(hub, app)

        # A page that hangs is opened again, and so is one that somebody wants anew; as the same tavern.
        session = await tab.page.context.new_cdp_session(tab.page)
        await session.send("Debugger.enable")
        await session.send("Debugger.pause")
        await keeping.next_open()
        assert any("hangs" in line for line in keeping.lines), keeping.lines
        again = await until(app, "online")
        assert again["tavern"] == info["tavern"]
        assert again["restarts"] == 1
        assert "hangs" in again["last_restart"]["why"]
        await app.call("tab.restart", tab="guarded", when_idle=False)
        await keeping.next_open()
        last = await until(app, "online")
        assert (last["restarts"], last["tavern"]) == (2, info["tavern"])
        assert "'test' asked for it" in last["last_restart"]["why"]
    assert not any(_SECRET in line or _PASSWORD in line or hub.tavern_key in line for line in keeping.lines)
    assert (folder / "keeper.json").stat().st_size > 0


async def _only_who_may(hub: RunningHub, app: Hub) -> None:
    """A key sees the tabs of the taverns that it reaches, and a viewer none."""
    async with connect(hub.url, hub.admin_key, name="admin") as admin:
        elsewhere = await admin.keys.create("Elsewhere", taverns=["another"])
        here = await admin.keys.create("Here", taverns=["guarded"], scopes=["functions:call", "chat:read"])
        blind = await admin.keys.create("Blind", scopes=["functions:call"])
    async with connect(hub.url, elsewhere.key, name="elsewhere") as other:
        assert await other.call("tab.list") == []
        with pytest.raises(NotFound, match="No tab"):
            await other.call("tab.screenshot", tab="guarded")
    async with connect(hub.url, here.key, name="here") as one:
        assert [each["tab"] for each in await one.call("tab.list")] == ["guarded"]
        with pytest.raises(AuthError):
            await one.call("tab.restart", tab="guarded")
    async with connect(hub.url, blind.key, name="blind") as none:
        with pytest.raises(AuthError):
            await none.call("tab.screenshot", tab="guarded")
    async with connect(hub.url, hub.viewer_key, name="viewer") as viewer:
        with pytest.raises(AuthError):
            await viewer.call("tab.list")


@pytest.mark.timeout(300, func_only=True)
async def test_a_key_that_is_refused_ends_the_keeper_or_is_waited_for(
    options: TabOptions, hub: RunningHub, tmp_path: Path
) -> None:
    file = tmp_path / "tavern.key"
    file.write_text("tl_tavern_nobody_000\n", "utf-8")
    by_file = dataclasses.replace(options, key=None, key_file=file)
    keeper = Keeper([by_file], report=lambda _line: None, pace=_PACE)
    with pytest.raises(BrowserTabError, match="unauthorized") as caught:
        await keeper.run()
    assert caught.value.code == "hub_refused"
    assert keeper.tabs[0].info.state == "stopped"
    # Told to wait, it comes when the file is mended.
    file.unlink()
    async with kept(dataclasses.replace(by_file, wait_for_key=True)) as keeping:
        assert "cannot be read" in await keeping.next_line()
        file.write_text(hub.tavern_key, "utf-8")
        tab = await keeping.next_open()
        assert await tab.evaluate("() => globalThis.tavernlink.state().name") == "online"
