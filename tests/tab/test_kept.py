"""What keeps tabs open, without a browser: a tab that is none stands in for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error

from tavernlink.tab import kept as module
from tavernlink.tab.dialogs import Dialogs
from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.keeper import Keeper
from tavernlink.tab.kept import Pace
from tavernlink.tab.options import TabOptions
from tavernlink.tab.work import Work

SECONDS = 30.0


class NoTab:
    """Opens as `troubles` say, one at each attempt, then well."""

    troubles: list[Exception]

    def __init__(self, options: TabOptions, *, report: Any) -> None:
        self.popups = Dialogs(options.dialogs, report)
        self.work = Work()
        self.profile = None

    async def open(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)

    async def beat(self) -> dict[str, Any]:
        return {"login": False, "ready": True, "connection": None, "tavern": None, "dialogs": []}

    async def wait_lost(self) -> str:
        lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await lost

    async def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture
def troubles(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    found: list[Exception] = []
    monkeypatch.setattr(NoTab, "troubles", found, raising=False)
    monkeypatch.setattr(module, "Tab", NoTab)
    return found


def options(tmp_path: Path, name: str = "one") -> TabOptions:
    return TabOptions(url="http://127.0.0.1:1", name=name, profile=tmp_path / name)


async def test_a_failure_that_nobody_foresaw_costs_one_opening_and_no_other_tab(
    troubles: list[Exception], tmp_path: Path
) -> None:
    troubles.append(Error("Target closed\n  at somewhere"))
    opened = asyncio.Event()
    keeper = Keeper(
        [options(tmp_path), options(tmp_path, "two")],
        report=lambda _: None,
        offer=False,
        pace=Pace(first_wait=0.01),
        on_open=lambda _: opened.set() if all(each.tab for each in keeper.tabs) else None,
    )
    stop = asyncio.Event()
    keeping = asyncio.create_task(keeper.run(stop))
    async with asyncio.timeout(SECONDS):
        await opened.wait()
        assert sorted(each.info.restarts for each in keeper.tabs) == [0, 1]
        why = next(each.info.last_restart for each in keeper.tabs if each.info.restarts)
        assert why is not None
        assert "Target closed" in why.why
        stop.set()
        await keeping


async def test_who_is_cancelled_while_it_waits_leaves_no_task_behind(
    troubles: list[Exception], tmp_path: Path
) -> None:
    troubles += [BrowserTabError("page_failed", "Nobody there.")] * 2
    before = asyncio.all_tasks()
    waits = asyncio.Event()
    keeper = Keeper(
        [options(tmp_path), options(tmp_path, "two")],
        report=lambda line: waits.set() if "[one] The tab is gone" in line else None,
        offer=False,
        pace=Pace(first_wait=600.0),
    )
    keeping = asyncio.create_task(keeper.run())
    async with asyncio.timeout(SECONDS):
        await waits.wait()
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping
        await asyncio.sleep(0)  # a task that was cancelled ends in the loop's next round
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


def test_tabs_have_names_and_profiles_of_their_own_on_every_system(tmp_path: Path) -> None:
    with pytest.raises(BrowserTabError, match="same name"):
        Keeper([options(tmp_path, "Study"), options(tmp_path, "study")], offer=False)
    same = [TabOptions(url="http://127.0.0.1:1", name=name, profile=tmp_path) for name in ("one", "two")]
    with pytest.raises(BrowserTabError, match="same profile"):
        Keeper(same, offer=False)
