"""Rooms through the SDK, async and blocking, against the real hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import tavernlink
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.errors import Conflict, TavernlinkError
from tavernlink.protocol.chat import Persona
from tavernlink.protocol.message import Message
from tavernlink.protocol.rooms import RoomChanged, RoomClosed, RoomMessage, RoomTurn, RoomTyping
from tavernlink.protocol.streams import StreamEnd
from tavernlink.sdk import Room, Subscription
from tests.sdk.house import House
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with open_hub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
async def home(hub: RunningHub) -> AsyncIterator[ScriptedTavern]:
    async with scripted_tavern(hub.url, hub.tavern_key) as tavern:
        yield tavern


@pytest.fixture
async def host(hub: RunningHub, home: ScriptedTavern) -> AsyncIterator[Room]:
    async with tavernlink.connect(hub.url, hub.admin_key, name="Host", id="host") as connected:
        room = connected.room("den")
        tavern = (await connected.taverns())[0].tavern_id
        await room.create(topic="a cave", tavern=tavern)
        yield room


async def next_of(events: Subscription, kind: type[Message], **fields: Any) -> Any:
    async with asyncio.timeout(30):
        async for event in events:
            if isinstance(event, kind) and all(getattr(event, name) == fields[name] for name in fields):
                return event
    raise AssertionError("the subscription ended")


async def test_members_talk_and_hear_each_other_and_the_tavern(
    hub: RunningHub, host: Room, home: ScriptedTavern
) -> None:
    code = (await host.invite(role="member")).code
    async with tavernlink.connect(hub.url, hub.app_key, name="Ann", id="ann") as other:
        room = other.room("den")
        info = await room.join(code, as_=Persona(name="Alice", description="A mage."))
        assert (info.role, info.topic) == ("member", "a cave")
        assert [each.name for each in await other.rooms()] == ["den"]
        assert {each.name for each in await room.members()} >= {"Alice", "Host"}
        async with host.events() as heard, room.events() as own:
            await room.typing()
            assert (await next_of(heard, RoomTyping)).name == "Alice"
            reply = room.send("hello there")
            result = await reply
            assert result.text == "You said: hello there "
            said = await next_of(heard, RoomMessage, role="user")
            assert (said.name, said.text) == ("Alice", "hello there")
            assert (await next_of(heard, StreamEnd)).text == result.text
            assert (await next_of(own, RoomMessage)).role == "assistant"
            await home.say("Traveller", "user", "I type.")
            assert (await next_of(own, RoomMessage, role="user")).text == "I type."
        assert home.commands[-1]["args"]["as"] == {"name": "Alice", "description": "A mage."}


async def test_a_held_message_is_told_apart_and_released(host: Room, hub: RunningHub) -> None:
    await host.set(mode="host", cooldown=0.0)
    code = (await host.invite(uses=1)).code
    async with tavernlink.connect(hub.url, hub.app_key, name="Ben", id="ben") as other:
        room = other.room("den")
        await room.join(code)
        async with room.events("room.turn") as turns:
            assert (await room.say("one")).held
            with pytest.raises(Conflict) as caught:
                await room.send("two")
            assert caught.value.code == "held"
            assert (await host.release()).text
            assert (await next_of(turns, RoomTurn, state="running")).held == 2
            await next_of(turns, RoomTurn, state="idle")


async def test_a_host_keeps_order(host: Room, hub: RunningHub) -> None:
    await host.set(open=True)
    async with tavernlink.connect(hub.url, hub.app_key, name="Ben", id="ben") as other:
        room = other.room("den")
        async with host.events("room.changed") as changes:
            await room.join()
            assert (await next_of(changes, RoomChanged, what="joined")).member.name == "Ben"
        assert (await host.set_role("Ben", "member")).role == "member"
        assert (await host.mute("Ben", seconds=60)).muted_until is not None
        with pytest.raises(TavernlinkError, match="muted"):
            await room.say("hi")
        await host.unmute("Ben")
        assert [each.text for each in await host.set_context("secret", depth=1)] == ["secret"]
        assert [each.name for each in await room.context()] == ["main"]
        async with other.subscribe("room.closed") as closed:
            await host.kick("Ben", reason="enough", seconds=0)
            assert (await next_of(closed, RoomClosed)).reason == "enough"
        await room.join()
        await host.remove("Ben")
        await host.add("ben", role="guest")
        await room.leave()
        invitation = await host.invite()
        assert await host.invitations() == [invitation]
        await host.revoke(invitation.code)
        with pytest.raises(TavernlinkError, match="invitation"):
            await room.join(invitation.code)
    await host.delete("over")
    with pytest.raises(TavernlinkError, match="no room"):
        await host.info()


def test_a_program_without_an_event_loop_uses_rooms_too(tmp_path: Path) -> None:
    with (
        House(tmp_path) as house,
        tavernlink.connect_sync(house.hub.url, house.hub.admin_key, name="Host", id="host") as hub,
    ):
        room = hub.room("den")
        room.create(tavern=hub.taverns()[0].tavern_id)
        assert room.set(topic="a hall").topic == "a hall"
        assert room.join(as_="Zoe").role == "manager"
        events = room.events("room.message")
        assert "".join(room.send("hello")) == "You said: hello "
        assert not room.say("again").held
        for message in events:
            assert isinstance(message, RoomMessage)
            assert message.role == "assistant"
            break
        del events
        assert [each.name for each in hub.rooms()] == ["den"]
        assert room.set_context("x")[0].name == room.context()[0].name == "main"
        assert len(room.members()) == 2
        room.typing("processing")
        room.delete()
