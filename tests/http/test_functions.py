"""Functions over REST, their progress over server-sent events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tavernlink.core.functions.call import Call
from tavernlink.errors import GenerationError
from tavernlink.protocol.functions import FunctionSpec, ProviderInfo
from tests.http.house import House

ROLL = FunctionSpec(
    name="roll",
    description="Rolls a die.",
    parameters={"type": "object", "properties": {"sides": {"type": "integer"}}, "required": ["sides"]},
    tool=True,
    concurrency=1,
    queue=0,
)


class Dice:
    """Answers by what it is asked."""

    def __init__(self) -> None:
        self.info = ProviderInfo(kind="hub", id="hub", name="hub")
        self.calls: asyncio.Queue[Call] = asyncio.Queue()
        self.cancelled: asyncio.Queue[Call] = asyncio.Queue()

    def invoke(self, call: Call) -> None:
        self.calls.put_nowait(call)
        if call.args["sides"] == 0:
            call.fail(GenerationError("function_failed", "ValueError: a die without sides"))
        elif call.args["sides"] > 0:
            call.tell(1, 2, "rolling")
            call.done(call.args["sides"])

    def cancel(self, call: Call) -> None:
        self.cancelled.put_nowait(call)
        call.fail(GenerationError("cancelled"))


@pytest.fixture
async def dice(house: House) -> Dice:
    dice = Dice()
    house.runtime.core.functions.provide(dice, [ROLL, FunctionSpec(name="erase", scopes=["admin"])])
    return dice


async def test_functions_are_listed_and_called(house: House, dice: Dice) -> None:
    async with house.http() as http:
        (info,) = (await http.get("/api/functions", params={"tool": "true"})).json()["result"]
        assert (info["address"], info["provider"]["kind"], info["tool"]) == ("hub/roll", "hub", True)
        answer = await http.post("/api/functions/roll/call", json={"args": {"sides": 6}, "call_id": "c-1"})
        assert answer.json() == {
            "ok": True,
            "result": {"call_id": "c-1", "state": "done", "function": "hub/roll", "result": 6},
        }
        again = await http.post("/api/functions/roll/call", json={"args": {"sides": 6}, "call_id": "c-1"})
        assert again.json() == answer.json()
        assert dice.calls.qsize() == 1


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("walk", {}, 404, "unknown_function"),
        ("roll", {"provider": "nobody", "args": {"sides": 6}}, 404, "unknown_function"),
        ("roll", {"args": {"sides": "six"}}, 400, "invalid_arguments"),
        ("roll", {"args": {"sides": 0}}, 502, "function_failed"),
        ("roll", {"args": {"sides": -1}, "timeout": 0.2}, 504, "timeout"),
        ("roll", {"args": {"sides": 6}, "timeout": -1}, 400, "invalid_message"),
        ("erase", {}, 403, "forbidden"),
    ],
)
async def test_each_error_has_its_status(
    house: House, dice: Dice, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    async with house.http() as http:
        answer = await http.post(f"/api/functions/{name}/call", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_busy_function_says_when_to_try_again(house: House, dice: Dice) -> None:
    async with house.http() as http:
        first = asyncio.create_task(http.post("/api/functions/roll/call", json={"args": {"sides": -1}}))
        call = await dice.calls.get()
        second = await http.post("/api/functions/roll/call", json={"args": {"sides": 6}})
        assert (second.status_code, second.json()["error"]["code"]) == (503, "busy")
        assert int(second.headers["retry-after"]) > 0
        call.done(3)
        assert (await first).json()["result"]["result"] == 3


async def test_a_client_that_hangs_up_cancels_its_call(house: House, dice: Dice) -> None:
    async with house.http() as http:
        asked = asyncio.create_task(http.post("/api/functions/roll/call", json={"args": {"sides": -1}}))
        call = await dice.calls.get()
        asked.cancel()
        assert await asyncio.wait_for(dice.cancelled.get(), 10) is call


async def test_progress_comes_as_events_until_the_result(house: House, dice: Dice) -> None:
    async with house.http() as http:
        body = {"args": {"sides": 6}, "call_id": "c-1"}
        answer = await http.post("/api/functions/roll/events", json=body)
        assert answer.headers["content-type"].startswith("text/event-stream")
        frames = [frame.split("\n") for frame in answer.text.strip().split("\n\n")]
        told = [
            (kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in frames
        ]
        assert told == [
            ("function.progress", {"call_id": "c-1", "progress": 1.0, "total": 2.0, "message": "rolling"}),
            ("function.result", {"call_id": "c-1", "ok": True, "result": 6}),
        ]
        refused = await http.post("/api/functions/walk/events", json={})
        assert refused.status_code == 404
