"""One SillyTavern tab in a browser, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit, urlunsplit

from playwright.async_api import BrowserContext, Dialog, Error, Page, async_playwright

from tavernlink.tab import page as steps
from tavernlink.tab import scripts
from tavernlink.tab.browser import find_browser, launch_arguments
from tavernlink.tab.dialogs import Dialogs
from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.options import TabOptions
from tavernlink.tab.work import Work

__all__ = ["Tab", "without_credentials"]


class Tab:
    """An open, usable tab, as an async context manager.

    Without `context` it starts a browser of its own on `options.profile`, or on a scratch profile that is deleted at
    the end. With one it opens a page in it, and neither profile nor browser are its business. `report` gets one line
    for each thing a person would want to know: dialogs that block, a page that crashed. `on_page` gets the page before
    anything is loaded in it.
    """

    def __init__(
        self,
        options: TabOptions,
        *,
        context: BrowserContext | None = None,
        report: Callable[[str], None] | None = None,
        on_page: Callable[[Page], None] | None = None,
    ) -> None:
        self.options = options
        self._given_context = context
        self._report = report or (lambda _line: None)
        self.popups = Dialogs(options.dialogs, self._report)
        self.work = Work()
        self._on_page = on_page or (lambda _page: None)
        self._open = contextlib.AsyncExitStack()
        self.profile: Path | None = options.profile
        """Its browser's profile folder, while it has a browser of its own."""
        self._page: Page | None = None
        self._lost: asyncio.Future[str] | None = None

    @property
    def dialogs(self) -> list[str]:
        """Texts of the modal dialogs that opened, oldest first."""
        return list(self.popups.seen)

    @property
    def page(self) -> Page:
        """The Playwright page. Raises BrowserTabError `tab_lost` when the tab is not open."""
        if self._page is None:
            raise BrowserTabError("tab_lost", "The tab is not open.")
        return self._page

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def open(self) -> None:
        """Open it, up to a SillyTavern that can be used. Raises BrowserTabError."""
        async with contextlib.AsyncExitStack() as stack:
            context = self._given_context or await self._launch(stack)
            page = await steps.react(context.new_page())
            stack.push_async_callback(_close, page)
            if self._given_context is None:
                for other in [
                    each for each in context.pages if each is not page
                ]:  # the empty one it starts with
                    await _close(other)
            self._page = page
            self._on_page(page)
            await steps.react(self._prepare(page))
            await self._load()
            self._open = stack.pop_all()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the tab, and the browser where it is the tab's own. Closing twice does nothing."""
        self._lose("it was closed")
        await self._open.pop_all().aclose()
        self._page = None

    async def reload(self) -> None:
        """Reload the page as a person would, and do again what does not survive a reload."""
        await steps.react(self.page.reload(wait_until="commit"))
        await self.settle()

    async def settle(self) -> None:
        """Make a page that was just loaded usable again; it may have reloaded itself."""
        await steps.wait_usable(self.page, seconds=self.options.start_seconds)
        await self._set_up()

    async def beat(self) -> Any:
        """Return what the page says of itself (`scripts.BEAT`). Raises Playwright's `Error` where it cannot."""
        found = await self.page.evaluate(scripts.BEAT)
        self.popups.receive_open(found["dialogs"])
        return found

    async def press(self, dialog: str, answer: str, text: str | None = None) -> bool | None:
        """Answer a dialog by its id; False: it has no such answer, None: it is not open any more."""
        step = self.page.evaluate(scripts.PRESS, {"id": dialog, "answer": answer, "text": text})
        pressed: bool | None = await steps.react(step)
        return pressed

    async def evaluate(self, script: str, argument: Any = None) -> Any:
        """Run a JavaScript function in the page; its JSON-safe result."""
        return await self.page.evaluate(script, argument)

    async def select_character(self, wanted: str, *, chat: str | None = None) -> None:
        """Open a character's chat, by avatar file name or name; that of this name, or the one it had open last."""
        await steps.select_character(self.page, wanted, chat=chat)

    async def new_chat(self) -> None:
        """Start a new chat with the open character."""
        await steps.start_new_chat(self.page)

    async def connect_model(self, url: str, *, key: str | None = None, model: str | None = None) -> None:
        """Connect SillyTavern to an OpenAI-style model server (base address with `/v1`)."""
        await steps.connect_model(
            self.page, url=url, key=key, model=model, seconds=self.options.connect_seconds
        )

    async def wait_connected(self) -> None:
        """Wait until the extension is connected to the hub."""
        await steps.wait_connected(self.page, seconds=self.options.connect_seconds)

    async def open_dialogs(self) -> list[str]:
        """Texts of the modal dialogs that are open now."""
        return await steps.open_dialogs(self.page)

    async def wait_lost(self) -> str:
        """Wait until the tab goes away by itself (crash, closed window, browser ended); the reason."""
        if self._lost is None:
            raise BrowserTabError("tab_lost", "The tab is not open.")
        return await asyncio.shield(self._lost)

    async def _launch(self, stack: contextlib.AsyncExitStack) -> BrowserContext:
        options = self.options
        browser = options.browser or find_browser()
        profile = self.profile = options.profile or Path(tempfile.mkdtemp(prefix="tavernlink-profile-"))
        if options.profile is None:
            # Chromium's children may still write while it ends, so errors are ignored here.
            stack.callback(shutil.rmtree, profile, ignore_errors=True)
        playwright = await stack.enter_async_context(async_playwright())
        credentials = _credentials(options)
        try:
            context = await playwright.chromium.launch_persistent_context(
                profile,
                executable_path=browser,
                headless=options.headless,
                args=launch_arguments(),
                http_credentials=credentials,  # type: ignore[arg-type]  # a TypedDict of Playwright's own
                # SIGINT and SIGTERM are the program's: it closes the browser itself.
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except Error as error:
            raise BrowserTabError(
                "browser_failed", f"The browser {browser} did not start:\n{error.message}"
            ) from error
        stack.push_async_callback(_close, context)
        return context

    async def _prepare(self, page: Page) -> None:
        self._lost = asyncio.get_running_loop().create_future()
        page.on("crash", lambda _page: self._lose("its page crashed"))
        page.on("close", lambda _page: self._lose("its page was closed"))
        page.on("dialog", self._answer_native_dialog)
        page.on("request", self.work.receive_request)
        page.on("requestfinished", self.work.receive_end)
        page.on("requestfailed", self.work.receive_end)
        page.on("domcontentloaded", lambda _page: self.work.forget())
        await page.expose_function("tavernlinkDialogOpened", self.popups.receive_opened)
        await page.expose_function("tavernlinkDialogUnanswered", self.popups.receive_unanswered)
        await page.add_init_script(scripts.WATCH_DIALOGS)
        options = self.options
        key = options.read_key()
        if options.hub and key:
            connection = {
                "url": options.hub,
                "key": key,
                "name": options.name or "",
                "attended": not options.headless,
            }
            script = steps.connection_script(_origin(options.url), connection)
            await page.add_init_script(script)

    async def _load(self) -> None:
        options = self.options
        url, seconds = without_credentials(options.url), options.start_seconds
        await steps.open_page(self.page, url, seconds=seconds)
        if options.account and await steps.sign_in(self.page, options.account, options.password):
            await steps.open_page(self.page, url, seconds=seconds)
        await self.settle()

    async def _set_up(self) -> None:
        options = self.options
        if options.model_url:
            await self.connect_model(options.model_url, key=options.model_key, model=options.model_id)
        if options.character:
            await self.select_character(options.character, chat=options.chat)
        if options.hub and (options.key or options.key_file) and options.wait_connected:
            await self.wait_connected()

    async def _answer_native_dialog(self, dialog: Dialog) -> None:
        """`alert` and the like stop all scripts of the page, so they are answered at once."""
        accepted = self.popups.receive_native(dialog.type, dialog.message)
        with contextlib.suppress(Error):
            await (dialog.accept() if accepted else dialog.dismiss())

    def _lose(self, reason: str) -> None:
        if self._lost and not self._lost.done():
            self._lost.set_result(reason)


async def _close(thing: Page | BrowserContext) -> None:
    with contextlib.suppress(BrowserTabError):  # it may be gone already, or hang
        await steps.react(thing.close())


def _origin(url: str) -> str:
    parts = urlsplit(without_credentials(url))
    return f"{parts.scheme}://{parts.netloc}"


def without_credentials(url: str) -> str:
    """Return the address without the name and password that may stand in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _credentials(options: TabOptions) -> dict[str, str] | None:
    """Name and password for basic authentication, for SillyTavern's own origin only."""
    parts = urlsplit(options.url)
    written = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    found = options.basic_auth or written
    if found is None:
        return None
    return {"username": found[0], "password": found[1], "origin": _origin(options.url)}
