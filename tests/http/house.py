"""A hub with its HTTP door open on a loopback port, and taverns that play scripts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import httpx
import uvicorn
from openai import AsyncOpenAI

from tavernlink.config import Settings
from tavernlink.core.access.keys import Role
from tavernlink.core.hub import Hub
from tavernlink.core.limits import HubLimits
from tavernlink.http.application import create_app
from tavernlink.runtime.counts import Counts
from tavernlink.runtime.hub import Runtime
from tavernlink.runtime.measures import RunningMeasures
from tavernlink.runtime.system import SystemClock, SystemIds
from tests.core.stage import MemoryStore
from tests.http.scripted_tavern import Script, ScriptedTavern

SERAPHINA = {"id": "default_Seraphina.png", "name": "Seraphina"}


class House:
    """What a test needs of it."""

    def __init__(self, runtime: Runtime, url: str) -> None:
        self.runtime = runtime
        self.url = url
        self.taverns: list[ScriptedTavern] = []
        self._keys: dict[str, str] = {}

    def key(self, role: Role = "app") -> str:
        if role not in self._keys:
            self._keys[role] = self.runtime.core.keyring.create(role, f"test {role}")[1]
        return self._keys[role]

    def http(self, role: Role | None = "app", **headers: str) -> httpx.AsyncClient:
        if role is not None:
            headers["Authorization"] = f"Bearer {self.key(role)}"
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20, verify=False)

    def openai(self, **options: Any) -> AsyncOpenAI:
        options = {"api_key": self.key(), "max_retries": 0, **options}
        return AsyncOpenAI(base_url=f"{self.url}/v1", **options)

    def tavern(
        self,
        script: Script | None = None,
        *,
        name: str = "Home",
        id_: str = "t-home",
        characters: Sequence[dict[str, str]] = (SERAPHINA,),
    ) -> ScriptedTavern:
        tavern = ScriptedTavern(self.runtime, script)
        tavern.connect(self.key("tavern"), name, id_)
        tavern.say("characters.changed", characters=list(characters))
        self.taverns.append(tavern)
        return tavern


@contextlib.asynccontextmanager
async def open_house(
    settings: Settings | None = None, limits: HubLimits | None = None
) -> AsyncIterator[House]:
    settings = settings or Settings()
    clock = SystemClock()
    counts = Counts()
    core = Hub(
        clock=clock,
        ids=SystemIds(),
        store=MemoryStore(),
        journal=lambda *_, **__: None,
        version="0",
        limits=limits,
        measures=RunningMeasures(counts),
    )
    runtime = Runtime(core, clock, counts=counts, check_origin=settings.allows_origin)
    await runtime.start()
    app = create_app(runtime, settings)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        cast("Any", app),
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield House(runtime, f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        await runtime.stop()
        server.should_exit = True
        await serving
