"""OpenAI's tools through a real SillyTavern, with the official client: a round trip, streamed and not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tavernlink.tab import Tab
from tests.e2e.desk import Desk

ROLL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "roll",
        "description": "Rolls dice.",
        "parameters": {"type": "object", "properties": {"sides": {"type": "integer"}}, "required": ["sides"]},
    },
}
LOOK: dict[str, Any] = {"type": "function", "function": {"name": "look"}}
ASKED = (
    'Roll for {{user}} and look [tool=roll {"sides": 6}] [tool=look {"at": {"place": "glade"}}] [tokens=12]'
)
ROLLED = "You rolled <b>4</b>. {{char}} {{setvar::leak::1}}"


@pytest_asyncio.fixture(loop_scope="session")
async def client(hub: RunningHub) -> AsyncIterator[Any]:
    async with AsyncOpenAI(base_url=f"{hub.url}/v1", api_key=hub.app_key, max_retries=0) as opened:
        yield opened


def results_of(message: Any) -> list[dict[str, Any]]:
    """What an app answers to the calls: the message itself, then a result for each."""
    contents = {"roll": ROLLED, "look": "It is dark."}
    return [message.model_dump(exclude_none=True)] + [
        {"role": "tool", "tool_call_id": call.id, "content": contents[call.function.name]}
        for call in message.tool_calls
    ]


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_tools_go_to_the_model_and_its_calls_come_back(
    client: Any, desk: Desk, model: Model, streaming: bool
) -> None:
    await desk.write((True, "This is the person's own chat."))
    before = await desk.look()
    history: list[dict[str, Any]] = [{"role": "user", "content": ASKED}]
    options = {"model": "shared/Seraphina", "tools": [ROLL, LOOK]}

    async def ask(**more: Any) -> Any:
        if not streaming:
            return await client.chat.completions.create(messages=history, **options, **more)
        async with client.chat.completions.stream(messages=history, **options, **more) as stream:
            pieces = [
                call
                async for event in stream
                if event.type == "chunk" and event.chunk.choices
                for call in event.chunk.choices[0].delta.tool_calls or ()
            ]
            if pieces:
                assert len(pieces) > 6  # in pieces, as the model sent them
                assert [call.id is not None for call in pieces if call.index == 0][:2] == [True, False]
            return await stream.get_final_completion()

    first = (await ask()).choices[0]
    assert first.finish_reason == "tool_calls"
    assert not first.message.content
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in first.message.tool_calls]
    assert calls == [("roll", {"sides": 6}), ("look", {"at": {"place": "glade"}})]
    sent = model.requests[-1].body
    assert (sent["tools"], sent["tool_choice"]) == ([ROLL, LOOK], "auto")

    history += results_of(first.message)
    second = (await ask()).choices[0]
    assert second.finish_reason == "stop"
    # The results arrived as they were: no macro of SillyTavern was carried out in them.
    assert f'The tools answered: "{ROLLED}", "It is dark."' in second.message.content
    sent = model.requests[-1].body["messages"]
    round_ = next(place for place, message in enumerate(sent) if message.get("tool_calls"))
    assert [message["role"] for message in sent[round_ : round_ + 3]] == ["assistant", "tool", "tool"]
    assert [message["tool_call_id"] for message in sent[round_ + 1 : round_ + 3]] == [
        call["id"] for call in sent[round_]["tool_calls"]
    ]
    assert "Seraphina" in str(sent[:round_])
    assert "\ue7a1" not in str(sent)

    history += [
        {"role": "assistant", "content": second.message.content},
        {"role": "user", "content": "Go on."},
    ]
    third = (await ask(tool_choice="none")).choices[0]
    assert 'You said: "Go on."' in third.message.content
    # SillyTavern's own dry run, for its token counts, writes an empty one into a new chat whenever it comes.
    changed = (await desk.look()).differences(before)
    assert [change for change in changed if "timedWorldInfo" not in change] == []


async def test_the_choice_of_tools_is_the_clients(client: Any, tab: Tab, model: Model) -> None:
    async def calls(text: str, **more: Any) -> list[str]:
        answer = await client.chat.completions.create(
            model="shared/Seraphina",
            messages=[{"role": "user", "content": text}],
            tools=[ROLL, LOOK],
            **more,
        )
        choice = answer.choices[0]
        assert choice.finish_reason == ("tool_calls" if choice.message.tool_calls else "stop")
        return [call.function.name for call in choice.message.tool_calls or ()]

    named = {"type": "function", "function": {"name": "look"}}
    assert await calls("[tool=roll] [tool=look]", parallel_tool_calls=False) == ["roll"]
    assert model.requests[-1].body["parallel_tool_calls"] is False
    assert await calls("hello", tool_choice="required") == ["roll"]
    assert await calls("hello", tool_choice=named) == ["look"]
    assert await calls("[tool=roll]", tool_choice="none") == []
    # A text and a call together, as models write them.
    answer = await client.chat.completions.create(
        model="shared/Seraphina",
        messages=[{"role": "user", "content": "[say=I shall roll.] [tool=roll]"}],
        tools=[ROLL],
    )
    assert answer.choices[0].message.content == "I shall roll."
    assert answer.choices[0].message.tool_calls[0].function.name == "roll"


async def test_a_connection_that_takes_no_tools_refuses_them_by_name(
    client: Any, tab: Tab, model: Model
) -> None:
    async def refused() -> openai.BadRequestError:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(
                model="shared/Seraphina", messages=[{"role": "user", "content": "hello"}], tools=[ROLL]
            )
        return caught.value

    settings = "SillyTavern.getContext().chatCompletionSettings"
    await tab.evaluate(f"() => {{ {settings}.custom_prompt_post_processing = 'strict' }}")
    try:
        error = await refused()
    finally:
        await tab.evaluate(f"() => {{ {settings}.custom_prompt_post_processing = '' }}")
    assert error.param == "tools"
    assert "takes tools out" in error.message
    assert not model.requests
