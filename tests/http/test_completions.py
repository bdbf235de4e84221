"""Chat completions, asked by the official client."""

from __future__ import annotations

from tests.http.house import House
from tests.http.scripted_tavern import Turn

HELLO = [{"role": "user", "content": "Hello!"}]


async def test_an_answer_comes_whole_with_reason_and_usage(house: House) -> None:
    async def script(turn: Turn) -> None:
        assert turn.args["mode"] == "detached"
        turn.reply("Hel", "lo.", usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11})

    house.tavern(script)
    async with house.openai() as client:
        answer = await client.chat.completions.create(model="Seraphina", messages=HELLO, temperature=0.5)
    assert answer.choices[0].message.content == "Hello."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 11


async def test_an_answer_streams_as_it_comes(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.reply("Hel", "lo", ".")

    house.tavern(script)
    async with house.openai() as client:
        stream = await client.chat.completions.create(model="Seraphina", messages=HELLO, stream=True)
        chunks = [chunk async for chunk in stream]
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["", "Hel", "lo", ".", None]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
