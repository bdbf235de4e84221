"""Sixteen stateless streams at once through one tab, beside a person who is typing."""

from __future__ import annotations

import asyncio
import time

from openai import AsyncOpenAI

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tests.e2e.desk import Desk

STREAMS = 16
TOKENS = 300  # as many as SillyTavern's default preset allows
SPEED = 40  # tokens per second that the stand-in model gives each stream
DRAFT = "I am writing this while sixteen programs talk to Seraphina, and not a letter of it may be lost."


async def stream(client: AsyncOpenAI, marker: str) -> str:
    """Ask for one answer and return it, joined from its chunks."""
    answer = await client.chat.completions.create(
        model="shared/Seraphina",
        messages=[{"role": "user", "content": f"{marker} [tokens={TOKENS}] [speed={SPEED}]"}],
        stream=True,
    )
    return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])


async def test_sixteen_streams_at_once_take_less_than_three_times_one_and_touch_nothing_of_the_persons(
    hub: RunningHub, desk: Desk, model: Model
) -> None:
    await desk.write((True, "What is this place?"), (False, "A glade, {{user}}."), (True, "Thank you."))
    await desk.settle()
    before = await desk.look()

    async with AsyncOpenAI(base_url=f"{hub.url}/v1", api_key=hub.app_key, max_retries=0) as client:
        began = time.perf_counter()
        await stream(client, "alone-")
        one = time.perf_counter() - began

        model.forget()
        began = time.perf_counter()
        typing = asyncio.create_task(desk.type_draft(DRAFT, caret=(3, 7)))
        answers = await asyncio.gather(
            *(stream(client, f"marker-{number}-of-its-own") for number in range(STREAMS))
        )
        together = time.perf_counter() - began
        await typing

    for number, answer in enumerate(answers):
        markers = [other for other in range(STREAMS) if f"marker-{other}-of-its-own" in answer]
        assert markers == [number]
        assert len(answer.split()) >= TOKENS * 0.9
    figures = f"one stream {one:.2f} s, {STREAMS} at once {together:.2f} s: {together / one:.2f} times"
    print(figures)  # noqa: T201 (what it must show)
    assert together < 3 * one, figures
    assert model.peak > STREAMS / 2, "they ran one after another"
    assert await desk.draft() == (DRAFT, 3, 7)
    assert (await desk.look()).differences(before) == []
    await desk.clear_draft()
