"""SillyTavern's own events reach an app by their own names, when it asks for them and not otherwise."""

from __future__ import annotations

import asyncio
from typing import Any

from tavernlink.protocol.taverns import Event
from tavernlink.sdk import Hub
from tavernlink.sdk.subscription import Subscription
from tavernlink.tab import Tab
from tests.e2e.overheard import tavern_of
from tests.e2e.patience import PATIENCE

_EMIT = """([name, args]) => SillyTavern.getContext().eventSource.emit(name, ...args)"""
_SEND = """async (text) => {
    document.querySelector('#send_textarea').value = text;
    await SillyTavern.getContext().generate('normal');
}"""
_LISTENERS = "(name) => (SillyTavern.getContext().eventSource.events[name] ?? []).length"


async def _until(events: Subscription, name: str) -> list[Event]:
    """Return the events up to the first of this name."""
    found: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            if isinstance(event, Event):
                found.append(event)
                if event.name == name:
                    return found
    raise AssertionError("the subscription ended")


async def _listening(tab: Tab, name: str, count: int) -> None:
    await tab.page.wait_for_function(f"(count) => ({_LISTENERS})({name!r}) === count", arg=count)


async def test_events_arrive_by_their_own_name_with_their_arguments(tab: Tab, app: Hub) -> None:
    before = await tab.evaluate(_LISTENERS, "message_sent")
    async with app.subscribe("event.message_*", tavern=await tavern_of(tab)) as events:
        await _listening(tab, "message_sent", before + 1)
        await tab.evaluate(_SEND, "hello")
        found = await _until(events, "message_received")
    assert [(event.name, event.args[:1]) for event in found] == [
        ("message_sent", [1]),
        ("message_received", [2]),
    ]
    assert found[0].tavern == await tavern_of(tab)


async def test_nobody_asks_nobody_listens(tab: Tab, app: Hub) -> None:
    before = await tab.evaluate(_LISTENERS, "user_message_rendered")
    async with app.subscribe("event.user_message_rendered"):
        await _listening(tab, "user_message_rendered", before + 1)
    await _listening(tab, "user_message_rendered", before)


async def test_events_of_other_extensions_arrive_too(tab: Tab, app: Hub) -> None:
    async with app.subscribe("event.my_extension_says") as events:
        await _listening(tab, "my_extension_says", 1)
        await tab.evaluate(_EMIT, ["my_extension_says", [{"how": "loudly"}, None, "x"]])
        (event,) = await _until(events, "my_extension_says")
    assert event.args == [{"how": "loudly"}, None, "x"]


async def test_arguments_that_are_no_data_arrive_as_data_of_bounded_size(tab: Tab, app: Hub) -> None:
    async with app.subscribe("event.odd") as events:
        await _listening(tab, "odd", 1)
        await tab.evaluate(
            """() => {
                const cycle = { name: 'me', element: document.body, run() {}, list: [1, undefined, () => 0] };
                cycle.self = cycle;
                const bytes = new Uint8Array(10);
                return SillyTavern.getContext().eventSource.emit('odd', cycle, $('body'), bytes, 'x'.repeat(1e6),
                    Array.from({ length: 5000 }, (_, index) => ({ index, text: 'y'.repeat(1000) })));
            }"""
        )
        (event,) = await _until(events, "odd")
    cycle: dict[str, Any] = event.args[0]
    assert cycle["self"] == "[cycle]"
    assert cycle["element"] == "[element body]"
    assert "run" not in cycle
    assert cycle["list"] == [1, None, "[function]"]
    assert event.args[1] == "[elements]"
    assert event.args[2] == "[binary, 10 bytes]"
    assert len(event.args[3]) < 30_000
    assert len(str(event.args)) < 200_000


async def test_settings_that_pass_by_show_no_key(tab: Tab, app: Hub) -> None:
    async with app.subscribe("event.settings_spy") as events:
        await _listening(tab, "settings_spy", 1)
        await tab.evaluate(
            """() => SillyTavern.getContext().eventSource.emit('settings_spy', {
                extension_settings: { tavernlink: { key: 'tl_tavern_abc_verysecretindeed' } },
                oai_settings: { proxy_password: 'hunter2' },
                text: 'the key tl_app_abc_verysecretindeed was used',
            })"""
        )
        (event,) = await _until(events, "settings_spy")
    assert "verysecret" not in str(event.args)
    assert "hunter2" not in str(event.args)


async def test_a_wildcard_does_not_send_the_whole_text_with_every_token(tab: Tab, app: Hub) -> None:
    tokens = await tab.evaluate(_LISTENERS, "stream_token_received")
    before = await tab.evaluate(_LISTENERS, "generation_ended")
    async with app.subscribe("event.*") as events:
        await _listening(tab, "generation_ended", before + 1)
        assert await tab.evaluate(_LISTENERS, "stream_token_received") == tokens
        await tab.evaluate(_SEND, "hello [tokens=40]")
        names = [event.name for event in await _until(events, "character_message_rendered")]
    assert "generation_started" in names
    assert "stream_token_received" not in names
    async with app.subscribe("event.stream_token_received") as events:
        await _listening(tab, "stream_token_received", tokens + 1)
        await tab.evaluate(_SEND, "hello [tokens=5]")
        (event,) = await _until(events, "stream_token_received")
    assert isinstance(event.args[0], str)
