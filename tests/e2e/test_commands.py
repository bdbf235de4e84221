"""Every command of the catalogue, by its example, on a real SillyTavern: the newest, and a part on those before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.install import OLDER
from tavernlink.demo.model import Model
from tavernlink.protocol.commands.catalogue import COMMANDS, NOUNS
from tavernlink.sdk import Hub
from tests.e2e.conftest import Witness, open_world
from tests.e2e.example_world import ExampleWorld

if TYPE_CHECKING:
    from tests.e2e.conftest import StartSillyTavern


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(
    start_sillytavern: StartSillyTavern,
    browser: Browser,
    hub: RunningHub,
    model_server: Model,
    witness: Witness,
) -> AsyncIterator[ExampleWorld]:
    sillytavern = await start_sillytavern()
    async with open_world(browser, sillytavern, hub, model_server, witness, name="example") as opened:
        yield opened


@pytest.mark.parametrize("noun", NOUNS)
async def test_each_example_runs(world: ExampleWorld, noun: str) -> None:
    await world.open_noun()
    wrong = await world.run_all({spec.name: spec for spec in NOUNS[noun]})
    assert wrong == {}, "\n".join(wrong.values())


@pytest.mark.timeout(600, func_only=True)
@pytest.mark.parametrize("version", OLDER)
async def test_some_examples_run_on_the_releases_before_it(
    start_sillytavern: StartSillyTavern,
    browser: Browser,
    hub: RunningHub,
    model_server: Model,
    witness: Witness,
    version: str,
) -> None:
    sillytavern = await start_sillytavern(version=version)
    async with open_world(browser, sillytavern, hub, model_server, witness, name=version) as older:
        await older.open_noun()
        wrong = await older.run_all({name: spec for name, spec in COMMANDS.items() if spec.smoke})
    assert wrong == {}, "\n".join(wrong.values())


async def test_the_tavern_tells_that_it_knows_every_command(world: ExampleWorld, app: Hub) -> None:
    listed = await app.tavern(world.tavern.name).commands()
    assert {info.name for info in listed if info.known} == set(COMMANDS)
