"""Requests, sessions and the pool through the SDK, against the real hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import tavernlink
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.errors import AuthError
from tavernlink.protocol.stats import StatsChanged
from tavernlink.sdk import Hub
from tests.sdk.scripted_tavern import scripted_tavern


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with open_hub(tmp_path / "hub") as hub, scripted_tavern(hub.url, hub.tavern_key):
        yield hub


@pytest.fixture
async def hub(house: RunningHub) -> AsyncIterator[Hub]:
    async with tavernlink.connect(house.url, house.app_key, name="test") as hub:
        yield hub


async def test_requests_are_listed_and_a_priority_is_for_admins(house: RunningHub, hub: Hub) -> None:
    await hub.tavern("any").send("hello", request_id="mine")
    assert await hub.requests.list() == []
    (done,) = await hub.requests.list(open=False)
    assert (done.request_id, done.state, done.type) == ("mine", "done", "send")
    assert (await hub.requests.cancel("mine")).state == "done"
    with pytest.raises(AuthError):
        await hub.tavern().send("urgent", priority=9)
    async with tavernlink.connect(house.url, house.admin_key) as admin:
        await admin.tavern().send("urgent", priority=9)
        assert [each.priority for each in await admin.requests.list(open=False)] == [9, 0]


async def test_sessions_and_pins_of_somebody_with_none(house: RunningHub, hub: Hub) -> None:
    assert await hub.sessions.list() == []
    assert await hub.sessions.forget("never") is False
    async with tavernlink.connect(house.url, house.admin_key) as admin:
        (name,) = [tavern.name for tavern in await admin.taverns()]
        assert [pin.tavern for pin in (await admin.pool.pin(name)).pins] == [name]
        assert (await hub.pool.info()).taverns[0].name == name
        assert (await admin.pool.unpin()).pins == []


async def test_figures_once_and_live(house: RunningHub, hub: Hub) -> None:
    assert (await hub.stats()).taverns == 1
    async with tavernlink.connect(house.url, house.admin_key) as admin:
        async with admin.subscribe("stats.changed") as events:
            event = await anext(aiter(events))
        assert isinstance(event, StatsChanged)
        assert (event.stats.apps, event.stats.taverns) == (2, 1)


async def test_the_blocking_forms_say_the_same(house: RunningHub) -> None:
    def look() -> list[object]:
        with tavernlink.connect_sync(house.url, house.admin_key) as hub:
            (name,) = [tavern.name for tavern in hub.taverns()]
            pins = len(hub.pool.pin(name).pins)
            return [
                hub.requests.list(),
                hub.sessions.list(),
                hub.sessions.forget("never"),
                pins,
                hub.pool.unpin().pins,
                hub.pool.info().policy,
                hub.stats().taverns,
            ]

    assert await asyncio.to_thread(look) == [[], [], False, 1, [], "least_loaded", 1]
