"""The SDK against the real hub, through the real `/ws` door, with a tavern that follows a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import tavernlink
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.errors import (
    AuthError,
    BadMessage,
    Conflict,
    GenerationError,
    NotFound,
    TavernlinkError,
    Unavailable,
)
from tavernlink.protocol.chat import ChatChanged
from tavernlink.protocol.requests import GenerationResult
from tavernlink.protocol.streams import StreamDelta, StreamEnd
from tavernlink.sdk import Hub
from tests.sdk.cutting_proxy import CuttingProxy
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern

WORDS = 2_000


def count_up(_: str) -> list[str]:
    return [f"word{number} " for number in range(WORDS)]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with open_hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
async def home(house: RunningHub) -> AsyncIterator[ScriptedTavern]:
    async with scripted_tavern(house.url, house.tavern_key) as tavern:
        yield tavern


@pytest.fixture
async def hub(house: RunningHub, home: ScriptedTavern) -> AsyncIterator[Hub]:
    async with tavernlink.connect(house.url, house.app_key, name="test") as hub:
        yield hub


async def test_sends_a_message_and_streams_the_reply(hub: Hub, home: ScriptedTavern) -> None:
    reply = hub.tavern().send("hello there", as_="Bob")
    assert [delta async for delta in reply] == ["You ", "said: ", "hello ", "there "]
    result = await reply
    assert (result.text, result.character, result.message_index) == ("You said: hello there ", "Seraphina", 1)
    assert (home.chat[0]["name"], home.chat[0]["text"]) == ("Bob", "hello there")


async def test_lists_taverns_characters_context_and_chat(hub: Hub, home: ScriptedTavern) -> None:
    await hub.tavern().post("Only said.")
    [info] = await hub.taverns()
    assert (info.name, info.character, info.backend, info.online) == (
        "Home",
        "Seraphina",
        "custom/stand-in",
        True,
    )
    assert await hub.tavern().info() == await hub.tavern("Home").info()
    assert [each.name for each in await hub.tavern("Home").characters()] == ["Seraphina"]
    assert (await hub.tavern().context(last=1)).messages[0].text == "Only said."
    view = await hub.tavern().chat(limit=5)
    assert [(each.index, each.text) for each in view.messages] == [(0, "Only said.")]
    assert await hub.tavern().stop() is False


async def test_edits_and_deletes_unless_the_chat_has_changed(hub: Hub, home: ScriptedTavern) -> None:
    tavern = hub.tavern()
    await tavern.post("one")
    await tavern.post("two")
    revision = (await tavern.chat()).revision
    await tavern.edit(0, "uno", revision=revision)
    with pytest.raises(Conflict) as caught:
        await tavern.delete(0, revision=revision)
    assert caught.value.code == "stale_revision"
    await tavern.delete(1)
    assert [each["text"] for each in home.chat] == ["uno"]
    with pytest.raises(NotFound) as missing:
        await tavern.edit(9, "nine")
    assert missing.value.code == "unknown_message"


async def test_a_request_id_of_ones_own_is_done_once(hub: Hub, home: ScriptedTavern) -> None:
    first = hub.tavern().send("once", request_id="mine-1")
    assert (await first).text == "You said: once "
    again = hub.tavern().send("once", request_id="mine-1")
    assert await again == await first
    assert [delta async for delta in again] == ["You said: once "]
    assert len(home.commands) == 1
    with pytest.raises(Conflict) as caught:
        await hub.tavern().send("something else", request_id="mine-1")
    assert caught.value.code == "request_id_in_use"


async def test_cancelling_reaches_the_tavern(hub: Hub, home: ScriptedTavern) -> None:
    home.held.clear()
    reply = hub.tavern().send("never")
    async for event in reply.events():
        if type(event).__name__ == "StreamStart":
            break
    await reply.cancel()
    with pytest.raises(GenerationError) as caught:
        await reply
    assert (caught.value.code, reply.state) == ("cancelled", "cancelled")


async def test_many_detached_generations_run_side_by_side(hub: Hub, home: ScriptedTavern) -> None:
    home.held.clear()
    tavern = hub.tavern()
    replies = [
        tavern.generate("detached", messages=[{"role": "user", "content": f"marker-{number}"}])
        for number in range(16)
    ]
    starts = [anext(reply.events()) for reply in replies]
    await asyncio.gather(*starts)
    home.held.set()
    results = await asyncio.gather(*replies)
    assert [result.text for result in results] == [f"You said: marker-{number} " for number in range(16)]
    assert home.chat == []


async def test_a_subscriber_hears_what_others_do(house: RunningHub, hub: Hub, home: ScriptedTavern) -> None:
    async with (
        tavernlink.connect(house.url, house.viewer_key, name="viewer") as viewer,
        viewer.subscribe("stream.*", tavern="Home") as events,
    ):
        await hub.tavern().send("hello")
        text = ""
        async for event in events:
            if isinstance(event, StreamDelta):
                text += event.text
            if isinstance(event, StreamEnd):
                assert event.text == text == "You said: hello "
                break


async def test_a_mirror_follows_a_long_chat_from_its_first_message(hub: Hub, home: ScriptedTavern) -> None:
    home.chat = [{"name": "x", "role": "user", "text": f"message {number}"} for number in range(450)]
    await home.publish_all()
    await hub.tavern().context()  # the tavern works in order: once it answers, the hub has its chat
    async with hub.tavern().mirror() as mirror:
        assert [each.text for each in mirror.messages] == [f"message {number}" for number in range(450)]
        sending = hub.tavern().send("hello")
        changes: list[ChatChanged] = []
        async for change in mirror:
            changes.append(change)
            if len(changes) == 2:
                break
        assert [each.text for each in mirror.messages[450:]] == ["hello", "You said: hello "]
        assert mirror.revision == (await hub.tavern().chat()).revision
        await sending
        await hub.tavern().delete(0, 2)
        await mirror.update()
        await mirror.update()
        assert mirror.messages[0].text == "message 2"
        assert (mirror.chat_id, mirror.tavern) == ("chat-1", "id-of-Home")


async def test_cuts_in_the_middle_of_a_long_reply_lose_and_double_nothing(house: RunningHub) -> None:
    async with (
        scripted_tavern(house.url, house.tavern_key, words=count_up) as home,
        CuttingProxy(house.url) as proxy,
        tavernlink.connect(proxy.url, house.app_key) as hub,
    ):
        cuts = 0

        async def cut(number: int) -> None:
            nonlocal cuts
            if number % 400 == 0:
                cuts += 1
                await proxy.connected(cuts)
                proxy.cut_after = proxy.forwarded + 100 + number

        home.before_word = cut
        reply = hub.tavern().send("count")
        deltas = [delta async for delta in reply]
        result = await reply
        assert "".join(deltas) == result.text == "".join(count_up(""))
        assert len(deltas) == WORDS
        assert (cuts, proxy.connections) == (5, 6)
        assert len(home.commands) == 1


async def test_a_lost_session_in_the_middle_of_a_reply_loses_and_doubles_nothing(house: RunningHub) -> None:
    async with (
        scripted_tavern(house.url, house.tavern_key, words=count_up) as home,
        CuttingProxy(house.url) as proxy,
        tavernlink.connect(proxy.url, house.app_key) as hub,
    ):

        async def lose(number: int) -> None:
            if number == 500:
                [app] = [
                    each
                    for each in house.server.runtime.core.directory.sessions.values()
                    if each.id == hub.app_id
                ]
                app.session.lost = True
                proxy.cut()
            if number == 1_000:
                await proxy.connected(2)

        home.before_word = lose
        reply = hub.tavern().send("count")
        deltas = [delta async for delta in reply]
        assert "".join(deltas) == (await reply).text == "".join(count_up(""))
        assert not any(delta.replaces for delta in deltas)
        assert (len(home.commands), proxy.connections) == (1, 2)


async def test_a_request_that_a_lost_session_never_delivered_is_asked_anew(
    house: RunningHub, home: ScriptedTavern
) -> None:
    async with CuttingProxy(house.url) as proxy, tavernlink.connect(proxy.url, house.app_key) as hub:
        [app] = [
            each for each in house.server.runtime.core.directory.sessions.values() if each.id == hub.app_id
        ]
        app.session.lost = True
        proxy.cut()
        assert (await hub.tavern().send("hello")).text == "You said: hello "
        assert len(home.commands) == 1
        assert proxy.connections == 2


async def test_cut_at_any_moment_each_request_is_done_exactly_once(house: RunningHub) -> None:
    async with (
        scripted_tavern(house.url, house.tavern_key) as home,
        CuttingProxy(house.url) as proxy,
        tavernlink.connect(proxy.url, house.app_key) as hub,
    ):
        for number in range(12):
            proxy.cut_after = proxy.forwarded + 60 * number
            result = await hub.tavern().send(f"number {number}")
            assert result.text == f"You said: number {number} "
        assert [each["args"]["text"] for each in home.commands] == [
            f"number {number}" for number in range(12)
        ]
        assert proxy.connections > 6


async def test_a_hub_that_is_restarted_is_found_again(tmp_path: Path, unused_port: int) -> None:
    async with open_hub(tmp_path / "hub", port=unused_port) as house:
        key = house.server.runtime.core.keyring.create("app", "stays")[1]
        hub = tavernlink.connect(house.url, key)
        await hub.open()
        events = hub.subscribe("tavern.changed")
        await events.open()
    async with open_hub(tmp_path / "hub", port=unused_port) as house:
        assert type(await anext(events)).__name__ == "Resync"
        assert await hub.taverns() == []
        async with scripted_tavern(house.url, house.tavern_key):
            assert type(await anext(events)).__name__ == "TavernChanged"
            assert isinstance(await hub.tavern().send("again"), GenerationResult)
        await hub.close()


@pytest.mark.parametrize(
    ("error", "code"), [(AuthError, "unauthorized"), (AuthError, "key_revoked"), (AuthError, "forbidden")]
)
async def test_a_key_that_may_not_is_refused(
    house: RunningHub, error: type[TavernlinkError], code: str
) -> None:
    keyring = house.server.runtime.core.keyring
    if code == "key_revoked":
        key = keyring.create("app", "gone")[1]
        keyring.revoke("gone")
    else:
        key = "tl_app_nobody_nothing" if code == "unauthorized" else house.tavern_key
    with pytest.raises(error) as caught:
        await tavernlink.connect(house.url, key).open()
    assert caught.value.code == code


async def test_each_mistake_has_its_error_and_the_hub_stays_up(house: RunningHub) -> None:
    async with tavernlink.connect(house.url, house.app_key) as hub:
        asked = {
            "unknown_function": hub.call("no.such"),
            "unknown_type": hub.ask("no.such", {}, dict),
            "invalid_message": hub.call("generate", {"mode": 7}),
            "not_for_this_role": hub.call("stream.delta", {"stream_id": "x", "seq": 1, "text": "a"}),
            "no_tavern": hub.tavern().chat(),
            "unknown_tavern": hub.tavern("Nowhere").chat(),
            "unknown_request": hub.call("request.get", {"request_id": "none"}),
        }
        for code, call in asked.items():
            with pytest.raises(TavernlinkError) as caught:
                await call
            assert caught.value.code == code
        with pytest.raises(Unavailable) as nobody:
            await hub.tavern().send("hello")
        assert nobody.value.code == "no_tavern"
        assert await hub.taverns() == []


async def test_a_viewer_may_look_and_not_send(house: RunningHub, home: ScriptedTavern) -> None:
    async with tavernlink.connect(house.url, house.viewer_key) as hub:
        assert (await hub.tavern().chat()).total == 0
        with pytest.raises(AuthError) as caught:
            await hub.tavern().send("hello")
        assert caught.value.code == "forbidden"


async def test_a_message_over_the_hubs_limit_is_refused_before_it_leaves(tmp_path: Path) -> None:
    async with (
        open_hub(tmp_path / "hub", max_payload=10_000) as house,
        tavernlink.connect(house.url, house.app_key) as hub,
    ):
        with pytest.raises(BadMessage) as caught:
            await hub.tavern().send("x" * 20_000)
        assert caught.value.code == "too_large"
        assert await hub.taverns() == []
