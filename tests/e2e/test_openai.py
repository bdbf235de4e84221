"""The OpenAI-compatible API on a real SillyTavern, asked by the official client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tavernlink.tab import Tab
from tests.e2e.desk import Desk

SERAPHINA = "shared/Seraphina"


@pytest_asyncio.fixture(loop_scope="session")
async def client(hub: RunningHub) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{hub.url}/v1", api_key=hub.app_key, max_retries=0) as opened:
        yield opened


def said(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


async def ask(client: AsyncOpenAI, text: str, model: str = SERAPHINA, **more: Any) -> ChatCompletion:
    answer: ChatCompletion = await client.chat.completions.create(
        model=model, messages=said(text), stream=False, **more
    )
    return answer


async def ask_streamed(
    client: AsyncOpenAI, text: str, model: str = SERAPHINA, **more: Any
) -> AsyncStream[ChatCompletionChunk]:
    stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(
        model=model, messages=said(text), stream=True, **more
    )
    return stream


def joined(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


async def test_each_character_is_a_model(client: AsyncOpenAI, tab: Tab) -> None:
    listed = [model.id async for model in client.models.list()]
    assert listed[0] == "default"
    assert any(id_.endswith("Seraphina") for id_ in listed)
    assert (await client.models.retrieve(SERAPHINA)).id == SERAPHINA


async def test_an_answer_comes_from_sillytaverns_own_prompt(
    client: AsyncOpenAI, desk: Desk, model: Model
) -> None:
    await desk.write((True, "This is the person's own chat."), (False, "It stays as it is."))
    before = await desk.look()
    answer = await ask(client, "Tell me about the glade [tokens=30]", temperature=0.25, max_tokens=77)
    assert 'You said: "Tell me about the glade' in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    sent = model.requests[-1].body
    assert (sent["temperature"], sent["max_tokens"]) == (0.25, 77)
    assert "Seraphina" in str(sent["messages"])
    assert "the person's own chat" not in str(sent["messages"])
    assert (await desk.look()).differences(before) == []


async def test_a_stream_is_the_whole_answer_with_thoughts_and_usage(client: AsyncOpenAI, tab: Tab) -> None:
    stream = await ask_streamed(
        client, "think first [reasoning] [tokens=40]", stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    text = joined(chunks)
    thoughts = "".join(
        getattr(choice.delta, "reasoning_content", None) or "" for chunk in chunks for choice in chunk.choices
    )
    assert 'You said: "think first' in text
    assert "repeat what was said" in thoughts
    assert sum(1 for chunk in chunks if chunk.choices and chunk.choices[0].delta.content) > 10
    finish = next(chunk for chunk in reversed(chunks) if chunk.choices)
    assert finish.choices[0].finish_reason == "stop"
    assert getattr(finish, "tavernlink", None) is None
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens >= 40


async def test_hanging_up_stops_the_model(client: AsyncOpenAI, tab: Tab, model: Model) -> None:
    stream = await ask_streamed(client, "never mind [tokens=2000] [speed=50]")
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            break
    await stream.close()
    await model.wait_for(lambda: [seen.state for seen in model.requests] == ["cancelled"])


async def test_a_session_has_a_chat_of_its_own_and_remembers(
    client: AsyncOpenAI, desk: Desk, model: Model
) -> None:
    await desk.write((True, "This is the person's own chat."))
    before = await desk.look()
    session = {"X-Tavernlink-Session": "bob"}
    first = await ask(client, "My number is forty-two. [tokens=20]", extra_headers=session)
    second = joined(
        [
            chunk
            async for chunk in await ask_streamed(
                client, "Which number is mine? [tokens=20]", extra_headers=session
            )
        ]
    )
    assert "forty-two" in (first.choices[0].message.content or "")
    assert "Which number is mine?" in second
    history = str(model.requests[-1].body["messages"])
    assert "My number is forty-two." in history
    assert "the person's own chat" not in history
    after = await desk.look()
    assert (after.page["chat"], after.page["place"]) == (before.page["chat"], before.page["place"])
    (new,) = after.changed_files(before)
    text = after.files[new].decode()
    assert "My number is forty-two." in text
    assert "Which number is mine?" in text


async def test_errors_of_the_real_thing_become_the_clients_exceptions(client: AsyncOpenAI, tab: Tab) -> None:
    with pytest.raises(openai.InternalServerError) as failed:
        await ask(client, "fail [error=500]")
    assert (failed.value.status_code, failed.value.code) == (502, "generation_failed")
    with pytest.raises(openai.NotFoundError) as nobody:
        await ask(client, "hello", model="shared/Nobody")
    assert nobody.value.code == "model_not_found"
    stream = await ask_streamed(client, "break off [error=midstream] [tokens=60]")
    with pytest.raises(openai.APIError) as broken:
        [chunk async for chunk in stream]
    assert broken.value.code == "stream_error"
    with pytest.raises(openai.BadRequestError) as unsupported:
        await ask(client, "hello", presence_penalty="much")
    assert unsupported.value.param == "presence_penalty"


async def test_many_clients_of_both_kinds_get_their_own_answers(client: AsyncOpenAI, tab: Tab) -> None:
    async def one(number: int) -> bool:
        text = f"both-{number}- [tokens=30]"
        if number % 2:
            answer = (await ask(client, text)).choices[0].message.content or ""
        else:
            answer = joined([chunk async for chunk in await ask_streamed(client, text)])
        return f"both-{number}-" in answer

    assert await asyncio.gather(*(one(number) for number in range(8))) == [True] * 8
