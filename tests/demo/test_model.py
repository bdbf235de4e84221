"""The stand-in model, seen through the official OpenAI client and plain HTTP."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tavernlink.demo.model import MODEL_ID, Model


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with Model(speed=0) as running:
        yield running


@pytest.fixture
async def client(model: Model) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=model.url, api_key="any", max_retries=0) as running:
        yield running


def asked(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


async def test_it_offers_one_model(client: openai.AsyncOpenAI) -> None:
    assert [offered.id async for offered in client.models.list()] == [MODEL_ID]


async def test_a_whole_reply_repeats_the_question(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model=MODEL_ID, messages=asked("hello Marker-1"))
    assert (reply.choices[0].message.content or "").startswith('You said: "hello Marker-1".')
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (2, 21)


async def test_a_stream_says_the_same_as_a_whole_reply(client: openai.AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model=MODEL_ID, messages=asked("hello [tokens=300]"))
    stream = await client.chat.completions.create(
        model=MODEL_ID,
        messages=asked("hello [tokens=300]"),
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    text = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(text) == whole.choices[0].message.content
    assert len([part for part in text if part]) == 300
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage == whole.usage


async def test_thoughts_come_first_and_on_their_own_channel(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model=MODEL_ID, messages=asked("hello [reasoning=4] [tokens=3]"), stream=True
    )
    deltas = [chunk.choices[0].delta.model_dump(exclude_none=True) async for chunk in stream]
    kinds = [("reasoning" if "reasoning_content" in delta else "text") for delta in deltas[1:-1]]
    assert [(kind, len(list(group))) for kind, group in itertools.groupby(kinds)] == [
        ("reasoning", 4),
        ("text", 3),
    ]


async def test_tool_calls_are_streamed_in_pieces(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model=MODEL_ID,
        messages=asked('dice [tool=roll {"sides": 6}] [tool=roll {"sides": 20}]'),
        tools=[{"type": "function", "function": {"name": "roll", "parameters": {}}}],
        stream=True,
    )
    chunks = [chunk async for chunk in stream]
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    pieces = [
        (call.index, call.id, call.function.name, call.function.arguments) for call in calls if call.function
    ]
    assert [piece[:3] for piece in pieces if piece[1]] == [
        (0, "call_chatcmpl-1_0", "roll"),
        (1, "call_chatcmpl-1_1", "roll"),
    ]
    arguments = ["".join(piece[3] or "" for piece in pieces if piece[0] == index) for index in (0, 1)]
    assert arguments == ['{"sides": 6}', '{"sides": 20}']
    assert len(pieces) > 4
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_an_error_status_is_an_openai_error(client: openai.AsyncOpenAI, model: Model) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        await client.chat.completions.create(model=MODEL_ID, messages=asked("[error=429]"), stream=True)
    assert caught.value.response.headers["retry-after"] == "1"
    assert model.requests[-1].state == "error"


async def test_an_error_in_the_middle_comes_after_half_of_the_tokens(client: openai.AsyncOpenAI) -> None:
    tokens = 0

    async def read() -> None:
        nonlocal tokens
        stream = await client.chat.completions.create(
            model=MODEL_ID, messages=asked("hello [tokens=20] [error=midstream]"), stream=True
        )
        async for chunk in stream:
            tokens += bool(chunk.choices[0].delta.content)

    with pytest.raises(openai.APIError, match="told to fail"):
        await read()
    assert tokens == 10


async def test_a_cut_connection_has_no_end(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model=MODEL_ID, messages=asked("hello [tokens=20] [error=cut]"), stream=True
    )
    with pytest.raises((httpx.RemoteProtocolError, openai.APIError)):
        async for _chunk in stream:
            pass


async def test_a_hanging_reply_stops_after_its_tokens_and_notices_that_the_client_left(
    client: openai.AsyncOpenAI, model: Model
) -> None:
    stream = await client.chat.completions.create(
        model=MODEL_ID, messages=asked("hello [hang=3]"), stream=True
    )
    received = [await anext(stream) for _ in range(4)]
    assert len([chunk for chunk in received if chunk.choices[0].delta.content]) == 3
    assert (model.active, model.requests[-1].state) == (1, "active")
    await stream.close()
    async with asyncio.timeout(5):
        await model.wait_for(lambda: model.requests[-1].state == "cancelled")
    assert (model.active, model.requests[-1].sent) == (0, 3)


async def test_tokens_are_spread_over_time(client: openai.AsyncOpenAI) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await client.chat.completions.create(
        model=MODEL_ID, messages=asked("hello [tokens=30] [speed=100] [delay=0.2]")
    )
    assert 0.45 < loop.time() - started < 3


async def test_it_counts_and_keeps_what_it_was_asked(client: openai.AsyncOpenAI, model: Model) -> None:
    await asyncio.gather(
        *(
            client.chat.completions.create(model=MODEL_ID, messages=asked(f"Marker-{i} [speed=100]"), seed=i)
            for i in range(5)
        )
    )
    async with httpx.AsyncClient(base_url=model.url.removesuffix("/v1")) as http:
        seen: dict[str, Any] = (await http.get("/debug/requests")).json()
        assert (seen["count"], seen["active"], seen["peak"]) == (5, 0, 5)
        assert {request["body"]["seed"] for request in seen["requests"]} == set(range(5))
        assert {request["state"] for request in seen["requests"]} == {"done"}
        assert (await http.delete("/debug/requests")).json() == {
            "count": 0,
            "active": 0,
            "peak": 0,
            "requests": [],
        }


async def test_a_text_completion_is_answered_and_streamed(client: openai.AsyncOpenAI) -> None:
    whole = await client.completions.create(model=MODEL_ID, prompt="Traveller: hello\nSeraphina:")
    assert whole.choices[0].text.startswith('You said: "Traveller: hello".')
    stream = await client.completions.create(
        model=MODEL_ID, prompt="Traveller: hello\nSeraphina:", stream=True
    )
    assert "".join([chunk.choices[0].text async for chunk in stream]) == whole.choices[0].text


async def test_a_set_key_is_asked_for() -> None:
    async with Model(speed=0, key="secret") as model, httpx.AsyncClient() as http:
        assert (await http.get(f"{model.url}/models")).status_code == 401
        right = {"Authorization": "Bearer secret"}
        assert (await http.get(f"{model.url}/models", headers=right)).status_code == 200


async def test_what_it_does_not_know_is_a_404_and_bad_json_a_400(model: Model) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{model.url}/nothing")).status_code == 404
        assert (await http.post(f"{model.url}/chat/completions", content=b"[1")).status_code == 400
