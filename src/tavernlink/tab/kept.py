"""One tab that is kept open: opened again when anything about it ends, watched while it is there.

opening ──► online ◄──► offline, blocked_by_dialog
   ▲           │ it is lost, hangs, is too large, was told to
   │           ▼
   └──────── waiting ──► stopped: what no waiting mends
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Error

from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.memory import browser_memory
from tavernlink.tab.options import TabOptions
from tavernlink.tab.page import react, refusal
from tavernlink.tab.status import Restart, TabInfo, TabState
from tavernlink.tab.tab import Tab, without_credentials
from tavernlink.tab.waiting import wait_first
from tavernlink.tab.watch import PATIENCE_SECONDS, Watch

__all__ = ["KeptTab", "Pace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often and how long; in seconds."""

    beat: float = 10.0
    """Between two heartbeats."""
    answer: float = 30.0
    """So long a page may take to answer one; longer, it hangs."""
    first_wait: float = 1.0
    longest_wait: float = 60.0
    settled: float = 60.0
    """A tab that stayed open for so long begins anew with the shortest wait."""
    missing: float = 300.0
    """A page without the extension is loaded anew after so long."""


class KeptTab:
    """A tab, from `run` to its end. `options.profile` is where it keeps its tavern's id."""

    def __init__(
        self,
        options: TabOptions,
        *,
        name: str,
        report: Callable[[str], None],
        on_open: Callable[[Tab], None] | None = None,
        on_change: Callable[[KeptTab], None] | None = None,
        opening: asyncio.Semaphore | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.options = options
        self.name = name
        self.tab: Tab | None = None
        """While it is open."""
        self.tavern: str | None = None
        self.error: BrowserTabError | None = None
        """Why it stopped."""
        self._report = report
        self._on_open = on_open or (lambda _tab: None)
        self._on_change = on_change or (lambda _kept: None)
        self._opening = opening or asyncio.Semaphore()
        self._pace = pace or Pace()
        self._state: TabState = "closed"
        self._reason: str | None = None
        self._since = time.time()
        self._opened: float | None = None
        self._retry_at = 0.0
        self._memory: int | None = None
        self._restarts = 0
        self._last_restart: Restart | None = None
        self._answered = 0
        self._watch = Watch(options)
        self._wake = asyncio.Event()

    # ── What it tells ────────────────────────────────────────────────────────────────────────────────────
    @property
    def info(self) -> TabInfo:
        """How it is now."""
        now = time.time()
        tab = self.tab
        return TabInfo(
            tab=self.name,
            tavern=self.tavern,
            url=without_credentials(self.options.url),
            account=self.options.account,
            character=self.options.character,
            state=self._state,
            reason=self._reason,
            since=self._since,
            uptime=None if tab is None else self._uptime(),
            retry_in=max(0.0, self._retry_at - now) if self._state == "waiting" else None,
            memory=None if tab is None else self._memory,
            memory_limit=self.options.memory_limit,
            restarts=self._restarts,
            last_restart=self._last_restart,
            dialogs=[] if tab is None else tab.popups.open,
            answered=self._answered + (0 if tab is None else tab.popups.answered),
        )

    def restart(self, why: str, *, when_idle: bool) -> None:
        """Have it opened anew: when it has nothing to do, in a minute at the latest; or at once."""
        self._watch.ask(why, deadline=self._uptime() + PATIENCE_SECONDS if when_idle else 0.0)
        self._wake.set()

    async def wait_woken(self) -> None:
        """Wait until somebody wants a tab that stopped opened anew."""
        await self._wake.wait()
        self._wake.clear()

    def refresh(self) -> None:
        """Bring the state up to date with the dialogs that are open."""
        if self.tab is not None and self._state in ("online", "blocked_by_dialog"):
            self._enter_open(self._state)

    # ── Keeping it ───────────────────────────────────────────────────────────────────────────────────────
    async def run(self, stop: asyncio.Event) -> None:
        """Keep it open until `stop`. Raises BrowserTabError for what no waiting mends."""
        wait = self._pace.first_wait
        self.error = None
        try:
            while not stop.is_set():
                try:
                    why, told = await self._once(stop)
                except BrowserTabError as error:
                    if not self.options.can_wait(error):
                        self.error = error
                        self._enter("stopped", error.message)
                        raise
                    why, told = error.message, False
                except Error as error:  # whatever of the browser nobody foresaw ends this tab, and no other
                    why, told = f"its browser failed ({error.message.splitlines()[0]}).", False
                if stop.is_set():
                    break
                self._restarts += 1
                self._last_restart = Restart(at=time.time(), why=why)
                if told or self._uptime() > self._pace.settled:
                    wait = self._pace.first_wait
                if told:
                    self._report(f"The tab is opened anew: {why}.")
                    continue
                self._report(f"The tab is gone: {why} Opening it again in about {wait:.0f} s.")
                await self._pause(why, wait * random.uniform(0.5, 1.0), stop)  # noqa: S311  # jitter
                wait = min(wait * 2, self._pace.longest_wait)
        finally:
            if self._state != "stopped":
                self._enter("closed", None)

    async def _once(self, stop: asyncio.Event) -> tuple[str, bool]:
        """Open it and stay until it is gone; why, and whether it was meant to."""
        self._opened = None
        self._watch = Watch(self.options)
        tab = Tab(self.options, report=self._report)
        try:
            async with self._opening:
                self._enter("opening", None)
                await tab.open()
            self.tab = tab
            self._opened = time.monotonic()
            self._memory = None
            await self._connected(tab)
            self._report(f"The tab is open on {without_credentials(self.options.url)}.")
            self._on_open(tab)
            return await self._until_lost(tab, stop)
        finally:
            self.tab = None
            self._answered += tab.popups.answered
            await tab.close()

    async def _connected(self, tab: Tab) -> None:
        """Wait for the extension; a hub that is away is no reason to close the tab, as the extension tries again."""
        if self.options.hub:
            try:
                await tab.wait_connected()
                self.tavern = (await react(tab.beat()))["tavern"]  # who sees it online may ask for its tavern
            except BrowserTabError as error:
                if error.code != "hub_failed":
                    raise
                self._enter_open("offline", error.message)
                return
        self._enter_open("online")

    async def _until_lost(self, tab: Tab, stop: asyncio.Event) -> tuple[str, bool]:
        lost = asyncio.create_task(tab.wait_lost())
        stopped = asyncio.create_task(stop.wait())
        try:
            while True:
                if (why := await self._beat(tab)) is not None:
                    return why, False
                await self._weigh(tab)
                if (why := self._watch.overload(self._memory)) is not None:
                    return f"{why}.", False
                if (why := self._verdict(tab)) is not None:
                    return why, True
                waits = asyncio.wait({lost, stopped}, return_when=asyncio.FIRST_COMPLETED)
                await wait_first(waits, self._wake.wait(), seconds=self._pace.beat)
                self._wake.clear()
                if lost.done():
                    return f"{lost.result()}.", False
                if stopped.done():
                    return "it was stopped.", True
        finally:
            lost.cancel()
            stopped.cancel()

    async def _beat(self, tab: Tab) -> str | None:
        """Ask the page how it is; why the tab must be opened again, or None."""
        try:
            found = await asyncio.wait_for(tab.beat(), self._pace.answer)
        except TimeoutError:
            return "its page hangs."
        except Error as error:
            if "navigat" in error.message or "context was destroyed" in error.message:
                return None  # it loads anew at this moment: the next beat tells
            return f"its page does not answer ({error.message.splitlines()[0]})."
        if found["login"]:
            return "SillyTavern asks for a login again."
        if not found["ready"]:  # it reloaded itself
            self._enter("opening", "The page loads anew.")
            await tab.settle()
            return None
        self._receive_connection(found)
        return None

    def _receive_connection(self, found: dict[str, Any]) -> None:
        if not self.options.hub:
            self._enter_open("online")
            return
        connection = found["connection"]
        if connection is None:
            why = "The extension is not loaded. Is it installed and enabled?"
            self._enter_open("offline", why)
            if time.time() - self._since > self._pace.missing:
                raise BrowserTabError("hub_failed", why)  # it may be there after another load
            return
        told = ": ".join(
            filter(None, (connection["name"], connection.get("code"), connection.get("message")))
        )
        if connection["name"] == "refused":
            raise BrowserTabError("hub_refused", refusal(told.removeprefix("refused: ")))
        if connection["name"] == "online":
            self.tavern = found["tavern"]
            self._enter_open("online")
        else:
            self._enter_open("offline", f"The extension is not connected to the hub ({told}).")

    async def _weigh(self, tab: Tab) -> None:
        if tab.profile is not None:
            self._memory = await asyncio.to_thread(browser_memory, tab.profile)

    def _verdict(self, tab: Tab) -> str | None:
        return self._watch.verdict(uptime=self._uptime(), idle=tab.work.idle_seconds, memory=self._memory)

    async def _pause(self, why: str, seconds: float, stop: asyncio.Event) -> None:
        self._retry_at = time.time() + seconds
        self._enter("waiting", why)
        await wait_first(stop.wait(), self._wake.wait(), seconds=seconds)
        self._wake.clear()

    # ── State ────────────────────────────────────────────────────────────────────────────────────────────
    def _uptime(self) -> float:
        return 0.0 if self._opened is None else time.monotonic() - self._opened

    def _enter_open(self, state: TabState, reason: str | None = None) -> None:
        dialogs = self.tab.popups.open if self.tab is not None else []
        if dialogs and state != "offline":
            self._enter("blocked_by_dialog", f"SillyTavern waits for an answer: {dialogs[0].text}")
        else:
            self._enter("online" if state == "blocked_by_dialog" else state, reason)

    def _enter(self, state: TabState, reason: str | None) -> None:
        if (state, reason) == (self._state, self._reason):
            return
        if state == "offline" and self._state != "offline" and reason:
            self._report(reason)
        if state != self._state:
            self._since = time.time()
        self._state, self._reason = state, reason
        self._on_change(self)
