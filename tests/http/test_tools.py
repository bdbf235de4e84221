"""OpenAI's tools: passed to the tavern, and its model's calls passed back, to the official client."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk

from tavernlink.errors import BadMessage
from tavernlink.http.openai.parameters import parameters_of
from tavernlink.http.openai.prompt import read_messages
from tests.http.house import House
from tests.http.scripted_tavern import Turn

ROLL = {"type": "function", "function": {"name": "roll", "parameters": {"type": "object"}}}
LOOK = {"type": "function", "function": {"name": "look"}}
USER = {"role": "user", "content": "Roll and look!"}
CALLS: list[dict[str, Any]] = [
    {"id": "call_1", "type": "function", "function": {"name": "roll", "arguments": '{"sides": 6}'}},
    {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
]
RESULTS = [{"role": "tool", "tool_call_id": call["id"], "content": "4"} for call in CALLS]


async def call_both(turn: Turn) -> None:
    """Two calls at once, in pieces; the end of the second comes with the result only."""
    turn.start()
    turn.delta("Let me see.")
    for seq, (index, piece) in enumerate([(0, ""), (0, '{"sid'), (1, ""), (0, 'es": 6}')], start=2):
        first = {"id": CALLS[index]["id"], "name": CALLS[index]["function"]["name"]} if piece == "" else {}
        turn.tavern.say(
            "stream.tool_call", stream_id=turn.stream_id, seq=seq, index=index, arguments=piece, **first
        )
    result: dict[str, Any] = {"text": "Let me see.", "reason": "tool_calls", "tool_calls": CALLS}
    turn.end(**result)
    turn.done(**result)


async def ask(client: Any, **more: Any) -> Any:
    return await client.chat.completions.create(
        model="Seraphina", **({"messages": [USER], "tools": [ROLL, LOOK]} | more)
    )


async def test_the_models_calls_come_back_whole(house: House) -> None:
    house.tavern(call_both)
    async with house.openai() as client:
        answer = await ask(client)
    choice = answer.choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", "Let me see.")
    assert [call.model_dump() for call in choice.message.tool_calls] == CALLS


async def test_the_models_calls_are_streamed_as_the_client_expects_them(house: House) -> None:
    house.tavern(call_both)
    async with (
        house.openai() as client,
        client.chat.completions.stream(
            model="Seraphina",
            messages=[{"role": "user", "content": "Roll!"}],
            tools=[ROLL, LOOK],  # type: ignore[list-item]  # a literal that mypy widens
        ) as stream,
    ):
        chunks: list[ChatCompletionChunk] = [event.chunk async for event in stream if event.type == "chunk"]
        final = await stream.get_final_completion()
    message = final.choices[0].message
    assert final.choices[0].finish_reason == "tool_calls"
    assert [call.id for call in message.tool_calls or ()] == ["call_1", "call_2"]
    assert [call.function.arguments for call in message.tool_calls or ()] == ['{"sides": 6}', "{}"]
    pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert [(piece.index, piece.id) for piece in pieces] == [
        (0, "call_1"),
        (0, None),
        (1, "call_2"),
        (0, None),
        (1, None),
    ]


async def test_tools_and_earlier_rounds_reach_the_tavern_as_they_were_sent(house: House) -> None:
    tavern = house.tavern()
    earlier = {"role": "assistant", "content": None, "tool_calls": CALLS}
    async with house.openai() as client:
        asking = asyncio.create_task(
            ask(client, messages=[USER, earlier, *RESULTS], tool_choice="required", parallel_tool_calls=False)
        )
        turn = await tavern.commands.get()
        turn.reply("Four.")
        assert (await asking).choices[0].message.content == "Four."
    assert turn.args["params"] == {
        "tools": [ROLL, LOOK],
        "tool_choice": "required",
        "parallel_tool_calls": False,
    }
    assert [message.get("tool_calls") for message in turn.args["messages"]] == [None, CALLS, None, None]
    assert [message.get("tool_call_id") for message in turn.args["messages"]] == [
        None,
        None,
        "call_1",
        "call_2",
    ]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": [ROLL, ROLL]}, "tools[1].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "a", "parameters": []}}]},
            "tools[0].function.parameters",
        ),
        ({"tools": "roll"}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [ROLL], "tool_choice": "always"}, "tool_choice"),
        (
            {"tools": [ROLL], "tool_choice": {"type": "function", "function": {"name": "look"}}},
            "tool_choice.function.name",
        ),
        ({"tools": [LOOK] * 129}, "tools"),
    ],
)
def test_tools_that_cannot_be_are_refused_by_name(body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadMessage) as caught:
        parameters_of(body)
    assert caught.value.details["param"] == param


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([USER, RESULTS[0]], "messages[1].tool_call_id"),
        ([{"role": "assistant", "tool_calls": CALLS}, RESULTS[0], USER], "messages[2]"),
        ([USER, {"role": "assistant", "tool_calls": CALLS}], "messages[1]"),
        ([{"role": "user", "content": "x", "tool_calls": CALLS[:1]}, RESULTS[0]], "messages[0].tool_calls"),
        ([{"role": "assistant", "tool_calls": [{"id": "a"}]}], "messages[0].tool_calls[0]"),
    ],
)
def test_a_round_of_tools_is_whole(messages: list[Any], param: str) -> None:
    with pytest.raises(BadMessage) as caught:
        read_messages(messages)
    assert caught.value.details["param"] == param
