"""Tests here run a whole hub, as `tavernlink serve` does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.transports.hub import House, open_house
from tests.transports.socketio.conftest import stock_client_leftovers

__all__ = ["OpenHub", "open_hub", "stock_client_leftovers"]


class OpenHub(Protocol):
    """Opens a hub with these settings; closed at the end of the test."""

    async def __call__(self, **settings: Any) -> House: ...


@pytest.fixture
async def open_hub(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def enter(**settings: Any) -> House:
            return await stack.enter_async_context(open_house(tmp_path, **settings))

        yield enter
