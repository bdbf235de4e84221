"""A hub with a scripted tavern, screens of it without a terminal, and pictures of them to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

import tavernlink
from scripts.terminal_pictures import picture_of
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.sdk import Hub
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern

SMALL, LARGE = (80, 24), (140, 45)
_PICTURES = Path(__file__).parents[2] / ".cache" / "artefacts" / "terminal"
_WAIT_SECONDS = 60.0
_STEP_SECONDS = 0.02


async def until(pilot: Pilot[Any], holds: Callable[[], object]) -> None:
    """Let the screen work until something holds; fails after a long time."""
    for _ in range(int(_WAIT_SECONDS / _STEP_SECONDS)):
        if holds():
            await pilot.pause()
            return
        await pilot.pause(_STEP_SECONDS)
    raise AssertionError(f"It did not come to hold within {_WAIT_SECONDS} s:\n{shown(pilot.app)}")


def shown(face: App[Any]) -> str:
    """Return what stands on the screen, line by line."""
    width, height = face.size
    lines = face.screen._compositor.render_strips()
    return "\n".join(strip.crop(0, width).text.replace("▎", " ").rstrip() for strip in lines[:height])


def picture(face: App[Any], name: str) -> None:
    """Keep a picture of the screen among the artefacts."""
    _PICTURES.mkdir(parents=True, exist_ok=True)
    (_PICTURES / f"{name}.svg").write_text(picture_of(face), "utf-8")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with open_hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
async def home(house: RunningHub) -> AsyncIterator[ScriptedTavern]:
    async with scripted_tavern(house.url, house.tavern_key, commands=list(COMMANDS)) as tavern:
        yield tavern


@pytest.fixture
async def bot(house: RunningHub, home: ScriptedTavern) -> AsyncIterator[Hub]:
    async with tavernlink.connect(house.url, house.app_key, name="Discord bot") as bot:
        yield bot
