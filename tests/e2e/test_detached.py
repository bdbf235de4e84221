"""Detached generations: SillyTavern's real prompt around other messages, many at once, beside the person's chat."""

from __future__ import annotations

import asyncio
import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.requests import GenerationResult
from tavernlink.sdk import Hub
from tavernlink.sdk.reply import Reply
from tavernlink.sdk.tavern import Tavern
from tavernlink.tab import Tab
from tests.e2e.desk import Desk

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenTab, StartSillyTavern

BOB = "BOBCARD {{char}} is a robot that serves {{user}}"


_CONNECT_TEXT = """async (url) => {
    const context = () => SillyTavern.getContext();
    $('#main_api').val('textgenerationwebui').trigger('change');
    $('#textgen_type').val('generic').trigger('change');
    $('#generic_api_url_text').val(url).trigger('input');
    const online = new Promise((resolve) => {
        context().eventSource.on(context().eventTypes.ONLINE_STATUS_CHANGED, (status) => {
            if (status !== 'no_connection') resolve();
        });
    });
    $('#api_button_textgenerationwebui').trigger('click');
    await online;
}"""


def ask(tavern: Tavern, text: str, **options: Any) -> Reply:
    return tavern.generate("detached", messages=[{"role": "user", "content": text}], **options)


async def pieces(reply: Reply) -> tuple[str, GenerationResult]:
    text = "".join([str(delta) async for delta in reply])
    return text, await reply


async def error_of(reply: Reply) -> TavernlinkError:
    with pytest.raises(TavernlinkError) as caught:
        await reply
    return caught.value


def prompt_of(model: Model, marker: str) -> list[dict[str, Any]]:
    """Return the messages of the last request that holds the marker."""
    found = [seen.body for seen in model.requests if marker in str(seen.body["messages"])]
    messages: list[dict[str, Any]] = found[-1]["messages"]
    return messages


async def test_sixteen_at_once_answer_their_own_request_and_nothing_of_the_persons_changes(
    desk: Desk, tavern: Tavern, model: Model
) -> None:
    await desk.write((True, "What is this place?"), (False, "A glade, {{user}}."), (True, "Thank you."))
    before = await desk.look()
    await ask(tavern, "warm up [tokens=5]")

    async def one(number: int) -> bool:
        text, result = await pieces(ask(tavern, f"marker-{number}- [tokens=60] [speed=20]"))
        return text == result.text and f"marker-{number}-" in text and result.reason == "stop"

    async def type_meanwhile() -> None:
        await desk.tab.page.locator("#send_textarea").press_sequentially("I am typing while this goes on")

    *answers, _ = await asyncio.gather(*(one(number) for number in range(16)), type_meanwhile())

    assert answers == [True] * 16
    assert model.peak > 8, "they ran one after another"
    assert (await desk.draft())[0] == "I am typing while this goes on"
    assert (await desk.look()).differences(before) == []
    await desk.clear_draft()


async def test_prompt_and_settings_are_those_of_a_visible_reply(
    desk: Desk, tavern: Tavern, model: Model
) -> None:
    await desk.write((True, "first"), (False, "second"))
    await tavern.send("third [tokens=5]")
    visible = model.requests[-1].body
    history = [
        {"role": "user" if message["is_user"] else "assistant", "content": message["mes"]}
        for message in (await desk.chat())[:-1]
    ]
    await tavern.generate("detached", messages=history)
    detached = model.requests[-1].body
    assert detached["messages"] == visible["messages"]
    assert detached == visible


@pytest.mark.parametrize("streaming", [True, False], ids=["stream-on", "stream-off"])
async def test_it_streams_whatever_sillytavern_is_set_to(
    desk: Desk, tavern: Tavern, model: Model, streaming: bool
) -> None:
    set_to = "(on) => { SillyTavern.getContext().chatCompletionSettings.stream_openai = on; }"
    await desk.tab.evaluate(set_to, streaming)
    try:
        deltas = [str(delta) async for delta in ask(tavern, "in pieces [tokens=40]")]
    finally:
        await desk.tab.evaluate(set_to, True)
    assert len(deltas) > 10


async def test_system_messages_keep_their_place(tavern: Tavern, tab: Tab, model: Model) -> None:
    roles = ["system", "user", "assistant", "developer", "user"]
    messages = [{"role": role, "content": f"place-{index}"} for index, role in enumerate(roles)]
    await tavern.generate("detached", messages=messages)
    sent = [
        (message["role"], message["content"])
        for message in model.requests[-1].body["messages"]
        if str(message["content"]).startswith("place-")
    ]
    assert sent == [
        ("system", "place-0"),
        ("user", "place-1"),
        ("assistant", "place-2"),
        ("system", "place-3"),
        ("user", "place-4"),
    ]


async def test_parameters_hold_for_this_request_only(tavern: Tavern, tab: Tab, model: Model) -> None:
    await ask(tavern, "plain-")
    plain = model.requests[-1].body
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    await ask(
        tavern,
        "special-",
        params={
            "temperature": 0.25,
            "top_p": 0.5,
            "max_tokens": 77,
            "seed": 4711,
            "stop": ["HALT"],
            "frequency_penalty": 0.5,
            "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}},
        },
    )
    special = model.requests[-1].body
    assert special["temperature"] == 0.25
    assert special["top_p"] == 0.5
    assert special["max_tokens"] == 77
    assert special["seed"] == 4711
    assert special["stop"] == ["HALT"]
    assert special["frequency_penalty"] == 0.5
    assert special["response_format"]["json_schema"]["schema"]["properties"] == schema["properties"]
    await ask(tavern, "json-", params={"response_format": {"type": "json_object"}})
    assert model.requests[-1].body["response_format"] == {"type": "json_object"}
    await ask(tavern, "plain-")
    assert model.requests[-1].body == plain


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"n": 2}, "n"),
        ({"temperature": "hot"}, "temperature"),
        ({"min_p": 0.1}, "min_p"),
    ],
)
async def test_what_cannot_be_honoured_is_refused_by_name(
    tavern: Tavern, tab: Tab, model: Model, params: dict[str, Any], named: str
) -> None:
    error = await error_of(ask(tavern, "refused", params=params))
    assert (error.code, error.details["parameter"]) == ("unsupported_parameter", named)
    assert not model.requests


async def test_macros_in_a_message_are_text(desk: Desk, tavern: Tavern, model: Model) -> None:
    before = await desk.look()
    text = "{{char}} <USER> {{setvar::stolen::1}} {{roll:d6}} macros-"
    await ask(tavern, text)
    assert model.requests[-1].body["messages"][-1]["content"] == text
    assert (await desk.look()).differences(before) == []


async def test_squashed_system_messages_are_squashed_here_too(
    desk: Desk, tavern: Tavern, model: Model
) -> None:
    set_to = "(on) => { SillyTavern.getContext().chatCompletionSettings.squash_system_messages = on; }"
    await desk.tab.evaluate(set_to, True)
    try:
        await tavern.send("squash [tokens=5]")
        visible = model.requests[-1].body["messages"]
        history = [
            {"role": "user" if message["is_user"] else "assistant", "content": message["mes"]}
            for message in (await desk.chat())[:-1]
        ]
        await tavern.generate("detached", messages=history)
    finally:
        await desk.tab.evaluate(set_to, False)
    assert model.requests[-1].body["messages"] == visible


async def test_messages_that_do_not_fit_are_refused(desk: Desk, tavern: Tavern, model: Model) -> None:
    set_to = "(size) => { SillyTavern.getContext().chatCompletionSettings.openai_max_context = size; }"
    size = await desk.tab.evaluate("() => SillyTavern.getContext().chatCompletionSettings.openai_max_context")
    await desk.tab.evaluate(set_to, 2500)
    try:
        error = await error_of(ask(tavern, "far too long " * 1500))
    finally:
        await desk.tab.evaluate(set_to, size)
    assert error.code == "context_exceeded"
    assert not model.requests


async def test_text_completion_works_alike(
    open_tab: OpenTab, start_sillytavern: StartSillyTavern, app: Hub, model: Model
) -> None:
    server = await start_sillytavern()
    desk = Desk(await open_tab(url=server.url, model_url=None, name="texts"), server)
    await desk.tab.evaluate(_CONNECT_TEXT, model.url.removesuffix("/v1"))
    tavern = app.tavern("texts")
    await desk.settle()
    before = await desk.look()
    params = {"temperature": 0.25, "max_tokens": 44, "seed": 7, "stop": ["HALT"]}
    replies = [ask(tavern, f"text-{number}- {{{{char}}}} [tokens=20]", params=params) for number in range(3)]
    for number, reply in enumerate(replies):
        text, result = await pieces(reply)
        assert text == result.text
        assert f"text-{number}- {{{{char}}}}" in text
    body = model.requests[-1].body
    assert (body["temperature"], body["max_tokens"], body["seed"]) == (0.25, 44, 7)
    assert body["stop"][0] == "HALT"
    assert body["prompt"].rstrip().endswith("Seraphina:")
    assert (await desk.look()).differences(before) == []
    error = await error_of(ask(tavern, "x", params={"response_format": {"type": "json_object"}}))
    assert (error.code, error.details["parameter"]) == ("unsupported_parameter", "response_format")


async def test_the_reply_is_cleaned_up_as_sillytavern_does(tavern: Tavern, tab: Tab) -> None:
    text, result = await pieces(ask(tavern, "hello [say=Seraphina: Good evening.]"))
    assert text == result.text == "Good evening."


async def test_thoughts_come_on_their_own_channel(tavern: Tavern, tab: Tab) -> None:
    reply = ask(tavern, "think [reasoning] [tokens=10]")
    text, result = await pieces(reply)
    assert result.reasoning
    assert reply.reasoning == result.reasoning
    assert text == result.text


async def test_images_go_with_their_message(desk: Desk, tavern: Tavern, model: Model) -> None:
    set_to = "(on) => { SillyTavern.getContext().chatCompletionSettings.media_inlining = on; }"
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + _png()}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "Look-"}, image]}]
    await desk.tab.evaluate(set_to, True)
    before = await desk.look()
    await tavern.generate("detached", messages=messages)
    parts = model.requests[-1].body["messages"][-1]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"]
    assert (await desk.look()).differences(before) == []
    await desk.tab.evaluate(set_to, False)
    try:
        error = await error_of(tavern.generate("detached", messages=messages))
    finally:
        await desk.tab.evaluate(set_to, True)
    assert error.code == "unsupported_parameter"


async def test_another_character_speaks_while_the_person_edits_and_saves_the_open_chat(
    desk: Desk, tavern: Tavern, model: Model
) -> None:
    bob = await desk.add_character("Bob", BOB)
    await desk.write((True, "zero"), (False, "one"), (True, "two"))
    chat_id = await desk.chat_id()
    before = await desk.look()
    await desk.type_draft("still typing")

    async def one(number: int) -> GenerationResult:
        return await ask(tavern, f"bob-{number}- [tokens=60]", character=bob)

    async def work_on_the_chat() -> None:
        for round_ in range(5):
            await desk.tab.evaluate(
                """async (round) => {
                    const context = SillyTavern.getContext();
                    context.chat[1].mes = `changed ${round}`;
                    context.updateMessageBlock(1, context.chat[1]);
                    await context.saveChat();
                }""",
                round_,
            )
        await desk.tab.page.evaluate("document.querySelector('#chat .mes[mesid=\"3\"] .mes_edit').click()")
        await desk.tab.page.fill("#curEditTextarea", "two, edited by {{char}}'s friend")
        async with desk.tab.page.expect_response(lambda answer: answer.url.endswith("/api/chats/save")):
            await desk.tab.page.evaluate(
                "document.querySelector('#chat .mes[mesid=\"3\"] .mes_edit_done').click()"
            )

    results = await asyncio.gather(*(one(number) for number in range(12)), work_on_the_chat())
    for number, result in enumerate(results[:-1]):
        assert isinstance(result, GenerationResult)
        assert f"bob-{number}-" in result.text
        assert result.character == "Bob"
        prompt = str(prompt_of(model, f"bob-{number}-"))
        assert "BOBCARD Bob is a robot that serves Traveller" in prompt
        assert "Seraphina" not in prompt
    after = await desk.look()
    assert {name.rsplit("/", 1)[-1] for name in after.changed_files(before)} == {f"{chat_id}.jsonl"}
    texts = await desk.texts()
    assert texts[1:] == ["changed 4", "one", "two, edited by Seraphina's friend"]
    assert desk.saved_texts(chat_id) == texts
    assert after.page["place"] == before.page["place"]
    assert (await desk.draft())[0] == "still typing"
    await desk.clear_draft()


async def test_what_belongs_to_the_open_chat_is_not_told(desk: Desk, tavern: Tavern, model: Model) -> None:
    bob = await desk.add_character("Bob", BOB)
    await desk.tab.evaluate(
        """() => {
            const { chatMetadata, setExtensionPrompt } = SillyTavern.getContext();
            chatMetadata.scenario = 'SCENE-OF-THIS-CHAT';
            document.querySelector('#extension_floating_prompt').value = 'NOTE-OF-THIS-CHAT';
            setExtensionPrompt('1_memory', 'SUMMARY-OF-THIS-CHAT', 1, 0);
        }"""
    )
    before = await desk.look()
    await ask(tavern, "stranger- [tokens=5]", character=bob)
    assert "OF-THIS-CHAT" not in str(prompt_of(model, "stranger-"))
    # The open character keeps what the person set for this chat, but its history is another one.
    await ask(tavern, "open- [tokens=5]")
    prompt = str(prompt_of(model, "open-"))
    assert ("NOTE-OF" in prompt, "SCENE-OF" in prompt, "SUMMARY-OF" in prompt) == (True, True, False)
    assert (await desk.look()).differences(before) == []
    await tavern.send("visible- [tokens=5]")
    assert "SUMMARY-OF-THIS-CHAT" in str(prompt_of(model, "visible-"))


async def test_it_works_with_nothing_open_where_a_character_is_named(
    open_tab: OpenTab, app: Hub, model: Model
) -> None:
    tab = await open_tab(character=None, name="empty")
    tavern = app.tavern("empty")
    result = await ask(tavern, "nobody-is-open-", character="default_Seraphina.png")
    assert result.character == "Seraphina"
    assert "Write Seraphina's next reply" in str(prompt_of(model, "nobody-is-open-"))
    assert await tab.evaluate("() => SillyTavern.getContext().characterId ?? null") is None
    assert (await error_of(ask(tavern, "who?"))).code == "no_character"


async def test_an_unknown_character_is_a_stated_error(tavern: Tavern, tab: Tab) -> None:
    assert (await error_of(ask(tavern, "who?", character="Nobody"))).code == "unknown_character"


async def test_a_message_that_the_person_sends_meanwhile_is_not_disturbed(
    desk: Desk, tavern: Tavern, model: Model
) -> None:
    bob = await desk.add_character("Bob", BOB)
    replies = [ask(tavern, f"beside-{number}- [tokens=60]", character=bob) for number in range(10)]
    box = desk.tab.page.locator("#send_textarea")
    await box.fill("visible-message [tokens=40]")
    await box.press("Enter")
    for number, reply in enumerate(replies):
        assert f"beside-{number}-" in (await reply).text
    await desk.tab.page.wait_for_function(
        """() => !document.body.dataset.generating
            && SillyTavern.getContext().chat.at(-1).mes.includes('visible-message')"""
    )
    prompt = str(prompt_of(model, "visible-message"))
    assert "Seraphina" in prompt
    assert "BOBCARD" not in prompt
    assert "beside-" not in prompt
    assert len(await desk.texts()) == 3


async def test_builds_wait_for_a_visible_generation(desk: Desk, tavern: Tavern, model: Model) -> None:
    visible = tavern.send("slow-one- [tokens=120] [speed=80]")
    await model.wait_for(lambda: any(seen.sent > 5 for seen in model.requests))
    detached = ask(tavern, "patient- [tokens=10]")
    assert "slow-one-" in (await visible).text
    assert "patient-" in (await detached).text
    states = [(seen.state, "patient-" in str(seen.body["messages"][-1])) for seen in model.requests]
    assert states == [("done", False), ("done", True)]


async def test_the_person_may_change_chats_meanwhile(desk: Desk, tavern: Tavern, model: Model) -> None:
    bob = await desk.add_character("Bob", BOB)
    await desk.write((True, "belongs to the first chat"))
    first = await desk.chat_id()
    before = await desk.look()
    replies = [ask(tavern, f"moving-{number}- [tokens=30]", character=bob) for number in range(8)]
    await desk.tab.select_character(bob)
    await desk.tab.select_character("default_Seraphina.png")
    for number, reply in enumerate(replies):
        assert f"moving-{number}-" in (await reply).text
        assert "Seraphina" not in str(prompt_of(model, f"moving-{number}-"))
    after = await desk.look()
    assert await desk.chat_id() == first
    # Not the rest: a chat that was opened again fades in and has a new date.
    assert (after.page["chat"], after.page["place"]) == (before.page["chat"], before.page["place"])
    assert after.files[_file(before.files, first)] == before.files[_file(before.files, first)]


async def test_cancelling_one_leaves_the_others(tavern: Tavern, tab: Tab, model: Model) -> None:
    doomed = ask(tavern, "doomed- [tokens=400] [speed=40]")
    other = ask(tavern, "other- [tokens=60]")
    await model.wait_for(
        lambda: any(seen.sent > 3 and "doomed-" in str(seen.body) for seen in model.requests)
    )
    await doomed.cancel()
    assert (await error_of(doomed)).code == "cancelled"
    assert "other-" in (await other).text
    await model.wait_for(
        lambda: [seen.state for seen in model.requests if "doomed-" in str(seen.body)] == ["cancelled"]
    )


@pytest.mark.parametrize(
    ("directive", "code"),
    [
        ("[error=500]", "generation_failed"),
        ("[error=429]", "generation_failed"),
        ("[error=midstream]", "stream_error"),
    ],
)
async def test_errors_of_the_model_are_told(tavern: Tavern, tab: Tab, directive: str, code: str) -> None:
    error = await error_of(ask(tavern, f"fail {directive} [tokens=30]"))
    assert error.code == code
    assert "stand-in model was told to fail" in error.message


async def test_without_a_model_it_says_so(
    open_tab: OpenTab, start_sillytavern: StartSillyTavern, app: Hub
) -> None:
    # A server of its own: the others remember the model.
    await open_tab(url=(await start_sillytavern()).url, model_url=None, name="modelless")
    assert (await error_of(ask(app.tavern("modelless"), "anyone?"))).code == "no_backend"


async def test_an_open_group_is_a_stated_refusal(
    open_tab: OpenTab, app: Hub, sillytavern: SillyTavern
) -> None:
    desk = Desk(await open_tab(name="grouped"), sillytavern)
    bob = await desk.add_character("Bob", BOB)
    await desk.open_group("Friends", ["default_Seraphina.png", bob])
    assert (await error_of(ask(app.tavern("grouped"), "hello all"))).code == "group_open"


def _file(files: dict[str, bytes], chat_id: str) -> str:
    (name,) = [name for name in files if name.endswith(f"{chat_id}.jsonl")]
    return name


def _png() -> str:
    """A red square of 8 × 8, as base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + b"\xff\0\0" * 8 for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return base64.b64encode(data).decode()
