"""Waiting for whichever comes first, with nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["wait_first"]


async def wait_first(*waits: Coroutine[Any, Any, Any], seconds: float | None = None) -> None:
    """Wait until one of them is over, or the time is; then none goes on, also where who waits is cancelled."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
