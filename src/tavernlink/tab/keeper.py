"""Keeps tabs open for as long as it is asked to: one browser each, so that none takes the others with it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.kept import KeptTab, Pace
from tavernlink.tab.line import HubLine
from tavernlink.tab.options import TabOptions
from tavernlink.tab.tab import Tab, without_credentials
from tavernlink.tab.waiting import wait_first

__all__ = ["Keeper", "run_forever"]

_OPENING = 2
"""Tabs that are opened at the same time; each takes a processor for some seconds."""


class Keeper:
    """Several tabs, and the line by which the hub's programs see them."""

    def __init__(
        self,
        tabs: Sequence[TabOptions],
        *,
        report: Callable[[str], None] = print,
        on_open: Callable[[Tab], None] | None = None,
        folder: Path | None = None,
        key: str | None = None,
        offer: bool = True,
        pace: Pace | None = None,
    ) -> None:
        """`folder` keeps the keeper's key over restarts; `key`: one with `functions:register` instead of its own.

        `offer`: let programs see and mend the tabs through the hub, where the tabs have one.
        """
        several = len(tabs) > 1
        self._report = report
        opening = asyncio.Semaphore(_OPENING)
        shared = Counter(map(_opened_by, tabs))
        self.tabs: list[KeptTab] = []
        for number, options in enumerate(tabs, 1):
            name = options.name or f"tab {number}"
            alone = options.character is None or shared[_opened_by(options)] == 1
            chat = options.chat or (None if alone else _chat_of(name))
            self.tabs.append(
                KeptTab(
                    dataclasses.replace(options, chat=chat, wait_connected=False),
                    name=name,
                    report=_prefixed(name, report) if several else report,
                    on_open=on_open,
                    opening=opening,
                    pace=pace,
                )
            )
        # Some systems hold folders of profiles for one that differ by capitals alone.
        if len({kept.name.casefold() for kept in self.tabs}) < len(self.tabs):
            raise BrowserTabError(
                "invalid_settings", "Two of the tabs have the same name. Name them differently."
            )
        profiles = [kept.options.profile for kept in self.tabs if kept.options.profile is not None]
        if len(set(profiles)) < len(profiles):
            raise BrowserTabError(
                "invalid_settings",
                "Two of the tabs have the same profile folder, which one browser has to itself. Name another.",
            )
        self._line = HubLine(self.tabs, report=report, folder=folder, key=key) if offer else None

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Keep them open until `stop` is set (or the task is cancelled).

        A tab that a person must mend stops, the others go on; raises BrowserTabError when none is left.
        """
        stop = stop or asyncio.Event()
        keeping = [asyncio.create_task(self._keep(kept, stop)) for kept in self.tabs]
        offering = asyncio.create_task(self._line.run()) if self._line is not None else None
        try:
            await asyncio.gather(*keeping)
        finally:
            if offering is not None:
                offering.cancel()
                await asyncio.gather(offering, return_exceptions=True)
            stop.set()
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)

    async def _keep(self, kept: KeptTab, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with _profile(kept):
                    await kept.run(stop)
            except BrowserTabError as error:
                if all(each.error is not None for each in self.tabs):
                    raise
                self._report(f"The tab {kept.name!r} stops: {error.message}")
                await wait_first(stop.wait(), kept.wait_woken())


def _opened_by(options: TabOptions) -> tuple[str, str | None, str | None]:
    """Tell what a tab opens from what others open; two tabs in one chat write over each other's messages."""
    return without_credentials(options.url).rstrip("/"), options.account, options.character


def _chat_of(name: str) -> str:
    """Return a name for the chat of a tab that SillyTavern takes as a file's name on every system."""
    return re.sub(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]', "_", name).strip(" .")[:100] or "tab"


@contextlib.asynccontextmanager
async def _profile(kept: KeptTab) -> AsyncIterator[None]:
    """One profile for all attempts, a scratch one where none is named: the tavern keeps its id."""
    if kept.options.profile is not None:
        kept.options.profile.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield
        return
    options = kept.options
    scratch = Path(tempfile.mkdtemp(prefix="tavernlink-profile-"))
    kept.options = dataclasses.replace(options, profile=scratch)
    try:
        yield
    finally:
        kept.options = options
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


async def run_forever(
    options: TabOptions,
    *,
    stop: asyncio.Event | None = None,
    report: Callable[[str], None] = print,
    on_open: Callable[[Tab], None] | None = None,
) -> None:
    """Keep one tab open until `stop` is set (or the task is cancelled), without telling the hub about it.

    A crashed or hung page and a SillyTavern that is away are met with a new tab after a growing, jittered wait.
    What waiting cannot mend (no browser, a login) raises BrowserTabError. `report` gets one line for each event,
    `on_open` each tab that opened.
    """
    await Keeper([options], report=report, on_open=on_open, offer=False).run(stop)


def _prefixed(name: str, report: Callable[[str], None]) -> Callable[[str], None]:
    return lambda line: report(f"[{name}] {line}")
