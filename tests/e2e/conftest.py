"""A real SillyTavern, a real Chromium, a stand-in model and a hub, each started once for the whole run.

All tests and fixtures of this folder run in one event loop that lives as long as the session; an async fixture in a
test file needs `@pytest_asyncio.fixture(loop_scope="session")`. A test that fails shows what the others saw: the
page's console, its open dialogs, SillyTavern's log, the model's last requests. The next one, or its second try,
finds everything new (`fresh.py`).

    model         the stand-in model, with nothing recorded yet
    hub           a hub in this process, with keys: `.url .admin_key .app_key .tavern_key .viewer_key .server`
    app           the SDK connected to it
    sillytavern   a server with the extension
    start_sillytavern(…)  another one; ends with the session
    open_tab(…)   a tab with a browser profile of its own on `sillytavern`, hub and model connected, Seraphina open;
                  takes what TabOptions takes, and `context` for a second tab of one profile
    tab           the shared tab with a new chat: quicker, for tests that leave the page as it was
    tavern        that tab for the SDK
    desk          that tab with the folder of its chats, and looks at all that must stay as it is
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.demo.model import Model
from tavernlink.demo.process import log_tail
from tavernlink.demo.sillytavern import SillyTavern, prepare
from tavernlink.extension_files import extension_folder
from tavernlink.sdk import Hub, Tavern, connect
from tavernlink.tab import Tab, TabOptions, find_browser
from tavernlink.tab.browser import launch_arguments
from tests.e2e.desk import SETTLED, Desk
from tests.e2e.example_world import ExampleWorld
from tests.e2e.fresh import FreshWorld
from tests.e2e.patience import LOAD_SECONDS, PATIENCE, TEST_SECONDS
from tests.hub_log import log_to

_HERE = Path(__file__).parent
_CONSOLE_LINES = 60
expect.set_options(timeout=PATIENCE * 1000)

OpenTab = Callable[..., Awaitable[Tab]]
StartSillyTavern = Callable[..., Awaitable[SillyTavern]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder: real browser, one event loop, a time limit that leaves the set-up out."""
    for item in items:
        if _HERE not in item.path.parents:
            continue
        item.add_marker(pytest.mark.e2e)
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TEST_SECONDS, func_only=True))
        if pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


class Witness:
    """What happened around the test, to be shown when it fails."""

    def __init__(self) -> None:
        self.console: deque[str] = deque(maxlen=_CONSOLE_LINES)
        self.sections: dict[str, Callable[[], str]] = {"page console": lambda: "\n".join(self.console)}

    def watch(self, page: Page) -> None:
        """Keep what this page writes to its console."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} or "avernlink" in message.text:
            self.console.append(f"{message.type}: {message.text[:400]}")


_WITNESS = pytest.StashKey[Witness]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_WITNESS] = Witness()
    config.pluginmanager.register(FreshWorld(_HERE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and _HERE in item.path.parents:
        for title, text in item.config.stash[_WITNESS].sections.items():
            report.sections.append((title, text()))
    return report


@pytest.fixture(scope="session")
def witness(pytestconfig: pytest.Config) -> Witness:
    """Return the one that stays when a failed test has the world made anew."""
    return pytestconfig.stash[_WITNESS]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def model_server(witness: Witness) -> AsyncIterator[Model]:
    async with Model(speed=400) as running:
        witness.sections["model, last requests"] = lambda: "\n".join(
            f"{seen.id} {seen.path} {seen.state}, {seen.sent} tokens" for seen in list(running.requests)[-5:]
        )
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hub(tmp_path_factory: pytest.TempPathFactory, witness: Witness) -> AsyncIterator[RunningHub]:
    data = tmp_path_factory.mktemp("hub")
    witness.sections["hub"] = lambda: log_tail(data / "hub.log", 40)
    with log_to(data / "hub.log"):
        async with open_hub(data) as running:
            yield running


@pytest_asyncio.fixture(loop_scope="session")
async def app(hub: RunningHub) -> AsyncIterator[Hub]:
    async with connect(hub.url, hub.app_key, name="test") as connected:
        yield connected


@pytest.fixture
def model(model_server: Model) -> Model:
    model_server.forget()
    return model_server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def start_sillytavern(witness: Witness) -> AsyncIterator[StartSillyTavern]:
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: Any) -> SillyTavern:
            running = await stack.enter_async_context(
                SillyTavern(**({"extension": extension_folder()} | options))
            )
            witness.sections[f"SillyTavern {running.url}"] = running.log_tail
            return running

        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sillytavern(start_sillytavern: StartSillyTavern) -> SillyTavern:
    await prepare(progress=print)
    return await start_sillytavern()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=find_browser(), args=launch_arguments())
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(
    browser: Browser, sillytavern: SillyTavern, hub: RunningHub, model_server: Model, witness: Witness
) -> AsyncIterator[OpenTab]:
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(context: BrowserContext | None = None, **options: Any) -> Tab:
            if context is None:
                context = await browser.new_context()
                stack.push_async_callback(context.close)
            return await stack.enter_async_context(
                _tab(context, sillytavern, hub, model_server, witness, options)
            )

        yield open_one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_tab(
    browser: Browser, sillytavern: SillyTavern, hub: RunningHub, model_server: Model, witness: Witness
) -> AsyncIterator[Tab]:
    context = await browser.new_context()
    async with _tab(context, sillytavern, hub, model_server, witness, {"name": "shared"}) as tab:
        yield tab
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tab(shared_tab: Tab, model: Model) -> Tab:  # what the model saw before is not this test's
    await shared_tab.page.wait_for_function(SETTLED)
    await shared_tab.select_character("default_Seraphina.png")
    await shared_tab.new_chat()
    return shared_tab


@pytest.fixture
def tavern(app: Hub) -> Tavern:
    return app.tavern("shared")


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tab: Tab, sillytavern: SillyTavern) -> Desk:
    found = Desk(tab, sillytavern)
    await found.settle()
    return found


@contextlib.asynccontextmanager
async def _tab(
    context: BrowserContext,
    sillytavern: SillyTavern,
    hub: RunningHub,
    model: Model,
    witness: Witness,
    options: dict[str, Any],
) -> AsyncIterator[Tab]:
    defaults: dict[str, Any] = {
        "url": sillytavern.url,
        "hub": hub.url,
        "key": hub.tavern_key,
        "model_url": model.url,
        "character": "default_Seraphina.png",
        "connect_seconds": PATIENCE,
        "start_seconds": LOAD_SECONDS,
    }
    wanted = TabOptions(**(defaults | options))
    async with Tab(wanted, context=context, report=witness.console.append, on_page=witness.watch) as tab:
        yield tab


@contextlib.asynccontextmanager
async def open_world(
    browser: Browser, sillytavern: SillyTavern, hub: RunningHub, model: Model, witness: Witness, *, name: str
) -> AsyncIterator[ExampleWorld]:
    """Open the example world on a SillyTavern of its own, in a tab of this name."""
    context = await browser.new_context()
    async with (
        _tab(context, sillytavern, hub, model, witness, {"name": name}) as tab,
        connect(hub.url, hub.app_key, name=f"{name} test") as app,
    ):
        yield ExampleWorld(tab, sillytavern, app.tavern(name))
    await context.close()


@contextlib.asynccontextmanager
async def open_attended(
    browser: Browser, sillytavern: SillyTavern, hub: RunningHub, model: Model, witness: Witness, *, name: str
) -> AsyncIterator[Tab]:
    """Open a tab at which somebody sits, as the extension has it: it may ask."""
    context = await browser.new_context()
    async with _tab(context, sillytavern, hub, model, witness, {"name": name, "headless": False}) as tab:
        yield tab
    await context.close()
