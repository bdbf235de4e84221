"""Keeps a tab open for as long as it is asked to: opens it again when anything about it ends."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Error

from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.options import TabOptions
from tavernlink.tab.tab import Tab

__all__ = ["run_forever"]

_BEAT_SECONDS = 20.0
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 60.0
_HOPELESS = {"browser_missing", "playwright_missing", "login_required", "unknown_character"}


async def run_forever(
    options: TabOptions,
    *,
    stop: asyncio.Event | None = None,
    report: Callable[[str], None] = print,
    on_open: Callable[[Tab], None] | None = None,
) -> None:
    """Keep a tab open until `stop` is set (or the task is cancelled).

    A crashed or hung page and a SillyTavern that is away are met with a new tab after a growing, jittered wait.
    What waiting cannot mend (no browser, a login) raises BrowserTabError. `report` gets one line for each event,
    `on_open` each tab that opened.
    """
    stop = stop or asyncio.Event()
    scratch = None if options.profile else Path(tempfile.mkdtemp(prefix="tavernlink-profile-"))
    if scratch:  # one profile for all attempts: the tavern keeps its id
        options = dataclasses.replace(options, profile=scratch)
    wait = _FIRST_WAIT_SECONDS
    try:
        while not stop.is_set():
            try:
                async with Tab(options, report=report) as tab:
                    report(f"The tab is open on {options.url}.")
                    wait = _FIRST_WAIT_SECONDS
                    if on_open:
                        on_open(tab)
                    reason = await _until_lost(tab, stop)
            except BrowserTabError as error:
                if error.code in _HOPELESS:
                    raise
                reason = error.message
            if stop.is_set():
                break
            report(f"The tab is gone: {reason} Opening it again in about {wait:.0f} s.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait * random.uniform(0.5, 1.0))  # noqa: S311  # jitter
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
    finally:
        if scratch:
            await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


async def _until_lost(tab: Tab, stop: asyncio.Event) -> str:
    """Wait until the tab is gone, hangs, or `stop` is set; the reason."""
    lost = asyncio.create_task(tab.wait_lost())
    stopped = asyncio.create_task(stop.wait())
    try:
        while True:
            await asyncio.wait({lost, stopped}, timeout=_BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if lost.done():
                return f"{lost.result()}."
            if stopped.done():
                return "it was stopped."
            try:
                await asyncio.wait_for(tab.evaluate("() => true"), _BEAT_SECONDS)
            except TimeoutError:
                return "its page hangs."
            except Error as error:
                return f"its page does not answer ({error.message.splitlines()[0]})."
    finally:
        lost.cancel()
        stopped.cancel()
