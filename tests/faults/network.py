"""A path to the hub that can be cut, and frozen: bytes stop to arrive while both ends believe that the line is up."""

from __future__ import annotations

import asyncio

from tests.sdk.cutting_proxy import CuttingProxy


class FaultyPath(CuttingProxy):
    """A cutting proxy that can also hold what goes through it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._thawed = asyncio.Event()
        self._thawed.set()

    async def freeze(self, seconds: float) -> None:
        """Let nothing through for a while."""
        self._thawed.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._thawed.set()

    async def passable(self) -> None:
        await self._thawed.wait()
