"""What may stand in the body of a chat completion, and what is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tavernlink.errors import BadMessage
from tavernlink.http.openai.asking import read_asked
from tavernlink.http.openai.models import Model
from tavernlink.protocol.chat import ChatSend
from tavernlink.protocol.requests import Generate

MODEL = Model("Seraphina", "Home", "t1", "s.png")
USER = {"role": "user", "content": "Hello!"}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def asked(headers: dict[str, str] | None = None, **fields: Any) -> Any:
    body = {"model": "Seraphina", "messages": [USER], **fields}
    return read_asked(json.dumps(body).encode(), headers or {})


def refused(headers: dict[str, str] | None = None, **fields: Any) -> tuple[str, Any]:
    with pytest.raises(BadMessage) as caught:
        asked(headers, **fields).message(MODEL)
    return caught.value.code, caught.value.details.get("param")


def test_stateless_is_the_default_and_carries_model_history_and_parameters() -> None:
    type_, message = asked(temperature=1, max_completion_tokens=50, stop="END", seed=7, top_p=0.9).message(
        MODEL
    )
    assert type_ == "generate"
    assert isinstance(message, Generate)
    assert (message.mode, message.tavern, message.character) == ("detached", "t1", "s.png")
    assert [one.content for one in message.messages or []] == ["Hello!"]
    assert message.params == {"temperature": 1.0, "max_tokens": 50, "stop": "END", "seed": 7, "top_p": 0.9}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 1),
        ("logprobs", False),
        ("top_logprobs", 0),
        ("logit_bias", {}),
        ("tools", []),
        ("tool_choice", "auto"),
        ("parallel_tool_calls", True),
        ("store", False),
        ("service_tier", "auto"),
        ("modalities", ["text"]),
        ("user", "someone"),
        ("metadata", {"run": "7"}),
        ("prompt_cache_key", "k"),
        ("response_format", {"type": "text"}),
        ("audio", None),
        ("never_heard_of", None),
    ],
)
def test_what_asks_for_nothing_special_is_accepted_and_not_passed_on(name: str, value: Any) -> None:
    assert asked(**{name: value}).params == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("logit_bias", {"50256": -100}),
        ("functions", [{"name": "f"}]),
        ("store", True),
        ("audio", {"voice": "alloy"}),
        ("modalities", ["text", "audio"]),
        ("service_tier", "priority"),
        ("prediction", {"type": "content", "content": "x"}),
        ("web_search_options", {}),
        ("never_heard_of", 1),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(name: str, value: Any) -> None:
    assert refused(**{name: value}) == ("unsupported_parameter", name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "hot"),
        ("max_tokens", 1.5),
        ("stop", [1]),
        ("seed", "7"),
        ("stream", "yes"),
        ("stream_options", []),
        ("messages", []),
        ("messages", "Hello"),
        ("model", ""),
        ("model", 7),
    ],
)
def test_a_wrong_type_is_named(name: str, value: Any) -> None:
    assert refused(**{name: value}) == ("invalid_message", name)


def test_stream_options_know_usage_only() -> None:
    assert asked(stream=True, stream_options={"include_usage": True}).include_usage
    assert (
        asked(
            stream=True, stream_options={"include_usage": False, "include_obfuscation": False}
        ).include_usage
        is False
    )
    assert refused(stream_options={"other": True}) == ("unsupported_parameter", "stream_options.other")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_json_says_so(body: bytes) -> None:
    with pytest.raises(BadMessage) as caught:
        read_asked(body, {})
    assert caught.value.code == "invalid_json"


def test_a_body_that_is_no_object_says_so() -> None:
    with pytest.raises(BadMessage) as caught:
        read_asked(b"[]", {})
    assert caught.value.code == "invalid_message"


def test_an_earlier_answer_can_be_sent_back_as_clients_do() -> None:
    earlier: dict[str, Any] = {
        "role": "assistant",
        "content": "Hi.",
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
        "reasoning_content": "They greet me.",
    }
    _, message = asked(messages=[USER, earlier, USER]).message(MODEL)
    assert isinstance(message, Generate)
    assert [one.role for one in message.messages or []] == ["user", "assistant", "user"]


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ({"role": "tool", "content": "7"}, "invalid_message", "messages[1].tool_call_id"),
        ({"role": "narrator", "content": "7"}, "invalid_message", "messages[1].role"),
        ({"role": "user", "content": 7}, "invalid_message", "messages[1].content"),
        ("Hello", "invalid_message", "messages[1]"),
        (
            {"role": "assistant", "content": "", "tool_calls": [{}]},
            "invalid_message",
            "messages[1].tool_calls[0]",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio"}]},
            "unsupported_parameter",
            "messages[1].content[0]",
        ),
        ({"role": "user", "content": [{"type": "text"}]}, "invalid_message", "messages[1].content[0].text"),
        (
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}],
            },
            "unsupported_parameter",
            "messages[1].content[0].image_url",
        ),
    ],
)
def test_a_message_that_cannot_be_taken_names_its_place(message: Any, code: str, param: str) -> None:
    assert refused(messages=[USER, message]) == (code, param)


def test_images_pass_through_to_the_tavern() -> None:
    parts = [
        {"type": "text", "text": "Look."},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "auto"}},
    ]
    _, message = asked(messages=[{"role": "user", "content": parts}]).message(MODEL)
    assert isinstance(message, Generate)
    assert message.messages is not None
    assert message.messages[0].content == parts


def test_a_session_sends_the_last_user_message_into_its_chat() -> None:
    history = [{"role": "system", "content": "Be brief."}, USER, {"role": "assistant", "content": "Hi."}]
    parts = [
        {"type": "text", "text": "And"},
        {"type": "text", "text": "this?"},
        {"type": "image_url", "image_url": {"url": PIXEL}},
    ]
    type_, message = asked(
        {"x-tavernlink-session": "bob"}, messages=[*history, {"role": "user", "content": parts}]
    ).message(MODEL)
    assert type_ == "chat.send"
    assert isinstance(message, ChatSend)
    assert (message.session, message.text, message.character, message.tavern) == (
        "bob",
        "And\nthis?",
        "s.png",
        "t1",
    )
    (image,) = message.attachments
    assert (image.name, image.type, image.data) == ("image-1.png", "image/png", "iVBORw0KGgo=")


def test_a_session_can_be_named_in_the_metadata_but_not_twice_differently() -> None:
    assert asked(metadata={"session": "bob"}).session == "bob"
    assert asked({"x-tavernlink-session": "bob"}, metadata={"session": "bob"}).session == "bob"
    assert refused({"x-tavernlink-session": "eve"}, metadata={"session": "bob"}) == (
        "invalid_message",
        "metadata.session",
    )
    assert refused(metadata={"session": 7}) == ("invalid_message", "metadata.session")


def test_a_session_may_have_any_name_in_the_header() -> None:
    as_received = "鲍勃".encode().decode("latin-1")
    assert asked({"x-tavernlink-session": as_received}, metadata={"session": "鲍勃"}).session == "鲍勃"
    assert asked({"x-tavernlink-session": "Zoë"}).session == "Zoë"


def test_a_session_refuses_settings_and_a_last_message_that_is_not_the_users() -> None:
    session = {"x-tavernlink-session": "bob"}
    assert refused(session, temperature=0.5) == ("unsupported_parameter", "temperature")
    assert refused(session, messages=[USER, {"role": "assistant", "content": "Hi."}]) == (
        "invalid_message",
        "messages[1].role",
    )


def test_time_limit_and_idempotency_key_come_from_headers() -> None:
    _, message = asked({"x-tavernlink-timeout": "30", "idempotency-key": "once"}).message(MODEL)
    assert (message.timeout, message.request_id) == (30.0, "once")
    assert refused({"x-tavernlink-timeout": "soon"}) == ("invalid_message", "X-Tavernlink-Timeout")
