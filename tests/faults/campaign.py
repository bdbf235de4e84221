"""One campaign: a hub in its own process, a real SillyTavern in Chromium, apps; faults in an order that a seed decides.

In the last third of the time the hub is left alive, so that what it holds can be compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import BrowserContext, async_playwright

from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern, prepare
from tavernlink.extension_files import extension_folder
from tavernlink.sdk import connect
from tavernlink.tab import BrowserTabError, Tab, TabOptions, find_browser
from tavernlink.tab.browser import launch_arguments
from tests.faults.apps import Asker, Listener
from tests.faults.hub_process import HubProcess
from tests.faults.ledger import Asked, Report, count_marks
from tests.faults.network import FaultyPath

__all__ = ["Campaign"]

_APPS = 4
_WARM_UP = 4.0  # seconds of the last hub's life before its memory counts
_SETTINGS = {"kept_requests": 2_000, "tavern_grace": 20, "request_timeout": 60, "queue_timeout": 120}


def _say_nothing(_line: str) -> None:
    """Nobody looks."""


class Campaign:
    """Runs for so many seconds; `report` is what came of it."""

    def __init__(self, seed: int, seconds: float, say: Callable[[str], None] = _say_nothing) -> None:
        self.report = Report(seed)
        self._seconds = seconds
        self._say = say
        self._chance = random.Random(seed)
        self._hub: HubProcess
        self._tab: Tab | None = None
        self._open_tab: Callable[[], Awaitable[Tab]]
        self._apps: list[Asker] = []
        self._paths: dict[str, FaultyPath] = {}

    async def run(self) -> Report:
        """Set everything up, do harm, and count."""
        await prepare(progress=self._say)
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tavernlink-faults-")))
            self._hub = await stack.enter_async_context(HubProcess(folder, **_SETTINGS))
            model = await stack.enter_async_context(Model(speed=300))
            sillytavern = await stack.enter_async_context(SillyTavern(extension=extension_folder()))
            for name in ("apps", "tavern"):
                self._paths[name] = await stack.enter_async_context(FaultyPath(self._hub.url))
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(
                executable_path=find_browser(), args=launch_arguments()
            )
            stack.push_async_callback(browser.close)
            self._open_tab = self._tabs(await browser.new_context(), sillytavern, model)
            self._tab = await self._open_tab()
            stack.push_async_callback(self._close_tab)
            await self._harm()
            self.report.judge(self._asked, count_marks(sillytavern.user_data / "chats"))
        return self.report

    @property
    def _asked(self) -> list[Asked]:
        return [asked for app in self._apps for asked in app.asked.values()]

    async def _harm(self) -> None:
        started = time.monotonic()
        url, key = self._paths["apps"].url, self._hub.app_key
        for number in range(_APPS):
            chance = random.Random(f"{self.report.seed}/{number}")
            self._apps.append(Asker(f"app{number}", url, key, chance, self.report))
        over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(Listener(url, key, self.report).run())
            asking = [tasks.create_task(app.run(over.is_set)) for app in self._apps]
            await self._do_faults(started + self._seconds * 2 / 3, with_hub=True)
            await asyncio.sleep(_WARM_UP)
            before = self._hub.memory()
            await self._do_faults(started + self._seconds, with_hub=False)
            over.set()
            await asyncio.gather(*asking)
            await self._settle()
            after = self._hub.memory()
            listening.cancel()
        self.report.memory = (before, after) if before is not None and after is not None else None
        self.report.seconds = time.monotonic() - started

    async def _do_faults(self, until: float, *, with_hub: bool) -> None:
        faults: list[Callable[[], Awaitable[str]]] = [
            self._cut, self._cut, self._freeze, self._freeze, self._restart_tab, self._restart_app,
        ]  # fmt: skip
        once: list[Callable[[], Awaitable[str]]] = []
        if with_hub:
            faults += [self._kill_hub, self._kill_hub, self._kill_hub]
            once = self._chance.sample(faults, len(faults))  # each of them, however slow the machine is
        while once or time.monotonic() < until:
            await asyncio.sleep(self._chance.uniform(0.2, 1.5))
            name = await (once.pop() if once else self._chance.choice(faults))()
            self.report.faults[name] += 1
            self._say(f"  {name}")

    async def _kill_hub(self) -> str:
        await self._hub.kill()
        await asyncio.sleep(self._chance.uniform(0, 1))
        await self._hub.start()
        return "hub killed"

    async def _cut(self) -> str:
        name = self._chance.choice(("apps", "tavern"))
        self._paths[name].cut()
        return f"{name} cut"

    async def _freeze(self) -> str:
        name = self._chance.choice(("apps", "tavern"))
        await self._paths[name].freeze(self._chance.uniform(0.2, 3))
        if self._chance.random() < 0.5:
            self._paths[name].cut()
        return f"{name} frozen"

    async def _restart_app(self) -> str:
        await self._chance.choice(self._apps).die()
        return "app killed"

    async def _restart_tab(self) -> str:
        await self._close_tab()
        await asyncio.sleep(self._chance.uniform(0, 0.5))
        self._tab = await self._open_tab()
        return "tab closed"

    async def _close_tab(self) -> None:
        if self._tab is not None:
            await self._tab.close()
            self._tab = None

    async def _settle(self) -> None:
        """Wait until every request has its final state, and ask for it."""
        async with connect(self._hub.url, self._hub.app_key, name="judge") as hub:
            for app in self._apps:
                for asked in app.asked.values():
                    with contextlib.suppress(TimeoutError):
                        await app.settle(hub, asked)

    def _tabs(
        self, context: BrowserContext, sillytavern: SillyTavern, model: Model
    ) -> Callable[[], Awaitable[Tab]]:
        options = TabOptions(
            url=sillytavern.url,
            hub=self._paths["tavern"].url,
            key=self._hub.tavern_key,
            name="faults",
            model_url=model.url,
            character="default_Seraphina.png",
            connect_seconds=60.0,
        )

        async def open_one() -> Tab:
            for _ in range(3):
                tab = Tab(options, context=context)
                try:
                    return await tab.__aenter__()
                except BrowserTabError as error:
                    self._say(f"  the tab did not open: {error.message}")
            raise RuntimeError("The tab did not open three times.")

        return open_one
