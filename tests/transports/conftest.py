"""Fixtures for the doors of the hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.transports.hub import House, open_house


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[House]:
    """A hub with its default settings."""
    async with open_house(tmp_path) as house:
        yield house
