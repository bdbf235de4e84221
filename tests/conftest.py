"""For every test: who waits for ever fails alone, the log keeps its level, tests of one tab are marked as a group."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

_BROWSER_TESTS = Path(__file__).parent / "e2e"
# Of a test's time limit: pytest-timeout, which ends the whole process with it, stays for what holds up the loop.
_SHARE = 0.9


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    default = float(config.getini("timeout"))
    for item in items:
        if _BROWSER_TESTS in item.path.parents:
            fixtures = getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.xdist_group("shared tab" if "shared_tab" in fixtures else "own tabs"))
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            marker = item.get_closest_marker("timeout")
            item.obj = _limited(item.obj, _SHARE * float(marker.args[0] if marker else default))


@pytest.fixture(autouse=True)
def log_level_of_the_process() -> Iterator[None]:
    """Put it back: a hub sets it for the whole process whenever its settings change."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


def _limited(test: Callable[..., Awaitable[None]], seconds: float) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def limited(*args: Any, **kwargs: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(*args, **kwargs)

    return limited
