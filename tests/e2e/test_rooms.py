"""Four programs and a person at one SillyTavern: who speaks on screen, in the chat file, in the prompt."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.chat import ChatChanged, Persona
from tavernlink.protocol.message import Message
from tavernlink.protocol.rooms import RoomClosed, RoomMessage, RoomTurn
from tavernlink.sdk import Hub, Room, Subscription, connect
from tavernlink.tab import Tab
from tests.e2e.desk import SETTLED, Desk
from tests.e2e.patience import PATIENCE

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
ALICE = Persona(
    name="Alice", description="{{user}} is a mage in a blue cloak.", avatar=f"data:image/png;base64,{PIXEL}"
)
CARA = Persona(name="Cara", description="Cara is a thief. {{setvar::stolen::1}}")
OWN = "The person at the keyboard is a knight."

_OWN = """text => {
    const { powerUserSettings } = SillyTavern.getContext();
    powerUserSettings.persona_description = text;
    powerUserSettings.persona_description_position = 0;
}"""
_WHO = """() => {
    const { name1, powerUserSettings } = SillyTavern.getContext();
    return [name1, powerUserSettings.persona_description, powerUserSettings.persona_description_position,
            localStorage.getItem('tavernlink.persona')];
}"""
_SCREEN = """() => [...document.querySelectorAll('#chat .mes[is_user="true"]')].map((each) => {
    const picture = each.querySelector('.avatar img');
    return [each.querySelector('.ch_name .name_text').textContent.trim(), picture.getAttribute('src')];
})"""
_PICTURES = """() => Promise.all([...document.querySelectorAll('#chat .avatar img')].map(async (picture) => {
    picture.loading = 'eager';
    await picture.decode();
    return picture.naturalWidth > 0;
}))"""


class Table:
    """A room of the shared tab, and who sits at it."""

    def __init__(self, desk: Desk, model: Model, name: str, hubs: dict[str, Hub]) -> None:
        self.desk = desk
        self.model = model
        self.name = name
        self.hubs = hubs

    def __getattr__(self, who: str) -> Room:
        return self.hubs[who].room(self.name)

    async def prompt(self) -> tuple[str, list[str]]:
        """The last prompt at the model: all system texts, and what users said."""
        messages = self.model.requests[-1].body["messages"]
        system = "\n".join(each["content"] for each in messages if each["role"] == "system")
        return system, [each["content"] for each in messages if each["role"] == "user"]

    async def said(self) -> list[tuple[str, str]]:
        """(Name, text) of each message in the chat file that is not the character's."""
        saved = self.desk.saved(await self.desk.chat_id())
        return [(each["name"], each["mes"]) for each in saved if each["is_user"]]


async def next_of(events: Subscription, kind: type[Message], **fields: Any) -> Any:
    """The next event of this kind with these fields."""
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            if isinstance(event, kind) and all(
                getattr(event, name) == value for name, value in fields.items()
            ):
                return event
    raise AssertionError("the subscription ended")


async def error_of(what: Any) -> TavernlinkError:
    with pytest.raises(TavernlinkError) as caught:
        await what
    return caught.value


@pytest_asyncio.fixture(loop_scope="session")
async def table(tab: Tab, sillytavern: SillyTavern, hub: RunningHub, model: Model) -> AsyncIterator[Table]:
    desk = Desk(tab, sillytavern)
    await desk.settle()
    own = (await tab.evaluate(_WHO))[0]
    await tab.evaluate(_OWN, OWN)
    keyring = hub.server.runtime.core.keyring
    name = f"den {uuid.uuid4().hex[:8]}"
    async with contextlib.AsyncExitStack() as stack:
        admin = await stack.enter_async_context(connect(hub.url, hub.admin_key, name="Admin", id="admin"))
        hubs = {"admin": admin}
        await admin.room(name).create(tavern="shared")
        for who, role, persona in (
            ("host", "manager", None),
            ("alice", "member", ALICE),
            ("bob", "guest", "Bob"),
            ("cara", "member", CARA),
        ):
            key = keyring.create("app", name)[1]
            hubs[who] = await stack.enter_async_context(connect(hub.url, key, name=who.title(), id=who))
            code = (await admin.room(name).invite(role=role)).code  # type: ignore[arg-type]
            await hubs[who].room(name).join(code, as_=persona)
        await admin.room(name).leave()
        yield Table(desk, model, name, hubs)
        await admin.room(name).delete()
    keyring.revoke(name)
    await tab.page.wait_for_function(SETTLED)
    assert await tab.evaluate(_WHO) == [own, OWN, 0, None]
    await tab.evaluate(_OWN, "")
    assert await tab.open_dialogs() == []


async def test_each_speaks_under_their_own_name_on_screen_on_disk_and_in_the_prompt(table: Table) -> None:
    own = (await table.desk.tab.evaluate(_WHO))[0]
    await table.alice.send("I open the door. [tokens=4]")
    system, _ = await table.prompt()
    assert "Alice is a mage in a blue cloak." in system
    assert OWN not in system
    assert "{{user}}" not in system
    assert await table.desk.tab.evaluate(_WHO) == [own, OWN, 0, None]

    await table.bob.send("I follow her. [tokens=4]")
    system, users = await table.prompt()
    assert "blue cloak" not in system
    assert OWN not in system
    assert "Alice: I open the door. [tokens=4]" in users

    await table.cara.send("I hide. [tokens=4]")
    system, users = await table.prompt()
    assert "Cara is a thief." in system
    assert "setvar" not in json.dumps(
        await table.desk.tab.evaluate("() => SillyTavern.getContext().chatMetadata")
    )
    assert "Bob: I follow her. [tokens=4]" in users

    async with table.alice.events("room.message") as heard:
        box = table.desk.tab.page.locator("#send_textarea")
        await box.fill("And what do I see? [tokens=4]")
        await box.press("Enter")
        typed = await next_of(heard, RoomMessage, role="user")
        reply = await next_of(heard, RoomMessage, role="assistant")
    assert (typed.name, typed.text, typed.member) == (own, "And what do I see? [tokens=4]", None)
    assert reply.name == "Seraphina"
    await table.desk.tab.page.wait_for_function(SETTLED)
    system, users = await table.prompt()
    assert OWN in system
    assert users[-1] == "And what do I see? [tokens=4]"
    assert "Cara: I hide. [tokens=4]" in users

    names = ["Alice", "Bob", "Cara", own]
    screen = await table.desk.tab.evaluate(_SCREEN)
    assert [name for name, _ in screen] == names
    assert "speaker_" in screen[0][1]
    assert "user-default" in screen[1][1]
    assert all(await table.desk.tab.evaluate(_PICTURES))
    assert [name for name, _ in await table.said()] == names


async def test_what_an_app_said_is_no_news_to_it_and_what_the_others_hear(table: Table) -> None:
    async with contextlib.AsyncExitStack() as stack:
        mine, other = [
            await stack.enter_async_context(table.hubs[who].room(table.name).events())
            for who in ("alice", "bob")
        ]
        result = await table.alice.send("Hello, all. [tokens=6]")
        told = await next_of(other, RoomMessage)
        assert (told.name, told.text) == ("Alice", "Hello, all. [tokens=6]")
        replied = await next_of(other, RoomMessage)
        assert (replied.role, replied.text, replied.kind) == ("assistant", result.text, "reply")
        assert (await next_of(mine, RoomMessage)).role == "assistant"
        await table.bob.say("Goodbye. [tokens=4]", generate=False)
        marks: dict[str, list[tuple[str, bool]]] = {}
        for who, events in (("alice", mine), ("bob", other)):
            marks[who] = []
            while not any(text.startswith("Goodbye") for text, _ in marks[who]):
                changed = await next_of(events, ChatChanged)
                marks[who] += [
                    (op.message.text, op.own)
                    for op in changed.ops
                    if op.message and op.message.role == "user"
                ]
    assert ("Goodbye. [tokens=4]", False) in marks["alice"]
    assert ("Goodbye. [tokens=4]", True) in marks["bob"]


async def test_turns_are_taken_as_the_rooms_mode_says(table: Table) -> None:
    await table.host.set(mode="host")
    assert (await table.alice.say("I light a torch.")).held
    assert (await error_of(table.bob.send("I look around. [tokens=5]"))).code == "held"
    assert len(await table.desk.texts()) == 1
    async with table.cara.events("room.turn") as turns:
        result = await table.host.release()
        assert (await next_of(turns, RoomTurn, state="running")).held == 2
        await next_of(turns, RoomTurn, state="idle")
    system, users = await table.prompt()
    assert users[-2:] == ["Alice: I light a torch.", "I look around. [tokens=5]"]
    assert "Alice: Alice is a mage" in system or "Alice is a mage" in system
    assert await table.said() == [("Alice", "I light a torch."), ("Bob", "I look around. [tokens=5]")]
    assert len(table.model.requests) == 1
    assert result.text == (await table.desk.texts())[-1]

    await table.host.set(mode="round")
    async with table.alice.events("room.message") as heard:
        for who in ("alice", "bob", "cara", "host"):
            assert len(table.model.requests) == 1
            await getattr(table, who).say(f"{who} speaks. [tokens=5]")
            if who == "alice":
                assert (await error_of(table.alice.say("Again."))).code == "turn_taken"
        await next_of(heard, RoomMessage, role="assistant")
    assert [name for name, _ in (await table.said())[2:]] == ["Alice", "Bob", "Cara", "Host"]
    system, _ = await table.prompt()
    assert "Alice: Alice is a mage" in system
    assert "Cara: Cara is a thief" in system

    await table.host.set(mode="manual")
    async with table.bob.events("room.turn") as turns:
        await table.bob.say("Manual one. [tokens=5]")
        await table.cara.say("Manual two. [tokens=5]")
        await table.host.release()
        await next_of(turns, RoomTurn, state="idle")
    assert len(table.model.requests) == 3
    _, users = await table.prompt()
    assert users[-2:] == ["Bob: Manual one. [tokens=5]", "Cara: Manual two. [tokens=5]"]


async def test_who_is_muted_kicked_or_over_a_guests_limits_reaches_neither_room_nor_tavern(
    table: Table,
) -> None:
    await table.host.mute("Alice", seconds=300, reason="too loud")
    error = await error_of(table.alice.say("I am loud."))
    assert (error.code, error.details["reason"]) == ("muted", "too loud")
    await table.host.unmute("Alice")

    await table.host.set(guests={"length": 20, "per_minute": 1})
    assert (await error_of(table.bob.say("x" * 21))).code == "too_large"
    await table.bob.say("Short.", generate=False)
    assert (await error_of(table.bob.say("More."))).code == "rate_limited"

    await table.host.set(cooldown=300)
    await table.cara.say("Once.", generate=False)
    error = await error_of(table.cara.say("Twice."))
    assert error.code == "cooldown"
    assert 290 < error.details["retry_after"] <= 300

    async with table.hubs["cara"].subscribe("room.closed") as events:
        await table.host.kick("Cara", reason="theft")
        closed = await next_of(events, RoomClosed)
    assert (closed.why, closed.reason) == ("kicked", "theft")
    assert (await error_of(table.cara.say("But I…"))).code == "not_a_member"
    code = (await table.host.invite()).code
    assert (await error_of(table.cara.join(code))).code == "banned"
    await table.alice.send("Now it is quiet. [tokens=4]")
    assert await table.said() == [
        ("Bob", "Short."),
        ("Cara", "Once."),
        ("Alice", "Now it is quiet. [tokens=4]"),
    ]


async def test_the_private_context_is_in_the_rooms_prompts_and_nowhere_else(table: Table) -> None:
    await table.host.set_context("The butler did it.", name="plot")
    await table.host.set_context("It rains on {{user}}.", name="weather", depth=1, role="user")
    await table.alice.send("Who was it? [tokens=4]")
    system, users = await table.prompt()
    assert "The butler did it." in system
    assert "It rains on Alice." in users
    await table.hubs["host"].tavern("shared").send("Not the room. [tokens=4]")
    assert "butler" not in json.dumps(table.model.requests[-1].body)
    prompts = await table.desk.tab.evaluate("() => JSON.stringify(SillyTavern.getContext().extensionPrompts)")
    assert "butler" not in prompts
    assert "butler" not in json.dumps(table.desk.saved(await table.desk.chat_id()))


async def test_a_failed_turn_gives_the_person_back_and_loses_no_word(table: Table) -> None:
    assert (await error_of(table.alice.send("Boom. [error=500]"))).code == "generation_failed"
    assert await table.said() == []
    await table.host.set(mode="host")
    await table.alice.say("Boom. [error=500]")
    assert (await error_of(table.host.release())).code == "generation_failed"
    assert [name for name, _ in await table.said()] == ["Alice"]
    assert len(await table.desk.texts()) == 2
