"""Chat completions, asked by the official client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam

from tavernlink.core.limits import HubLimits
from tests.http.house import House, open_house
from tests.http.scripted_tavern import Turn
from tests.http.sse_reader import read_events

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello!"}]
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


async def ask(
    client: AsyncOpenAI,
    model: str = "Seraphina",
    messages: Iterable[ChatCompletionMessageParam] = HELLO,
    **more: Any,
) -> ChatCompletion:
    answer: ChatCompletion = await client.chat.completions.create(
        model=model, messages=messages, stream=False, **more
    )
    return answer


async def ask_streamed(
    client: AsyncOpenAI,
    model: str = "Seraphina",
    messages: Iterable[ChatCompletionMessageParam] = HELLO,
    **more: Any,
) -> AsyncStream[ChatCompletionChunk]:
    stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(
        model=model, messages=messages, stream=True, **more
    )
    return stream


async def take_all(stream: AsyncStream[ChatCompletionChunk], got: list[ChatCompletionChunk]) -> None:
    async for chunk in stream:
        got.append(chunk)  # noqa: PERF401 (what came before an error must be kept)


def joined(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


async def hello(turn: Turn) -> None:
    turn.reply("Hel", "lo.", usage=USAGE)


async def test_models_are_listed_and_found(house: House) -> None:
    house.tavern(
        characters=[
            {"id": "s.png", "name": "Seraphina"},
            {"id": "r.png", "name": "A/B"},
            {"id": "g1", "name": "The band", "kind": "group"},
        ]
    )
    async with house.openai() as client:
        listed = [model async for model in client.models.list()]
        assert [model.id for model in listed] == ["default", "Seraphina", "A/B"]
        assert listed[1].owned_by == "Home"
        for model in listed:
            assert (await client.models.retrieve(model.id)).id == model.id
        with pytest.raises(openai.NotFoundError) as unknown:
            await client.models.retrieve("Nobody")
        with pytest.raises(openai.BadRequestError, match="is a group"):
            await client.models.retrieve("The band")
    assert unknown.value.code == "model_not_found"


async def test_without_a_tavern_there_are_no_models(house: House) -> None:
    async with house.openai() as client:
        assert [model async for model in client.models.list()] == []


async def test_an_answer_comes_whole_with_reason_and_usage(house: House) -> None:
    house.tavern(hello)
    async with house.openai() as client:
        answer = await ask(client)
    assert answer.object == "chat.completion"
    assert answer.model == "Seraphina"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content == "Hello."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (
        9,
        2,
        11,
    )
    assert answer._request_id is not None
    assert answer.id == f"chatcmpl-{answer._request_id}"


async def test_history_parameters_and_character_reach_the_tavern(house: House) -> None:
    tavern = house.tavern()
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": "Be brief."}, *HELLO]
    async with house.openai() as client:
        asking = asyncio.create_task(
            ask(client, messages=messages, temperature=0.5, max_tokens=9, stop=["X"])
        )
        turn = await tavern.commands.get()
        turn.reply("Hi.")
        await asking
    assert turn.name == "generate"
    assert turn.args["mode"] == "detached"
    assert turn.args["character"] == "default_Seraphina.png"
    assert turn.args["messages"] == messages
    assert turn.args["params"] == {"temperature": 0.5, "max_tokens": 9, "stop": ["X"]}


async def test_an_answer_streams_as_it_comes(house: House) -> None:
    tavern = house.tavern()
    async with house.openai() as client:
        opening = asyncio.create_task(ask_streamed(client))
        turn = await tavern.commands.get()
        turn.start()
        turn.delta("Hel")
        stream = await opening
        chunks = [await anext(stream), await anext(stream)]
        turn.delta("lo")
        chunks.append(await anext(stream))
        turn.delta(".")
        turn.end("Hello.")
        turn.done(text="Hello.", reason="stop")
        chunks += [chunk async for chunk in stream]
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["", "Hel", "lo", ".", None]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({(chunk.id, chunk.created, chunk.model, chunk.object) for chunk in chunks}) == 1


async def test_usage_is_streamed_only_when_asked_for(house: House) -> None:
    house.tavern(hello)
    async with house.openai() as client:
        plain = [chunk async for chunk in await ask_streamed(client)]
        counted = [
            chunk async for chunk in await ask_streamed(client, stream_options={"include_usage": True})
        ]
    assert all(chunk.usage is None for chunk in plain)
    assert counted[-1].choices == []
    assert counted[-1].usage is not None
    assert counted[-1].usage.total_tokens == 11
    assert [chunk.usage for chunk in counted[:-1]] == [None] * (len(counted) - 1)


async def test_thoughts_have_a_field_of_their_own(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.start()
        turn.delta("They greet", channel="reasoning")
        turn.delta(" me.", channel="reasoning")
        turn.delta("Hello.")
        turn.end("Hello.", reasoning="They greet me.")
        turn.done(text="Hello.", reason="stop", reasoning="They greet me.")

    house.tavern(script)
    async with house.openai() as client:
        chunks = [chunk async for chunk in await ask_streamed(client)]
        whole = await ask(client)
    thoughts = [getattr(chunk.choices[0].delta, "reasoning_content", None) for chunk in chunks]
    assert "".join(thought or "" for thought in thoughts) == "They greet me."
    assert joined(chunks) == "Hello."
    assert getattr(whole.choices[0].message, "reasoning_content", None) == "They greet me."


async def test_a_tavern_that_does_not_stream_is_streamed_all_the_same(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.done(text="All at once.", reason="length", reasoning="Hm.")

    house.tavern(script)
    async with house.openai() as client:
        chunks = [chunk async for chunk in await ask_streamed(client)]
    assert joined(chunks) == "All at once."
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "length"


async def test_text_that_sillytavern_took_back_is_corrected_in_the_last_chunk(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.start()
        turn.delta("One. Two")
        turn.delta("One.", replace=True)
        turn.end("One.")
        turn.done(text="One.", reason="stop")

    house.tavern(script)
    async with house.openai() as client:
        chunks = [chunk async for chunk in await ask_streamed(client)]
    assert joined(chunks) == "One. Two"
    assert getattr(chunks[-1], "tavernlink", None) == {"text": "One."}


async def test_a_session_goes_into_its_own_chat(house: House) -> None:
    tavern = house.tavern()
    async with house.openai(default_headers={"X-Tavernlink-Session": "bob"}) as client:
        asking = asyncio.create_task(
            ask(client, messages=[*HELLO, {"role": "assistant", "content": "Hi."}, *HELLO])
        )
        first = await tavern.commands.get()
        first.done(text="Hello again.", reason="stop", chat_id="chat-of-bob")
        answer = await asking
        asking = asyncio.create_task(ask(client))
        second = await tavern.commands.get()
        second.done(text="And again.", reason="stop", chat_id="chat-of-bob")
        await asking
    assert answer.choices[0].message.content == "Hello again."
    assert (first.name, first.args["name"], first.args["text"]) == ("session.turn", "bob", "Hello!")
    assert "chat_id" not in first.args
    assert second.args["chat_id"] == "chat-of-bob"


async def test_many_answers_run_at_once_and_none_gets_anothers(house: House) -> None:
    together = asyncio.Event()
    running = 0

    async def script(turn: Turn) -> None:
        nonlocal running
        running += 1
        if running == 16:
            together.set()
        await together.wait()
        marker = turn.args["messages"][0]["content"]
        turn.start()
        for part in (f"<{marker}>", " said", " he"):
            turn.delta(part)
            await asyncio.sleep(0)
        turn.end(f"<{marker}> said he")
        turn.done(text=f"<{marker}> said he", reason="stop")

    house.tavern(script)

    async def one(client: AsyncOpenAI, marker: str) -> str:
        stream = await ask_streamed(client, messages=[{"role": "user", "content": marker}])
        return joined([chunk async for chunk in stream])

    async with house.openai() as client:
        answers = await asyncio.gather(*(one(client, f"marker {number}") for number in range(16)))
    assert answers == [f"<marker {number}> said he" for number in range(16)]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_client_that_hangs_up_cancels_the_generation(house: House, streamed: bool) -> None:
    tavern = house.tavern()
    async with house.openai() as client:
        asking = asyncio.create_task(ask_streamed(client) if streamed else ask(client))
        turn = await tavern.commands.get()
        if streamed:
            turn.start()
            turn.delta("Hel")
            stream: Any = await asking
            await anext(stream)
            await stream.close()
        else:
            asking.cancel()
        assert await asyncio.wait_for(tavern.cancelled.get(), 5) == turn.id


async def test_an_idempotency_key_survives_a_hang_up_and_is_done_once(house: House) -> None:
    tavern = house.tavern()
    again = {"Idempotency-Key": "once"}
    async with house.openai(default_headers=again) as client:
        asking = asyncio.create_task(ask(client))
        turn = await tavern.commands.get()
        asking.cancel()
        turn.reply("Only", " once.")
        answer = await ask(client)
        chunks = [chunk async for chunk in await ask_streamed(client)]
    assert answer.choices[0].message.content == "Only once."
    assert joined(chunks) == "Only once."
    assert tavern.commands.empty()
    assert tavern.cancelled.empty()


async def test_a_waiting_stream_is_kept_alive_by_comments_that_say_the_position(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tavernlink.http.sse.HOLD", 0.01)
    async with open_house(limits=HubLimits(detached=1)) as narrow, narrow.http() as http:
        tavern = narrow.tavern()
        body = {"model": "default", "messages": HELLO, "stream": True}
        async with (
            http.stream("POST", "/v1/chat/completions", json=body) as first,
            http.stream("POST", "/v1/chat/completions", json=body) as second,
        ):
            before, waiting = read_events(first), read_events(second)
            assert (await anext(before)).data == "generating"
            assert (await anext(waiting)).data == "waiting position 1"
            (await tavern.commands.get()).reply("First.")
            assert [event async for event in before][-1].data == "[DONE]"
            (await tavern.commands.get()).reply("Second.")
            assert [event async for event in waiting][-1].data == "[DONE]"


# Errors


async def failing(house: House, code: str) -> None:
    async def script(turn: Turn) -> None:
        turn.fail(code, "It went wrong.")

    house.tavern(script)


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        ("unsupported_parameter", openai.BadRequestError, 400),
        ("unknown_character", openai.NotFoundError, 404),
        ("no_character", openai.ConflictError, 409),
        ("stopped", openai.ConflictError, 409),
        ("no_backend", openai.InternalServerError, 503),
        ("generation_failed", openai.InternalServerError, 502),
        ("timeout", openai.InternalServerError, 504),
        ("busy", openai.InternalServerError, 503),
        ("code_of_a_newer_tavern", openai.InternalServerError, 500),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_taverns_error_becomes_the_clients_exception(
    house: House, code: str, kind: type[openai.APIStatusError], status: int, stream: bool
) -> None:
    await failing(house, code)
    async with house.openai() as client:
        with pytest.raises(kind) as caught:
            await client.chat.completions.create(model="Seraphina", messages=HELLO, stream=stream)
    assert caught.value.status_code == status
    assert caught.value.code == {"unknown_character": "model_not_found"}.get(code, code)
    assert "It went wrong." in caught.value.message


async def test_each_wrong_request_becomes_the_right_exception(house: House) -> None:
    async with house.openai() as client:
        with pytest.raises(openai.InternalServerError) as none:
            await ask(client)
        assert (none.value.status_code, none.value.code) == (503, "no_tavern")
        house.tavern(hello)
        with pytest.raises(openai.NotFoundError) as unknown:
            await ask(client, model="Nobody")
        assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
        with pytest.raises(openai.BadRequestError) as two:
            await ask(client, n=2)
        assert (two.value.code, two.value.param) == ("unsupported_parameter", "n")
        with pytest.raises(openai.BadRequestError) as odd:
            await ask(client, extra_body={"mirostat": 2})
        assert (odd.value.code, odd.value.param) == ("unsupported_parameter", "mirostat")
        with pytest.raises(openai.NotFoundError) as elsewhere:
            await client.embeddings.create(model="default", input="x")
        assert elsewhere.value.code == "unknown_path"
    async with house.openai(api_key="sk-wrong") as client:
        with pytest.raises(openai.AuthenticationError) as stranger:
            await ask(client)
        assert stranger.value.code == "invalid_api_key"
    async with house.openai(api_key=house.key("viewer")) as client:
        with pytest.raises(openai.PermissionDeniedError):
            await ask(client)


async def test_a_character_that_the_tavern_refuses_is_the_clients_model(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.fail("unsupported_parameter", "A group cannot speak.", parameter="character")

    house.tavern(script)
    async with house.openai() as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await ask(client)
    assert refused.value.param == "model"


async def test_a_full_queue_is_a_rate_limit_with_a_time_to_wait() -> None:
    async with open_house(limits=HubLimits(detached=1, queue_length=1)) as house, house.openai() as client:
        tavern = house.tavern()
        asking = asyncio.create_task(ask(client))
        await tavern.commands.get()
        async with house.http() as http:
            waits = await http.post("/api/taverns/default/generate", json={"mode": "raw", "prompt": "?"})
        assert waits.json()["result"]["position"] == 1
        with pytest.raises(openai.RateLimitError) as full:
            await ask(client)
        asking.cancel()
    assert full.value.code == "queue_full"
    assert full.value.response.headers["retry-after"] == "5"


async def test_what_repeating_would_only_do_again_is_not_repeated_by_the_client(house: House) -> None:
    asked: list[str] = []

    async def script(turn: Turn) -> None:
        asked.append(turn.id)
        turn.fail("stopped")

    house.tavern(script)
    async with house.openai(max_retries=2) as client:
        with pytest.raises(openai.ConflictError):
            await ask(client)
    assert len(asked) == 1


async def test_an_error_after_the_first_token_is_raised_from_the_stream(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.start()
        turn.delta("Hel")
        turn.end("Hel", reason="error", error={"code": "stream_error", "message": "It broke off."})
        turn.fail("stream_error", "It broke off.")

    house.tavern(script)
    got: list[ChatCompletionChunk] = []
    async with house.openai() as client:
        stream = await ask_streamed(client)
        with pytest.raises(openai.APIError) as broken:
            await take_all(stream, got)
    assert joined(got) == "Hel"
    assert broken.value.message == "It broke off."
    assert broken.value.code == "stream_error"


async def test_a_tavern_that_goes_for_good_fails_what_it_was_doing() -> None:
    async with open_house(limits=HubLimits(tavern_grace=0.2)) as house, house.openai() as client:
        tavern = house.tavern()
        asking = asyncio.create_task(ask(client))
        await tavern.commands.get()
        tavern.disconnect()
        with pytest.raises(openai.InternalServerError) as gone:
            await asking
    assert (gone.value.status_code, gone.value.code) == (503, "tavern_gone")


async def test_a_time_limit_of_the_request_ends_it(house: House) -> None:
    tavern = house.tavern()
    async with house.openai(default_headers={"X-Tavernlink-Timeout": "0.3"}) as client:
        with pytest.raises(openai.InternalServerError) as late:
            await ask(client)
    assert (late.value.status_code, late.value.code) == (504, "timeout")
    assert (await tavern.commands.get()).id == await tavern.cancelled.get()


async def test_a_result_of_the_wrong_shape_is_the_taverns_error(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.done(nothing="here")

    house.tavern(script)
    async with house.openai() as client:
        with pytest.raises(openai.InternalServerError) as wrong:
            await ask(client)
    assert (wrong.value.status_code, wrong.value.code) == (502, "command_failed")
