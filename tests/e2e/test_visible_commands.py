"""Commands on the open chat: every way to generate, to fail and to be stopped, while the person is at the keyboard."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import Route

from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.chat import Attachment
from tavernlink.sdk import Hub
from tavernlink.sdk.request import Request
from tavernlink.sdk.tavern import Tavern
from tavernlink.tab import Tab
from tests.e2e.desk import Desk
from tests.e2e.overheard import overhear

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenTab, StartSillyTavern

DRAFT = "/echo what I am writing | /echo more"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


@pytest_asyncio.fixture(loop_scope="session")
async def desk(desk: Desk) -> AsyncIterator[Desk]:
    """The shared tab with a draft in its text box, partly selected: it must come out of every test as it was."""
    await desk.type_draft(DRAFT, caret=(3, 9))
    yield desk
    draft = await desk.draft()
    await desk.clear_draft()
    assert draft == (DRAFT, 3, 9)
    assert await desk.tab.open_dialogs() == []


async def error_of(request: Request[Any]) -> TavernlinkError:
    with pytest.raises(TavernlinkError) as caught:
        await request
    return caught.value


async def saved_as_shown(desk: Desk) -> bool:
    """True when the chat file, the page's chat and the screen hold the same messages."""
    texts = await desk.texts()
    shown = await desk.tab.evaluate("() => document.querySelectorAll('#chat .mes').length")
    return desk.saved_texts(await desk.chat_id()) == texts and shown == len(texts)


# ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_is_sent_and_its_reply_streams_back(desk: Desk, tavern: Tavern) -> None:
    reply = tavern.send("hello [tokens=40]")
    pieces = [str(delta) async for delta in reply]
    result = await reply
    assert len(pieces) > 5
    assert "".join(pieces) == result.text == (await desk.texts())[-1]
    assert (result.reason, result.character, result.message_index) == ("stop", "Seraphina", 2)
    assert result.chat_id == await desk.chat_id()
    assert await saved_as_shown(desk)


@pytest.mark.parametrize("text", ["/echo run me", "hello | /delchat", "//comment", "{{user}} <BOT>"])
async def test_slash_commands_in_a_message_are_text(desk: Desk, tavern: Tavern, text: str) -> None:
    await tavern.send(f"{text} [tokens=4]")
    assert (await desk.texts())[1] == f"{text} [tokens=4]"


async def test_without_generation_only_the_message_is_added(desk: Desk, tavern: Tavern, model: Model) -> None:
    result = await tavern.post("just this")
    assert result["message_index"] == 1
    assert (await desk.texts())[1:] == ["just this"]
    assert await saved_as_shown(desk)
    assert not model.requests


async def test_a_message_may_be_spoken_under_another_name(desk: Desk, tavern: Tavern) -> None:
    await tavern.post("who am I?", as_="Stranger")
    message = (await desk.chat())[-1]
    assert (message["name"], message["is_user"]) == ("Stranger", True)


async def test_an_image_goes_with_the_message(desk: Desk, tavern: Tavern, model: Model) -> None:
    await desk.tab.evaluate(
        "() => { SillyTavern.getContext().chatCompletionSettings.media_inlining = true; }"
    )
    image = Attachment(name="pixel.png", type="image/png", data=PIXEL)
    await tavern.send("look [tokens=4]", attachments=[image])
    (media,) = (await desk.chat())[1]["extra"]["media"]
    assert media["type"] == "image"
    assert media["url"].endswith(".png")
    (sent,) = [message for message in model.requests[-1].body["messages"] if message["role"] == "user"]
    assert [part["type"] for part in sent["content"]] == ["text", "image_url"]
    error = await error_of(
        tavern.post("x", attachments=[Attachment(name="a", type="text/plain", data=PIXEL)])
    )
    assert error.code == "unsupported_parameter"


async def test_files_that_the_person_has_chosen_stay_chosen(
    desk: Desk, tavern: Tavern, tmp_path: Path
) -> None:
    chosen = tmp_path / "mine.png"
    chosen.write_bytes(base64.b64decode(PIXEL))
    await desk.tab.page.set_input_files("#file_form_input", str(chosen))
    try:
        await tavern.send("without your file [tokens=4]")
        await tavern.generate("impersonate")
        count = "() => document.querySelector('#file_form_input').files.length"
        assert await desk.tab.evaluate(count) == 1
        assert "media" not in (await desk.chat())[1]["extra"]
    finally:
        await desk.tab.evaluate("() => document.querySelector('#file_form').reset()")


async def test_typing_goes_on_while_a_reply_is_written(desk: Desk, tavern: Tavern, model: Model) -> None:
    reply = tavern.send("slowly [tokens=60] [hang=20]")  # however long the typing takes
    await model.wait_for(lambda: bool(model.requests) and model.requests[-1].sent == 20)
    box = desk.tab.page.locator("#send_textarea")
    await box.press("End")
    await box.press_sequentially(" and on")
    await box.press("Enter")  # must not send while a reply is being written
    assert await tavern.stop() is True
    await reply
    assert await desk.draft() == (DRAFT + " and on", len(DRAFT) + 7, len(DRAFT) + 7)
    assert len(await desk.texts()) == 3
    for _ in " and on":
        await box.press("Backspace")
    await desk.tab.evaluate("() => document.querySelector('#send_textarea').setSelectionRange(3, 9)")


# ── The other ways to generate ───────────────────────────────────────────────────────────────────────────


async def test_reply_lets_the_character_speak(desk: Desk, tavern: Tavern) -> None:
    await tavern.post("I listen. [tokens=9]")
    result = await tavern.generate("reply")
    assert (await desk.texts())[2:] == [result.text]


async def test_regenerate_replaces_the_last_reply(desk: Desk, tavern: Tavern, model: Model) -> None:
    first = await tavern.send("again [tokens=9]")
    second = await tavern.generate("regenerate")
    assert (await desk.texts())[2:] == [second.text]
    assert first.message_index == second.message_index == 2
    assert "assistant" not in [m["role"] for m in model.requests[-1].body["messages"][-1:]]
    assert await saved_as_shown(desk)


async def test_swipe_adds_an_alternative_whichever_is_shown(desk: Desk, tavern: Tavern) -> None:
    await tavern.send("pick one [tokens=9]")
    await tavern.generate("swipe")
    await desk.tab.evaluate("() => SillyTavern.getContext().swipe.left(null)")
    result = await tavern.generate("swipe")
    message = (await desk.chat())[-1]
    assert (len(message["swipes"]), message["swipe_id"]) == (3, 2)
    assert message["swipes"][2] == message["mes"] == result.text


async def test_continue_gives_the_part_that_was_added(desk: Desk, tavern: Tavern) -> None:
    first = await tavern.send("go on [tokens=9]")
    reply = tavern.generate("continue")
    pieces = [str(delta) async for delta in reply]
    result = await reply
    assert result.text
    assert (await desk.texts())[-1] == first.text + result.text
    assert "".join(pieces) == result.text
    assert result.message_index == first.message_index


async def test_a_command_waits_until_the_reply_before_it_is_saved(
    desk: Desk, tavern: Tavern, app: Hub
) -> None:
    """SillyTavern shows its buttons before it saves, and then drops the processor of whatever generates by then."""

    async def save_slowly(route: Route) -> None:
        await asyncio.sleep(1)  # a slow disk, not a wait for something
        await route.continue_()

    page = desk.tab.page
    await desk.write((True, "hello [tokens=40] [speed=25]"))
    async with overhear(app, desk.tab) as ear:
        await page.route("**/api/chats/save", save_slowly)
        try:
            await desk.tab.evaluate("() => { SillyTavern.getContext().generate('regenerate'); }")
            first = await ear.next_end()
            result = await tavern.generate("continue")
        finally:
            await page.unroute("**/api/chats/save")
    assert result.text
    assert (await desk.texts())[-1] == first.ended.text + result.text


async def test_impersonate_gives_the_text_and_leaves_chat_and_text_box_alone(
    desk: Desk, tavern: Tavern
) -> None:
    await tavern.post("what would I say? [tokens=12]")
    before = await desk.texts()
    reply = tavern.generate("impersonate")
    pieces = [str(delta) async for delta in reply]
    result = await reply
    assert result.text == "".join(pieces) != ""
    assert await desk.texts() == before


async def test_quiet_uses_the_chat_as_context_and_does_not_change_it(
    desk: Desk, tavern: Tavern, model: Model
) -> None:
    await tavern.post("context-line")
    before = await desk.look()
    result = await tavern.generate("quiet", prompt="Sum it up. [tokens=14]")
    assert result.text
    prompt = str(model.requests[-1].body["messages"])
    assert "context-line" in prompt
    assert "Sum it up." in prompt
    assert (await desk.look()).page["chat"] == before.page["chat"]


async def test_raw_sends_just_what_is_given(desk: Desk, tavern: Tavern, model: Model) -> None:
    before = await desk.look()
    messages = [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "Hi {{char}} [tokens=9]"},
    ]
    result = await tavern.generate("raw", messages=messages, params={"temperature": 0.5})
    assert result.text
    assert model.requests[-1].body["messages"] == messages
    assert model.requests[-1].body["temperature"] == 0.5
    assert (await desk.look()).differences(before) == []


async def test_without_streaming_the_reply_comes_in_one_piece(desk: Desk, tavern: Tavern) -> None:
    set_to = "(on) => { SillyTavern.getContext().chatCompletionSettings.stream_openai = on; }"
    await desk.tab.evaluate(set_to, False)
    try:
        reply = tavern.send("at once [tokens=20]")
        pieces = [str(delta) async for delta in reply]
        result = await reply
    finally:
        await desk.tab.evaluate(set_to, True)
    assert "".join(pieces) == result.text == (await desk.texts())[-1]
    assert result.usage is not None
    assert result.usage.completion_tokens == 20


# ── Failing ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("streaming", [True, False], ids=["stream-on", "stream-off"])
async def test_a_failed_reply_takes_the_message_back(desk: Desk, tavern: Tavern, streaming: bool) -> None:
    set_to = "(on) => { SillyTavern.getContext().chatCompletionSettings.stream_openai = on; }"
    before = await desk.texts()
    await desk.tab.evaluate(set_to, streaming)
    try:
        error = await error_of(tavern.send("fail [error=500]"))
    finally:
        await desk.tab.evaluate(set_to, True)
    assert error.code == "generation_failed"
    assert await desk.texts() == before
    assert await saved_as_shown(desk)
    assert "after-" in (await tavern.send("after- [tokens=9]")).text


async def test_an_error_in_the_middle_of_a_stream_is_told(desk: Desk, tavern: Tavern) -> None:
    before = await desk.texts()
    error = await error_of(tavern.send("half [error=midstream] [tokens=30]"))
    assert error.code == "stream_error"
    assert error.details["text"].startswith("You said")
    assert await desk.texts() == before
    assert await saved_as_shown(desk)


async def test_a_failed_regeneration_puts_the_old_reply_back(desk: Desk, tavern: Tavern) -> None:
    await desk.write((True, "fail [error=500]"), (False, "the old reply"))
    assert (await error_of(tavern.generate("regenerate"))).code == "generation_failed"
    assert (await desk.texts())[1:] == ["fail [error=500]", "the old reply"]
    assert await saved_as_shown(desk)


async def test_a_failed_swipe_goes_back_to_the_reply_that_was_shown(desk: Desk, tavern: Tavern) -> None:
    await desk.write((True, "fail [error=500]"), (False, "the shown reply"))
    assert (await error_of(tavern.generate("swipe"))).code == "generation_failed"
    message = (await desk.chat())[-1]
    assert (message["mes"], message.get("swipe_id", 0)) == ("the shown reply", 0)


async def test_a_failed_continuation_leaves_the_message_as_it_was(desk: Desk, tavern: Tavern) -> None:
    await desk.write((True, "go [error=midstream] [tokens=20]"), (False, "Once upon a time"))
    assert (await error_of(tavern.generate("continue"))).code == "stream_error"
    assert (await desk.texts())[-1] == "Once upon a time"
    assert await saved_as_shown(desk)


async def test_another_extension_that_aborts_is_told(desk: Desk, tavern: Tavern) -> None:
    before = await desk.texts()
    await desk.tab.evaluate(
        """() => {
            globalThis.ownInterceptor = globalThis.vectors_rearrangeChat;
            globalThis.vectors_rearrangeChat = (_chat, _size, abort) => abort(true);
        }"""
    )
    try:
        error = await error_of(tavern.send("never sent"))
    finally:
        await desk.tab.evaluate("() => { globalThis.vectors_rearrangeChat = globalThis.ownInterceptor; }")
    assert error.code == "interceptor_abort"
    assert await desk.texts() == before
    assert await saved_as_shown(desk)


async def test_without_a_model_nothing_is_sent(
    open_tab: OpenTab, start_sillytavern: StartSillyTavern, app: Hub
) -> None:
    server = await start_sillytavern()
    desk = Desk(await open_tab(url=server.url, model_url=None, name="unconnected"), server)
    before = await desk.texts()
    assert (await error_of(app.tavern("unconnected").send("hello?"))).code == "no_backend"
    assert await desk.texts() == before


async def test_with_nothing_open_it_says_so(open_tab: OpenTab, app: Hub) -> None:
    await open_tab(character=None, name="nothing-open")
    assert (await error_of(app.tavern("nothing-open").send("hello?"))).code == "no_character"


async def test_a_dialog_that_waits_for_the_person_is_an_error(
    open_tab: OpenTab, sillytavern: SillyTavern, app: Hub, model: Model
) -> None:
    tab = await open_tab(name="dialogs")
    tavern = app.tavern("dialogs")
    show = "() => { void SillyTavern.getContext().callGenericPopup('Are you there?', 1); }"
    await tab.evaluate(show)
    error = await error_of(tavern.send("hello"))
    assert (error.code, "Are you there?" in error.details["dialog"]) == ("blocked_by_dialog", True)
    await tab.page.click("dialog[open] .popup-button-ok")
    await tab.page.wait_for_selector("dialog[open]", state="detached")

    reply = tavern.send("hello again [tokens=400] [speed=20]")
    await model.wait_for(lambda: any(seen.sent > 2 for seen in model.requests))
    await tab.evaluate(show)
    assert (await error_of(reply)).code == "blocked_by_dialog"


async def test_a_chat_that_another_tab_wrote_is_reported_instead_of_hanging(
    open_tab: OpenTab, sillytavern: SillyTavern, app: Hub
) -> None:
    desk = Desk(await open_tab(name="conflict"), sillytavern)
    await desk.tab.new_chat()
    desk.change_header(await desk.chat_id(), integrity="another tab's")
    error = await error_of(app.tavern("conflict").post("to be saved"))
    assert error.code == "blocked_by_dialog"
    assert "integrity" in error.details["dialog"]


@pytest.mark.parametrize(
    ("mode", "options", "code"),
    [
        ("reply", {"prompt": "x"}, "unsupported_parameter"),
        ("reply", {"params": {"temperature": 1}}, "unsupported_parameter"),
        ("quiet", {"prompt": "x", "params": {"seed": 1}}, "unsupported_parameter"),
    ],
)
async def test_what_a_mode_cannot_honour_is_refused(
    desk: Desk, tavern: Tavern, mode: Any, options: dict[str, Any], code: str
) -> None:
    assert (await error_of(tavern.generate(mode, **options))).code == code


# ── Stopping ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_person_pressing_stop_ends_the_request_with_what_there_is(
    desk: Desk, tavern: Tavern
) -> None:
    reply = tavern.send("long [tokens=400] [speed=40]")
    await anext(aiter(reply))
    await desk.tab.page.click("#mes_stop")
    result = await reply
    assert result.reason == "cancelled"
    assert result.text == (await desk.texts())[-1] != ""
    assert await saved_as_shown(desk)


async def test_an_app_may_press_stop(desk: Desk, tavern: Tavern) -> None:
    assert await tavern.stop() is False
    reply = tavern.send("long [tokens=400] [speed=40]")
    await anext(aiter(reply))
    assert await tavern.stop() is True
    assert (await reply).reason == "cancelled"


async def test_cancelling_keeps_what_was_written(desk: Desk, tavern: Tavern, model: Model) -> None:
    reply = tavern.send("cancel me [tokens=400] [speed=40]")
    await anext(aiter(reply))
    await reply.cancel()
    assert (await error_of(reply)).code == "cancelled"
    await model.wait_for(lambda: model.requests[-1].state == "cancelled")
    assert "next-" in (await tavern.send("next- [tokens=9]")).text
    texts = await desk.texts()
    assert len(texts) == 5
    assert texts[2].startswith("You")
    assert await saved_as_shown(desk)


async def test_cancelled_before_the_first_word_takes_the_message_back(
    desk: Desk, tavern: Tavern, model: Model
) -> None:
    before = await desk.texts()
    reply = tavern.send("nothing comes [hang]")
    await model.wait_for(lambda: bool(model.requests))
    await reply.cancel()
    assert (await error_of(reply)).code == "cancelled"
    assert "next-" in (await tavern.send("next- [tokens=9]")).text
    assert len(await desk.texts()) == len(before) + 2
    assert await saved_as_shown(desk)


# ── Longer turns ─────────────────────────────────────────────────────────────────────────────────────────

_TOOL = """(stealth) => {
    const context = SillyTavern.getContext();
    context.chatCompletionSettings.function_calling = true;
    globalThis.toolCalls = [];
    context.registerFunctionTool({
        name: 'weather', displayName: 'Weather', description: 'The weather.', stealth,
        parameters: { type: 'object', properties: { place: { type: 'string' } } },
        action: async (given) => { globalThis.toolCalls.push(given); return 'rain'; },
        formatMessage: () => '',
    });
}"""
_NO_TOOL = """() => {
    const context = SillyTavern.getContext();
    context.unregisterFunctionTool('weather');
    context.chatCompletionSettings.function_calling = false;
}"""


async def test_a_tool_round_is_part_of_the_turn(desk: Desk, tavern: Tavern) -> None:
    await desk.tab.evaluate(_TOOL, False)
    try:
        result = await tavern.send('weather? [tool=weather {"place": "glade"}] [tokens=9]')
    finally:
        await desk.tab.evaluate(_NO_TOOL)
    assert await desk.tab.evaluate("() => globalThis.toolCalls") == [{"place": "glade"}]
    assert result.text == (await desk.texts())[-1] != ""
    assert result.reason == "stop"


async def test_a_tool_that_ends_the_turn_leaves_no_reply(desk: Desk, tavern: Tavern) -> None:
    await desk.tab.evaluate(_TOOL, True)
    try:
        result = await tavern.send('silently [tool=weather {"place": "glade"}]')
    finally:
        await desk.tab.evaluate(_NO_TOOL)
    assert (result.text, result.reason) == ("", "tool_calls")


async def test_auto_continue_is_part_of_the_turn(tab: Tab, sillytavern: SillyTavern, tavern: Tavern) -> None:
    # Without a draft: SillyTavern does not continue by itself while the person has one.
    desk = Desk(tab, sillytavern)
    set_to = """(on) => { Object.assign(SillyTavern.getContext().powerUserSettings.auto_continue,
        { enabled: on, allow_chat_completions: on, target_length: 40 }); }"""
    await desk.tab.evaluate(set_to, True)
    try:
        result = await tavern.send("short [tokens=25]")
    finally:
        await desk.tab.evaluate(set_to, False)
    assert result.text == (await desk.texts())[-1]
    assert result.text.count("You said") == 2


async def test_in_a_group_every_member_answers(open_tab: OpenTab, sillytavern: SillyTavern, app: Hub) -> None:
    desk = Desk(await open_tab(name="group"), sillytavern)
    tavern = app.tavern("group")
    bob = await desk.add_character("Bob", "Bob is a robot")
    await desk.open_group("Friends", ["default_Seraphina.png", bob])
    await desk.type_draft(DRAFT, caret=(3, 9))
    start = len(await desk.chat())
    result = await tavern.send("Seraphina and Bob, hello [tokens=9]")
    said = (await desk.chat())[start:]
    assert [message["is_user"] for message in said] == [True, False, False]
    assert {message["name"] for message in said[1:]} == {"Seraphina", "Bob"}
    assert result.text == said[-1]["mes"]
    assert result.character == said[-1]["name"]
    again = await tavern.generate("regenerate")
    said = (await desk.chat())[start:]
    assert said[0]["mes"].startswith("Seraphina and Bob")
    assert said[-1]["mes"] == again.text
    assert await desk.draft() == (DRAFT, 3, 9)
    context = await tavern.context()
    assert (context.group, context.character) == (True, "Friends")


# ── Messages and facts ───────────────────────────────────────────────────────────────────────────────────


async def test_a_message_is_edited_on_screen_and_on_disk(desk: Desk, tavern: Tavern) -> None:
    await desk.write((True, "befor"), (False, "reply"))
    await desk.tab.evaluate(
        """() => {
            const { eventSource, eventTypes } = SillyTavern.getContext();
            globalThis.edits = [];
            eventSource.once?.(eventTypes.MESSAGE_EDITED, (index) => globalThis.edits.push(['edited', index]));
            eventSource.once?.(eventTypes.MESSAGE_UPDATED, (index) => globalThis.edits.push(['updated', index]));
        }"""
    )
    await tavern.edit(1, "before *that*")
    assert (await desk.texts())[1] == "before *that*"
    shown = desk.tab.page.locator("#chat .mes[mesid='1'] .mes_text")
    assert (await shown.inner_html()).strip() == "<p>before <em>that</em></p>"
    assert await desk.tab.evaluate("() => globalThis.edits") == [["edited", 1], ["updated", 1]]
    assert await saved_as_shown(desk)


async def test_an_edit_changes_the_alternative_that_is_shown(desk: Desk, tavern: Tavern) -> None:
    await tavern.send("swipe me [tokens=9]")
    await tavern.generate("swipe")
    await tavern.edit(2, "edited")
    message = (await desk.chat())[2]
    assert message["swipes"][1] == message["mes"] == "edited"
    assert message["swipes"][0] != "edited"


async def test_a_message_that_the_person_is_editing_is_left_alone(desk: Desk, tavern: Tavern) -> None:
    await desk.write((True, "mine"))
    await desk.tab.evaluate("() => document.querySelector(\"#chat .mes[mesid='1'] .mes_edit\").click()")
    assert (await error_of(tavern.edit(1, "yours"))).code == "busy"
    assert (await error_of(tavern.delete(1))).code == "busy"
    await desk.tab.evaluate(
        "() => document.querySelector(\"#chat .mes[mesid='1'] .mes_edit_cancel\").click()"
    )
    assert (await desk.texts())[1] == "mine"
    await desk.type_draft(DRAFT, caret=(3, 9))


async def test_messages_are_deleted_also_where_they_are_not_on_screen(desk: Desk, tavern: Tavern) -> None:
    await desk.write(*[(number % 2 == 0, f"line {number}") for number in range(12)])
    await tavern.delete(11, 2)
    assert (await desk.texts())[1:] == [f"line {number}" for number in range(10)]
    assert await saved_as_shown(desk)
    set_to = "(count) => { SillyTavern.getContext().powerUserSettings.chat_truncation = count; }"
    before = await desk.tab.evaluate("() => SillyTavern.getContext().powerUserSettings.chat_truncation")
    await desk.tab.evaluate(set_to, 4)
    try:
        await desk.tab.evaluate("() => SillyTavern.getContext().reloadCurrentChat()")
        await tavern.delete(2)
        assert (await desk.texts())[1:4] == ["line 0", "line 2", "line 3"]
        assert desk.saved_texts(await desk.chat_id()) == await desk.texts()
    finally:
        await desk.tab.evaluate(set_to, before)
    await desk.type_draft(DRAFT, caret=(3, 9))


async def test_an_index_that_does_not_exist_is_a_stated_error(desk: Desk, tavern: Tavern) -> None:
    assert (await error_of(tavern.edit(99, "x"))).code == "unknown_message"
    assert (await error_of(tavern.delete(0, 99))).code == "unknown_message"


async def test_the_context_says_what_is_open(desk: Desk, tavern: Tavern) -> None:
    await desk.write((True, "one"), (False, "two"))
    context = await tavern.context(last=2)
    assert (context.user, context.character, context.character_id) == (
        "Traveller",
        "Seraphina",
        "default_Seraphina.png",
    )
    assert (context.chat_id, context.total, context.group) == (await desk.chat_id(), 3, False)
    assert [(message.role, message.text) for message in context.messages] == [
        ("user", "one"),
        ("assistant", "two"),
    ]
    assert context.settings["main_api"] == "openai"
    assert context.settings["source"] == "custom"
    assert context.settings["model"] == "stand-in"
    assert context.settings["online"] is True
    assert context.settings["streaming"] is True


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_session_has_a_chat_of_its_own_and_the_tab_goes_back(desk: Desk, tavern: Tavern) -> None:
    await desk.write((True, "the person's own chat"))
    before = await desk.look()
    own = await desk.chat_id()
    first = await tavern.send("my name is Ada [tokens=9]", session="ada", character="default_Seraphina.png")
    assert first.chat_id is not None
    assert first.chat_id != own
    second = await tavern.send("who am I? [tokens=9]", session="ada", character="default_Seraphina.png")
    assert second.chat_id == first.chat_id
    assert await desk.chat_id() == own
    assert desk.saved_texts(first.chat_id)[1::2] == ["my name is Ada [tokens=9]", "who am I? [tokens=9]"]
    after = await desk.look()
    assert after.page["chat"] == before.page["chat"]
    assert {name.rsplit("/", 1)[-1] for name in after.changed_files(before)} == {f"{first.chat_id}.jsonl"}


async def test_a_session_with_another_character_leaves_that_ones_chats_alone(
    desk: Desk, tavern: Tavern
) -> None:
    robin = await desk.add_character("Robin", "Robin is a robot", "Beep.")
    usual = "(avatar) => SillyTavern.getContext().characters.find((found) => found.avatar === avatar).chat"
    before, pointer = await desk.look(), await desk.tab.evaluate(usual, robin)
    result = await tavern.send("hello Robin [tokens=9]", session="with-robin", character=robin)
    assert result.character == "Robin"
    after = await desk.look()
    assert after.page["place"].split(",")[0] == before.page["place"].split(",")[0]
    assert await desk.chat_id() in before.page["place"]
    assert await desk.tab.evaluate(usual, robin) == pointer
    changed = {name.rsplit("/", 1)[-1] for name in after.changed_files(before)}
    assert changed <= {f"{result.chat_id}.jsonl", f"{pointer}.jsonl"}
    assert desk.saved_texts(str(result.chat_id))[0] == "Beep."


async def test_a_failed_turn_of_a_session_goes_back_too(desk: Desk, tavern: Tavern) -> None:
    own = await desk.chat_id()
    before = await desk.texts()
    error = await error_of(
        tavern.send("fail [error=500]", session="broken", character="default_Seraphina.png")
    )
    assert error.code == "generation_failed"
    assert (await desk.chat_id(), await desk.texts()) == (own, before)


async def test_commands_on_the_open_chat_run_one_after_another(desk: Desk, tavern: Tavern) -> None:
    results = await asyncio.gather(*(tavern.send(f"turn-{number}- [tokens=9]") for number in range(4)))
    assert all(f"turn-{number}-" in result.text for number, result in enumerate(results))
    texts = (await desk.texts())[1:]
    assert [text.split("-")[1] for text in texts[::2]] == ["0", "1", "2", "3"]
    assert texts[1::2] == [result.text for result in results]
