"""`hub.logs` in both SDKs and `tavernlink logs`, on a hub that runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

import tavernlink
from tavernlink.errors import AuthError
from tavernlink.protocol.logs import LogLines
from tests.sdk.house import House

_log = logging.getLogger("tavernlink.testing")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("hub")) as house:
        yield house


@pytest.fixture(scope="module")
def admin(house: House) -> str:
    key = house.hub.server.first_admin_key
    assert key is not None
    return key


def test_an_admin_lists_and_follows_the_log(house: House, admin: str) -> None:
    async def use() -> None:
        async with asyncio.timeout(20), tavernlink.connect(house.hub.url, admin, name="boss") as hub:
            _log.warning("first")
            page = await hub.logs.list(contains="first", limit=5)
            assert [line.text for line in page.lines] == ["first"]
            following = hub.logs.follow(level="error", logger="tavernlink.*")
            coming = asyncio.ensure_future(anext(following))
            async with hub.subscribe("log.warning.*") as other:
                while not coming.done():
                    _log.warning("low")
                    _log.error("high")
                    await asyncio.wait([coming], timeout=0.3)
                assert (await coming).text == "high"
                told: list[str] = []
                while "low" not in told:
                    event = await anext(other)
                    assert isinstance(event, LogLines)
                    told += [line.text for line in event.lines]
            await following.aclose()  # type: ignore[attr-defined] # a generator
            _log.warning("meanwhile")
            caught_up = hub.logs.follow(logger="tavernlink.testing", after=page.lines[-1])
            texts: list[str] = []
            while not texts or texts[-1] != "meanwhile":
                texts.append((await anext(caught_up)).text)
            assert "first" not in texts
            _log.warning("later")
            assert (await anext(caught_up)).text == "later"
            await caught_up.aclose()  # type: ignore[attr-defined] # a generator
            async with tavernlink.connect(house.hub.url, house.hub.app_key) as app:
                with pytest.raises(AuthError):
                    await app.logs.list()

    asyncio.run(use())


def test_the_blocking_sdk_does_the_same(house: House, admin: str) -> None:
    with tavernlink.connect_sync(house.hub.url, admin, name="sync boss") as hub:
        _log.warning("blocking")
        assert [line.text for line in hub.logs.list(contains="blocking").lines] == ["blocking"]
        following = hub.logs.follow(level="error", after=hub.logs.list(contains="blocking").lines[-1])
        _log.error("loud")
        assert next(line.text for line in following if line.text == "loud") == "loud"
        following.close()  # type: ignore[attr-defined] # a generator
        assert not hub._hub._subscriptions._heard
