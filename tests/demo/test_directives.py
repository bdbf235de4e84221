"""The plan of a reply follows from the prompt alone."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.demo.directives import Plan, plan_completion, plan_reply, text_of


def plan(*texts: str, **body: Any) -> Plan:
    return plan_reply({"messages": [{"role": "user", "content": text} for text in texts], **body})


def test_the_last_user_message_is_repeated() -> None:
    assert plan("first", "hello Marker-17").text.startswith('You said: "hello Marker-17". She smiles')


def test_a_later_system_message_does_not_hide_the_question() -> None:
    messages = [{"role": "user", "content": "hello"}, {"role": "system", "content": "Stay in character."}]
    assert plan_reply({"messages": messages}).text.startswith('You said: "hello".')


def test_a_prompt_without_a_user_message_is_answered() -> None:
    assert plan_reply({"messages": [{"role": "system", "content": "Begin."}]}).text.startswith(
        'You said: "".'
    )
    assert plan_reply({}).tokens


def test_equal_prompts_get_equal_plans() -> None:
    assert plan("a [tokens=300] [reasoning]") == plan("a [tokens=300] [reasoning]")


@pytest.mark.parametrize("count", [1, 5, 40, 2000])
def test_the_reply_has_exactly_the_asked_number_of_tokens(count: int) -> None:
    assert len(plan(f"hello [tokens={count}]").tokens) == count


def test_directives_are_not_repeated() -> None:
    text = plan("a [tokens=30] b [speed=0] [reasoning=3] [hang=9] [tool=look {}]").text
    assert text.startswith('You said: "a b".')
    assert "[" not in text


def test_say_gives_the_reply_and_is_found_in_a_quiet_prompt() -> None:
    messages = [
        {"role": "user", "content": "hello"},
        {"role": "system", "content": "Sum up. [say=A short one.]"},
    ]
    assert plan_reply({"messages": messages}).text == "A short one."


def test_a_directive_in_an_earlier_turn_is_history() -> None:
    assert plan("[error=500]", "hello").error is None


def test_max_tokens_cuts_and_gives_the_reason() -> None:
    cut = plan("hello [tokens=50]", max_tokens=7)
    assert (len(cut.tokens), cut.finish_reason) == (7, "length")
    assert plan("hello [tokens=7]", max_tokens=7).finish_reason == "stop"


def test_stop_cuts_before_its_text() -> None:
    assert plan("hello", stop=["smiles", "never"]).text == 'You said: "hello". She '
    assert plan("hello", stop="She").text == 'You said: "hello". '


def test_image_parts_count_as_text() -> None:
    content = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    assert text_of(content) == "look <image>"


def test_a_tool_is_called_only_when_the_request_offers_it() -> None:
    tools = [{"type": "function", "function": {"name": "roll", "parameters": {}}}]
    asked = 'dice [tool=roll {"sides": 6}]'
    assert plan(asked, tools=tools).tools == (("roll", '{"sides": 6}'),)
    assert plan(asked, tools=tools).finish_reason == "tool_calls"
    assert plan(asked).tools == ()


def test_the_result_of_a_tool_is_answered_with_text() -> None:
    tools = [{"type": "function", "function": {"name": "roll"}}]
    messages = [
        {"role": "user", "content": "dice [tool=roll {}]"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "4"},
    ]
    answer = plan_reply({"messages": messages, "tools": tools})
    assert answer.tools == ()
    assert answer.text.startswith('The tool answered: "4".')
    several = [*messages, {"role": "tool", "content": "5"}]
    assert plan_reply({"messages": several}).text.startswith('The tools answered: "4", "5".')


def test_several_tools_are_called_side_by_side_unless_the_request_forbids_it() -> None:
    tools = [{"type": "function", "function": {"name": name}} for name in ("roll", "look")]
    asked = '[tool=roll {"dice": [{"sides": {"n": 6}}]}] and [tool=look]'
    both = (("roll", '{"dice": [{"sides": {"n": 6}}]}'), ("look", "{}"))
    assert plan(asked, tools=tools).tools == both
    assert plan(asked, tools=tools, parallel_tool_calls=False).tools == both[:1]


def test_the_tool_choice_is_obeyed() -> None:
    tools = [{"type": "function", "function": {"name": name}} for name in ("roll", "look")]
    named = {"type": "function", "function": {"name": "look"}}
    assert plan("a [tool=roll]", tools=tools, tool_choice="none").tools == ()
    assert plan("a", tools=tools, tool_choice="required").tools == (("roll", "{}"),)
    assert plan("a [tool=roll]", tools=tools, tool_choice=named).tools == (("look", "{}"),)


def test_a_text_completion_repeats_the_line_before_the_name() -> None:
    assert plan_completion({"prompt": "Seraphina: Hello\nTraveller: Marker-3\nSeraphina:"}).text.startswith(
        'You said: "Traveller: Marker-3".'
    )
