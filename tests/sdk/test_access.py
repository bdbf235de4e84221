"""`hub.keys`, `hub.pairings` and `hub.audit`, in both SDKs, on a hub that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

import tavernlink
from tavernlink.errors import AuthError, NotFound
from tests.sdk.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("hub")) as house:
        yield house


@pytest.fixture(scope="module")
def admin(house: House) -> str:
    key = house.hub.server.first_admin_key
    assert key is not None
    return key


def ask_for_code(house: House) -> str:
    answer = httpx.post(f"{house.hub.url}/api/pairings", json={"name": "Alex"}).json()
    code: str = answer["result"]["code"]
    return code


def test_an_admin_manages_keys_and_pairings_and_reads_the_audit(house: House, admin: str) -> None:
    async def use() -> None:
        async with asyncio.timeout(20), tavernlink.connect(house.hub.url, admin, name="boss") as hub:
            made = await hub.keys.create("sdk bot", scopes=["chat:read"], expires_in=60)
            assert made.info.scopes == ["chat:read"]
            async with tavernlink.connect(house.hub.url, made.key) as bot:
                assert await bot.taverns()
                with pytest.raises(AuthError):
                    await bot.keys.list()
            assert made.info.id in {key.id for key in await hub.keys.list()}
            assert [key.id for key in await hub.keys.revoke("sdk bot")] == [made.info.id]
            assert {"sdk bot"} <= {key.name for key in await hub.keys.list(all=True)}
            with pytest.raises(NotFound):
                await hub.keys.revoke("sdk bot")
            code = await asyncio.to_thread(ask_for_code, house)
            assert [each.code for each in await hub.pairings.list()] == [code]
            assert (await hub.pairings.approve(code)).name == "Alex"
            entries = await hub.audit(who="boss", limit=3)
            assert [each.action for each in entries] == ["pairing.approved", "key.revoked", "key.created"]

    asyncio.run(use())


def test_the_blocking_sdk_does_the_same(house: House, admin: str) -> None:
    with tavernlink.connect_sync(house.hub.url, admin, name="sync boss") as hub:
        made = hub.keys.create("sync bot", role="viewer")
        assert made.key.startswith("tl_viewer_")
        assert made.info.id in {key.id for key in hub.keys.list()}
        hub.keys.revoke(made.info.id)
        code = ask_for_code(house)
        assert [each.code for each in hub.pairings.list()] == [code]
        assert hub.pairings.refuse(code).name == "Alex"
        assert [each.action for each in hub.audit(who="sync boss", limit=1)] == ["pairing.refused"]
