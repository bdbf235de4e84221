"""A hub with a scripted tavern, in a thread of its own, as another process would be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tavernlink.demo.hub import RunningHub, open_hub
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern


class House:
    """Inside `with` it runs; `hub` has its address and keys, `tavern` is what is connected to it."""

    def __init__(self, folder: Path, commands: Sequence[str] = ()) -> None:
        self._folder = folder
        self._commands = commands
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self.hub: RunningHub
        self.tavern: ScriptedTavern

    async def _run(self) -> None:
        async with (
            open_hub(self._folder) as self.hub,
            scripted_tavern(self.hub.url, self.hub.tavern_key, commands=self._commands) as self.tavern,
        ):
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
