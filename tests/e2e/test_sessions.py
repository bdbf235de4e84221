"""Sessions, each with a SillyTavern chat of its own, over several tabs and several SillyTaverns."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import NotFound
from tavernlink.protocol.bindings import SessionInfo
from tavernlink.protocol.requests import GenerationResult
from tavernlink.protocol.taverns import TavernChanged
from tavernlink.sdk import Hub, connect
from tavernlink.tab import Tab
from tests.e2e.desk import SETTLED

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenTab, StartSillyTavern

SERAPHINA = "default_Seraphina.png"
SESSIONS = 8
TURNS = 40
SEED = 20_261_121
TABS = ["first tab", "second tab", "other server", "first", "second"]
MARKER = re.compile(r"marker-\d+-\d+-end")


def chats_of(server: SillyTavern) -> dict[str, list[dict[str, Any]]]:
    """Every chat file of a server: its name without `.jsonl`, and its messages."""
    return {
        path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:]]
        for path in (Path(server.user_data) / "chats").rglob("*.jsonl")
    }


def markers_in(chat: list[dict[str, Any]], *, user: bool) -> list[str]:
    return [found for line in chat if line["is_user"] is user for found in MARKER.findall(line["mes"])]


async def here(tab: Tab) -> list[Any]:
    """Character and chat that a tab shows."""
    found: list[Any] = await tab.evaluate(
        """() => {
            const context = SillyTavern.getContext();
            return [context.characters[context.characterId]?.avatar ?? null, context.getCurrentChatId() ?? null];
        }"""
    )
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def people(hub: RunningHub) -> AsyncIterator[list[Hub]]:
    """Two programs under two keys; they call their sessions by the same names, and reach this file's tabs only."""
    keyring = hub.server.runtime.core.keyring
    keys = [keyring.create("app", f"person {number}", taverns=TABS)[1] for number in range(2)]
    async with connect(hub.url, keys[0], name="one") as one, connect(hub.url, keys[1], name="two") as two:
        yield [one, two]


@pytest.mark.timeout(900, func_only=True)
async def test_eight_sessions_over_two_tabs_and_two_servers_never_mix(
    people: list[Hub],
    open_tab: OpenTab,
    start_sillytavern: StartSillyTavern,
    sillytavern: SillyTavern,
    model: Model,
    hub: RunningHub,
) -> None:
    other = await start_sillytavern()
    tabs = [
        await open_tab(name="first tab"),
        await open_tab(name="second tab"),
        await open_tab(name="other server", url=other.url),
    ]
    for person in people:  # a tab tells its characters a moment after it came
        while [each.name for each in await person.characters()].count("Seraphina") < len(tabs):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    before = [await here(tab) for tab in tabs]
    order = [number % SESSIONS for number in range(TURNS)]
    random.Random(SEED).shuffle(order)

    asked: dict[int, list[str]] = {number: [] for number in range(SESSIONS)}
    replies = []
    for turn, session in enumerate(order):
        marker = f"marker-{session}-{turn}-end"
        asked[session].append(marker)
        tavern = people[session % 2].tavern("any")
        text = f"{marker} [tokens=3] [speed=0]"
        replies.append(
            (marker, session, tavern.send(text, session=f"chat {session // 2}", character="Seraphina"))
        )
    results: dict[int, list[GenerationResult]] = {number: [] for number in range(SESSIONS)}
    for marker, session, reply in replies:
        result = await reply
        assert MARKER.findall(result.text) == [marker]
        results[session].append(result)

    for tab in tabs:
        await tab.page.wait_for_function(SETTLED)
    files = [(name, chat) for server in (sillytavern, other) for name, chat in chats_of(server).items()]
    with_markers = {
        name: chat for name, chat in files if any(markers_in(chat, user=flag) for flag in (True, False))
    }
    assert sum(1 for name, _ in files if name in with_markers) == SESSIONS
    for session, own in asked.items():
        (chat_id,) = {result.chat_id for result in results[session]}
        chat = with_markers[str(chat_id)]
        assert markers_in(chat, user=True) == own
        assert markers_in(chat, user=False) == own
        assert len(chat) == 1 + 2 * len(own), "greeting, then each message with its reply"

    done = [request for person in people for request in await person.requests.list(open=False)]
    assert {request.tavern for request in done} == {await tab.evaluate("() => tavernlink.id") for tab in tabs}
    assert [len(await person.sessions.list()) for person in people] == [SESSIONS // 2] * 2
    assert [await here(tab) for tab in tabs] == before
    assert [tab.dialogs for tab in tabs] == [[], [], []]
    taverns = hub.server.runtime.core.directory.taverns.values()
    servers = {tavern.name: tavern.state.server for tavern in taverns}
    assert servers["first tab"] == servers["second tab"] != servers["other server"]


@pytest.mark.timeout(600, func_only=True)
async def test_a_session_lives_on_in_another_tab_after_a_rename_and_says_when_its_chat_is_gone(
    people: list[Hub], open_tab: OpenTab, start_sillytavern: StartSillyTavern, model: Model
) -> None:
    server = await start_sillytavern()
    first = await open_tab(name="first", url=server.url)
    second = await open_tab(name="second", url=server.url)
    person = people[0]

    async def turn(text: str, **where: Any) -> GenerationResult:
        return await person.tavern(where.pop("tavern", None)).send(
            f"{text} [tokens=9] [speed=0]", session="long", **where
        )

    async def bound() -> SessionInfo:
        (info,) = [each for each in await person.sessions.list() if each.session == "long"]
        return info

    chat_id = (await turn("one", tavern="first", character="Seraphina")).chat_id
    assert (await bound()).tavern == await first.evaluate("() => tavernlink.id")

    # Somebody looks at the session's chat in the second tab. The next turn goes on in the first one; the second shows
    # it, and what the person then writes there does not undo it.
    await second.evaluate("(chat) => SillyTavern.getContext().openCharacterChat(chat)", chat_id)
    assert (await turn("two")).chat_id == chat_id
    await second.page.wait_for_function(
        "() => SillyTavern.getContext().chat.some(({ mes }) => mes.startsWith('two '))"
    )
    await second.page.wait_for_function(SETTLED)
    await person.tavern("second").post("from the second tab")
    assert (await turn("three")).chat_id == chat_id
    own = [line["mes"].split(" [")[0] for line in chats_of(server)[str(chat_id)] if line["is_user"]]
    assert own == ["one", "two", "from the second tab", "three"]

    # The tab is closed: the other one of the same SillyTavern has the chat too.
    async with person.subscribe("tavern.changed", tavern="first") as changes:
        await first.close()
        async for change in changes:
            if isinstance(change, TavernChanged) and not change.tavern.online:
                break
    assert (await turn("four")).chat_id == chat_id
    assert (await bound()).tavern == await second.evaluate("() => tavernlink.id")

    # Renamed, the character gets another avatar file; its chats go with it.
    await second.evaluate(
        "async () => (await import('/script.js')).renameCharacter('Sera', { silent: true, renameChats: false })"
    )
    assert (await turn("five")).chat_id == chat_id
    assert (await bound()).character == "Sera.png"

    # The chat is deleted: nothing is sent anywhere, until the session is given up.
    (path,) = (Path(server.user_data) / "chats").rglob(f"{chat_id}.jsonl")
    path.unlink()
    with pytest.raises(NotFound) as gone:
        await turn("six")
    assert gone.value.code == "unknown_chat"
    assert await person.sessions.forget("long")
    again = await turn("seven", tavern="second", character="Sera")
    assert again.chat_id != chat_id
    assert second.dialogs == []
