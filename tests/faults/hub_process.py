"""A hub in a process of its own, which can be killed at any moment and started again on the same data."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tavernlink.config import Settings
from tavernlink.core.access.keys import Keyring
from tavernlink.demo.listener import free_port
from tavernlink.demo.process import ChildProcess, log_tail
from tavernlink.runtime.system import SystemClock, SystemIds
from tavernlink.store import open_store

_START_SECONDS = 60.0


class HubProcess:
    """`tavernlink serve` on a port and a folder that stay the same."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.port = free_port()
        self.log = data / "hub.log"
        self.kills = 0
        self._data = data
        self._environment = {f"TAVERNLINK_{name.upper()}": str(value) for name, value in settings.items()}
        self._child: ChildProcess | None = None
        store = open_store(Settings(data_dir=data).url)
        keyring = Keyring(store, SystemClock(), SystemIds())
        self.app_key = keyring.create("app", "faults")[1]
        self.tavern_key = keyring.create("tavern", "faults")[1]
        store.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            await self._child.stop()

    async def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "tavernlink", "serve", "--port", str(self.port)]
        command += ["--data-dir", str(self._data), "--log-format", "json"]
        self._child = await ChildProcess.start(command, log=self.log, cwd=self._data, env=self._environment)
        limit = time.monotonic() + _START_SECONDS
        async with httpx.AsyncClient(trust_env=False) as client:
            while time.monotonic() < limit and self._child.exit_code is None:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"{self.url}/readyz", timeout=5)).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise RuntimeError(f"The hub did not start:\n{log_tail(self.log, 30)}")

    async def kill(self) -> None:
        """Kill it, as a power cut would: no signal handler, no goodbye."""
        assert self._child is not None
        self.kills += 1
        os.kill(self._child.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        await self._child.wait()

    def memory(self) -> float | None:
        """Megabytes that it holds; None where the system does not tell."""
        assert self._child is not None
        try:
            status = Path(f"/proc/{self._child.pid}/status").read_text("ascii")
        except OSError:
            return None
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else None
