"""The runtime: local apps, the tick, slowing down those who try keys, and a hub that outlives its own faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tavernlink.core.hub import Hub
from tavernlink.core.limits import HubLimits
from tavernlink.errors import AuthError, BadMessage, Unavailable
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Failure, Success
from tavernlink.protocol.requests import Generate
from tavernlink.protocol.session import Auth
from tavernlink.runtime.hub import Runtime
from tavernlink.runtime.system import SystemClock, SystemIds
from tavernlink.runtime.throttle import FailureThrottle
from tests.core.stage import Line, MemoryStore


@pytest.fixture
async def runtime() -> AsyncIterator[Runtime]:
    clock = SystemClock()
    limits = HubLimits(request_timeout=0.3)
    core = Hub(clock=clock, ids=SystemIds(), store=MemoryStore(), journal=quiet, version="0", limits=limits)
    runtime = Runtime(core, clock, check_origin=lambda origin: True)
    await runtime.start()
    yield runtime
    await runtime.stop()


def quiet(happening: str, /, **facts: Any) -> None:
    """A journal that nobody reads."""


class EchoTavern(Line):
    """A tavern that answers every command at once."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self.runtime = runtime
        _, text = runtime.core.keyring.create("tavern", "t")
        self.peer = runtime.connect(Auth(role="tavern", key=text), self, address="127.0.0.1")

    def send(self, event: Event) -> None:
        super().send(event)
        if event.type == "command":
            asyncio.get_running_loop().call_soon(self.answer, self.of("command")[-1])

    def answer(self, command: Any) -> None:
        wire = command["request_id"]
        self.say("stream.start", f'{{"stream_id":"{wire}","kind":"detached","request_id":"{wire}"}}')
        self.say("stream.delta", f'{{"stream_id":"{wire}","seq":1,"text":"hi"}}')
        self.say("stream.end", f'{{"stream_id":"{wire}","seq":1,"text":"hi","reason":"stop"}}')
        self.say("command.done", f'{{"request_id":"{wire}","ok":true,"result":{{"text":"hi"}}}}')

    def say(self, type_: str, content: str) -> None:
        self.runtime.receive(self.peer, type_, content.encode(), None)


async def test_a_local_app_asks_and_hears_like_any_other(runtime: Runtime) -> None:
    EchoTavern(runtime)
    key, _ = runtime.core.keyring.create("app", "a")
    async with runtime.open_app(key, "test") as app:
        accepted = await app.call("generate", Generate(mode="raw", prompt="hello"))
        types = []
        async for event in app.events():
            types.append(event.type)
            if event.type == "request.update" and event.content.state == "done":  # type: ignore[attr-defined]
                break
    assert types == [
        "request.update",
        "stream.start",
        "stream.delta",
        "stream.end",
        "request.update",
    ]
    assert accepted.request_id
    assert [peer for peer in runtime.core.directory.sessions.values() if peer.name == "test"] == []


async def test_a_failure_is_raised_in_the_caller(runtime: Runtime) -> None:
    key, _ = runtime.core.keyring.create("app", "a")
    async with runtime.open_app(key, "test") as app:
        with pytest.raises(Unavailable) as caught:
            await app.call("generate", Generate(mode="raw", prompt="hello"))
    assert caught.value.code == "no_tavern"


async def test_time_limits_happen_by_themselves(runtime: Runtime) -> None:
    _, text = runtime.core.keyring.create("tavern", "t")
    runtime.connect(Auth(role="tavern", key=text), Line(), address="127.0.0.1")
    key, _ = runtime.core.keyring.create("app", "a")
    async with runtime.open_app(key, "test") as app:
        await app.call("generate", Generate(mode="raw", prompt="hello"))
        states = []
        async with asyncio.timeout(30):
            async for event in app.events():
                states.append(event.content.state)  # type: ignore[attr-defined]
                if states[-1] != "running":
                    break
    assert states == ["running", "failed"]


async def test_a_stopping_hub_tells_its_local_apps(runtime: Runtime) -> None:
    key, _ = runtime.core.keyring.create("app", "a")
    async with runtime.open_app(key, "test") as app:
        await runtime.stop()
        with pytest.raises(Unavailable) as caught:
            await anext(app.events())
    assert caught.value.code == "hub_stopping"


async def test_a_fault_inside_the_hub_costs_one_message_and_is_logged(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    key, text = runtime.core.keyring.create("app", "a")
    peer = runtime.connect(Auth(key=text), Line(), address="127.0.0.1")
    outcomes: list[Success | Failure] = []
    with monkeypatch.context() as patch:
        patch.setattr(runtime.core, "receive", fail)
        runtime.receive(peer, "tavern.list", b"{}", outcomes.append)
    assert isinstance(outcomes[0], Failure)
    assert outcomes[0].error.code == "internal"
    assert "a fault of ours" in caplog.text
    assert key.id
    runtime.receive(peer, "tavern.list", b"{}", outcomes.append)
    assert outcomes[1] == Success(result=[])


async def test_whoever_tries_keys_must_wait_but_a_right_key_still_gets_in(runtime: Runtime) -> None:
    _, text = runtime.core.keyring.create("app", "a")
    for _ in range(20):
        with pytest.raises(AuthError):
            runtime.authenticate("tl_app_x_y", "10.0.0.1")
    with pytest.raises(BadMessage) as caught:
        runtime.authenticate("tl_app_x_y", "10.0.0.1")
    assert caught.value.code == "rate_limited"
    assert caught.value.details["retry_after"] > 0
    with pytest.raises(AuthError):
        runtime.authenticate("tl_app_x_y", "10.0.0.2")
    assert runtime.authenticate(text, "10.0.0.1").name == "a"


def test_the_throttle_forgets_in_time_and_remembers_a_bounded_number_of_addresses() -> None:
    throttle = FailureThrottle(failures=2, seconds=10.0, addresses=3)
    for address in ("a", "b", "c", "d"):
        throttle.failed(address, 0.0)
        throttle.failed(address, 1.0)
    assert throttle.wait("a", 2.0) == 0.0  # pushed out by the newer ones
    assert throttle.wait("d", 2.0) == 8.0
    assert throttle.wait("d", 11.0) == 0.0
