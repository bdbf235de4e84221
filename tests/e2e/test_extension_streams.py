"""What the person generates in SillyTavern reaches apps as streams: deltas at once, right ends, few bytes."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tavernlink.demo.model import Model
from tavernlink.protocol.streams import StreamStart
from tavernlink.sdk import Hub
from tavernlink.tab import Tab
from tests.e2e.desk import SETTLED
from tests.e2e.overheard import Ear, overhear
from tests.e2e.patience import PATIENCE

# A person's way: type, press Send. Does not wait for the reply.
_SEND = """(text) => {
    const box = document.querySelector('#send_textarea');
    box.value = text;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    document.querySelector('#send_but').click();
}"""
_CHAT = "() => SillyTavern.getContext().chat.map((message) => message.mes)"
_GENERATE = "async (type) => { await SillyTavern.getContext().generate(type).catch(() => null); }"
_STREAMING = """(on) => {
    const box = document.querySelector('#stream_toggle');
    if (box.checked !== on) box.click();
}"""


_LENGTHS = """([context, reply]) => {
    const settings = SillyTavern.getContext().chatCompletionSettings;
    const before = [settings.openai_max_context, settings.openai_max_tokens];
    [settings.openai_max_context, settings.openai_max_tokens] = [context, reply];
    return before;
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def long_replies(tab: Tab) -> AsyncIterator[None]:
    """Let SillyTavern ask for replies of 5,000 tokens."""
    before = await tab.evaluate(_LENGTHS, [16_000, 5000])
    yield
    await tab.evaluate(_LENGTHS, before)


@pytest_asyncio.fixture(loop_scope="session")
async def ear(tab: Tab, app: Hub) -> AsyncIterator[Ear]:
    async with overhear(app, tab) as listening:
        yield listening


async def test_a_reply_arrives_delta_by_delta_and_ends_as_it_was_saved(tab: Tab, ear: Ear) -> None:
    await tab.evaluate(_SEND, "hello [tokens=30]")
    stream = await ear.next_end()
    stream.assert_in_order()
    assert (stream.start.kind, stream.start.character, stream.start.request_id) == (
        "reply",
        "Seraphina",
        None,
    )
    assert len(stream.deltas) == 30
    assert not any(delta.replace for delta in stream.deltas)
    assert stream.text() == stream.ended.text == (await tab.evaluate(_CHAT))[-1]
    assert (stream.ended.reason, stream.ended.message_index) == ("stop", 2)


async def test_thoughts_have_their_own_channel(tab: Tab, ear: Ear) -> None:
    await tab.evaluate(_SEND, "think first [reasoning] [tokens=20]")
    stream = await ear.next_end()
    stream.assert_in_order()
    assert stream.text("reasoning").startswith("Someone spoke to me.")
    assert stream.ended.reasoning == stream.text("reasoning")
    assert stream.ended.text == stream.text()
    assert "Someone spoke" not in stream.text()


@pytest.mark.parametrize("speed", [400, 12])  # SillyTavern draws, and parses, once or often meanwhile
async def test_thoughts_inside_the_text_are_told_from_it(tab: Tab, ear: Ear, speed: int) -> None:
    parse = "(on) => { SillyTavern.getContext().powerUserSettings.reasoning.auto_parse = on; }"
    await tab.evaluate(parse, True)
    try:
        await tab.evaluate(_SEND, f"think [say=<think>Hm, let me see.</think> Hello to you!] [speed={speed}]")
        stream = await ear.next_end()
    finally:
        await tab.evaluate(parse, False)
    assert stream.text("reasoning") == stream.ended.reasoning == "Hm, let me see."
    assert stream.text() == stream.ended.text == "Hello to you!"


async def generate(tab: Tab, kind: str) -> None:
    """Press a button as a person can: when SillyTavern shows it again, and has saved the message."""
    await tab.page.wait_for_function(SETTLED)
    await tab.evaluate(_GENERATE, kind)


async def test_regenerate_and_swipe_are_streams_of_their_kind(tab: Tab, ear: Ear) -> None:
    await tab.evaluate(_SEND, "hello")
    await ear.next_end()
    await generate(tab, "regenerate")
    regenerated = await ear.next_end()
    assert (regenerated.start.kind, regenerated.ended.message_index) == ("regenerate", 2)
    await tab.evaluate("async () => { await SillyTavern.getContext().swipe.right(); }")
    swiped = await ear.next_end()
    assert (swiped.start.kind, swiped.ended.message_index) == ("swipe", 2)
    assert swiped.text() == swiped.ended.text == (await tab.evaluate(_CHAT))[-1]


async def test_continue_sends_only_what_it_adds(tab: Tab, ear: Ear) -> None:
    await tab.evaluate(_SEND, "begin [tokens=8]")
    begun = await ear.next_end()
    await generate(tab, "continue")
    continued = await ear.next_end()
    assert continued.start.kind == "continue"
    assert (await tab.evaluate(_CHAT))[-1] == begun.ended.text + continued.ended.text
    assert continued.text() == continued.ended.text
    assert continued.ended.message_index == begun.ended.message_index


async def test_impersonate_is_the_persons_own_stream_and_no_message(tab: Tab, ear: Ear) -> None:
    try:
        await generate(tab, "impersonate")
        stream = await ear.next_end()
        assert (stream.start.kind, stream.start.character) == ("impersonate", "Traveller")
        assert stream.ended.text == await tab.page.input_value("#send_textarea")
        assert stream.ended.message_index is None
    finally:
        await tab.page.fill("#send_textarea", "")


async def test_a_reply_that_is_stopped_is_cancelled_and_keeps_its_text(tab: Tab, ear: Ear) -> None:
    await tab.evaluate(_SEND, "a long one [tokens=2000] [speed=50]")
    await ear.next_delta()
    await tab.page.click("#mes_stop")
    stream = await ear.next_end()
    assert stream.ended.reason == "cancelled"
    assert stream.ended.text == (await tab.evaluate(_CHAT))[-1]
    assert stream.text().startswith(stream.ended.text)


async def test_a_reply_that_is_stopped_before_its_first_token_is_cancelled(
    tab: Tab, ear: Ear, model: Model
) -> None:
    await tab.evaluate(_SEND, "never [hang]")
    await model.wait_for(lambda: model.active == 1)
    await tab.page.click("#mes_stop")
    stream = await ear.next_end()
    assert (stream.ended.reason, stream.ended.text, stream.deltas) == ("cancelled", "", [])


async def test_a_refusal_of_the_models_server_is_an_error(tab: Tab, ear: Ear) -> None:
    await tab.evaluate(_SEND, "fail [error=500]")
    stream = await ear.next_end()
    assert stream.ended.reason == "error"
    assert stream.ended.error is not None
    assert stream.ended.error.code == "generation_failed"


async def test_without_streaming_the_reply_is_one_delta(tab: Tab, ear: Ear) -> None:
    await tab.evaluate(_STREAMING, False)
    try:
        await tab.evaluate(_SEND, "whole [tokens=30]")
        stream = await ear.next_end()
    finally:
        await tab.evaluate(_STREAMING, True)
    assert [delta.text for delta in stream.deltas] == [stream.ended.text]
    assert (stream.ended.reason, stream.ended.message_index) == ("stop", 2)


async def test_slash_commands_quiet_prompts_and_dry_runs_are_no_streams(tab: Tab, ear: Ear) -> None:
    await tab.evaluate(_SEND, "/comment only a note")
    await tab.evaluate("() => SillyTavern.getContext().generateQuietPrompt({ quietPrompt: 'aside' })")
    await tab.evaluate("() => SillyTavern.getContext().generate('normal', {}, true)")
    await tab.evaluate(_SEND, "the only stream")
    stream = await ear.next_end()
    assert '"the only stream"' in stream.ended.text
    assert list(ear.streams) == [stream.start.stream_id]


async def test_each_member_of_a_group_is_a_stream(tab: Tab, ear: Ear) -> None:
    group = await tab.evaluate(_MAKE_GROUP)
    try:
        await tab.evaluate(
            "(id) => SillyTavern.getContext().executeSlashCommandsWithOptions(`/go ${id}`)", group
        )
        await tab.page.wait_for_function(
            "() => SillyTavern.getContext().groupId && SillyTavern.getContext().chat.length > 0"
        )
        await tab.evaluate(_SEND, "hello you two [tokens=12]")
        first, second = await ear.next_end(), await ear.next_end()
        assert {first.start.character, second.start.character} == {"Seraphina", "Group Bob"}
        assert first.ended.message_index is not None
        assert second.ended.message_index == first.ended.message_index + 1
        for stream in (first, second):
            assert stream.text() == stream.ended.text
    finally:
        await tab.page.wait_for_function("() => !document.body.dataset.generating")
        await tab.select_character("default_Seraphina.png")


_MAKE_GROUP = """async () => {
    const context = SillyTavern.getContext();
    const headers = context.getRequestHeaders();
    const form = new FormData();
    const fields = {
        ch_name: 'Group Bob', description: 'Bob', first_mes: 'Hm.', personality: '', scenario: '', mes_example: '',
        avatar: '', fav: 'false', talkativeness: '1', creator: '', tags: '', extensions: '{}',
    };
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    const { 'Content-Type': _type, ...upload } = headers;
    const answer = await fetch('/api/characters/create', { method: 'POST', headers: upload, body: form });
    const bob = await answer.text();
    const made = await fetch('/api/groups/create', {
        method: 'POST', headers,
        body: JSON.stringify({
            name: 'The Two', members: ['default_Seraphina.png', bob], avatar_url: '', allow_self_responses: false,
            activation_strategy: 1, generation_mode: 0, disabled_members: [], chat_metadata: {}, fav: false,
            chat_id: 'the-two', chats: ['the-two'],
        }),
    });
    await context.getCharacters();
    return (await made.json()).name;
}"""


class Wire:
    """Bytes that the page's WebSocket to the hub sent, frame by frame."""

    def __init__(self) -> None:
        self.frames: list[str] = []

    @classmethod
    async def tapped(cls, tab: Tab) -> Wire:
        wire = cls()
        session = await tab.page.context.new_cdp_session(tab.page)
        session.on("Network.webSocketFrameSent", wire._sent)
        await session.send("Network.enable")
        return wire

    def _sent(self, event: dict[str, Any]) -> None:
        self.frames.append(event["response"]["payloadData"])

    def bytes(self) -> int:
        """Return all bytes on the wire: payload, frame header (2, 4 or 10 bytes), mask (4 bytes)."""
        sizes = [len(frame.encode()) for frame in self.frames]
        return sum(size + 4 + (2 if size < 126 else 4 if size < 65_536 else 10) for size in sizes)


@pytest.mark.usefixtures("long_replies")
async def test_two_thousand_tokens_cost_bytes_in_proportion(tab: Tab, ear: Ear) -> None:
    """Must-show 3: linear, under 150 bytes + text per delta, in order, concatenation equals the end."""
    wire = await Wire.tapped(tab)
    costs: list[float] = []
    for tokens in (500, 2000):
        await tab.new_chat()
        wire.frames.clear()
        await tab.evaluate(_SEND, f"tell me everything [tokens={tokens}] [speed=1000]")
        stream = await ear.next_end()
        stream.assert_in_order()
        assert len(stream.deltas) == tokens
        assert stream.text() == stream.ended.text == (await tab.evaluate(_CHAT))[-1]
        text = len(stream.text().encode())
        # The end carries the text once more, and the mirror the message: by design, once each.
        overhead = (wire.bytes() - 3 * text) / tokens
        per_delta = (
            statistics.mean(len(frame.encode()) + 8 for frame in wire.frames if '"stream.delta"' in frame)
            - text / tokens
        )
        sums = f"{tokens} tokens: {wire.bytes()} bytes on the wire for {text} bytes of text"
        print(f"{sums}; {per_delta:.1f} bytes + text per delta, {overhead:.1f} with all else")  # noqa: T201  # for -s
        assert per_delta < 150
        assert overhead < 150
        costs.append(wire.bytes() / tokens)
    assert costs[1] == pytest.approx(costs[0], rel=0.15)


async def test_tokens_are_not_held_back(tab: Tab, app: Hub, ear: Ear) -> None:
    """A delta leaves with its token: the first one arrives while the reply has seconds to go."""
    await tab.evaluate(_SEND, "slowly [tokens=100] [speed=20]")
    first = await ear.next_delta()
    started = asyncio.get_running_loop().time()
    stream = await ear.next_end()
    assert asyncio.get_running_loop().time() - started > 3
    assert stream.deltas[0] is first
    assert len(stream.deltas) == 100


@pytest.mark.usefixtures("long_replies")
async def test_the_token_loop_is_not_slowed(tab: Tab) -> None:
    """What our listener takes of SillyTavern's token loop, measured in the page."""
    spent = await tab.evaluate(
        """async () => {
            const { eventSource, eventTypes } = SillyTavern.getContext();
            const listeners = eventSource.events[eventTypes.STREAM_TOKEN_RECEIVED];
            const ours = listeners[0];
            let total = 0;
            let calls = 0;
            listeners[0] = function (...args) {
                const start = performance.now();
                const result = ours.apply(this, args);
                total += performance.now() - start;
                calls += 1;
                return result;
            };
            document.querySelector('#send_textarea').value = 'measure [tokens=2000] [speed=2000]';
            await SillyTavern.getContext().generate('normal');
            listeners[listeners.findIndex((listener) => listener !== ours)] = ours;
            return { total, calls };
        }"""
    )
    print(f"{spent['calls']} tokens: {spent['total']:.0f} ms in our listener")  # noqa: T201  # for -s
    assert spent["calls"] >= 2000
    assert spent["total"] / spent["calls"] < 1.0


async def test_a_stream_belongs_to_its_tavern(tab: Tab, app: Hub) -> None:
    async with app.subscribe("stream.start") as events:
        await tab.evaluate(_SEND, "hello")
        async with asyncio.timeout(PATIENCE):
            start = await anext(events)
    assert isinstance(start, StreamStart)
    assert start.tavern == await tab.evaluate("() => globalThis.tavernlink.id")
