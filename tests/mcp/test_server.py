"""The hub as an MCP server, through the official client at every door."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx
import mcp_types as types
import pytest
from mcp import MCPError
from mcp.client.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPDeprecationWarning

import tavernlink
from tavernlink.core.access.permissions import ROLES
from tavernlink.demo.hub import open_hub
from tavernlink.sdk import connect
from tests.mcp.house import DOORS, Guest, House, guest_of, open_house, text_of, until

pytestmark = pytest.mark.timeout(300)
every_door = pytest.mark.parametrize("door", DOORS)
both_ages = pytest.mark.parametrize("door", DOORS[:2])

CHAT = "tavernlink://taverns/Home/chat"


@every_door
async def test_a_client_lists_everything_and_reads_it(tmp_path: Path, door: str) -> None:
    async with open_house(tmp_path) as house, house.guest(door) as guest:
        await house.tavern.say("Seraphina", "assistant", "Welcome to the glade.")
        client = guest.client
        assert client.server_info is not None
        assert client.server_info.name == "tavernlink"
        assert client.server_capabilities.tools is not None
        assert client.server_capabilities.tools.list_changed
        assert "send_message" in (client.instructions or "")

        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"send_message", "generate", "read_chat", "list_taverns", "run_command"} <= set(tools)
        for tool in tools.values():
            assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", tool.name)
            assert tool.description
            assert tool.input_schema["type"] == "object"
        assert tools["send_message"].input_schema["required"] == ["text"]
        assert tools["read_chat"].annotations is not None
        assert tools["read_chat"].annotations.read_only_hint

        resources = {each.uri: each for each in (await client.list_resources()).resources}
        assert "tavernlink://taverns/id-of-Home/chat" in resources
        assert "tavernlink://taverns/id-of-Home/characters/s.png" in resources
        assert "tavernlink://taverns/id-of-Home/lorebooks/Eldoria" in resources
        templates = (await client.list_resource_templates()).resource_templates
        assert {each.name for each in templates} == {"chat", "character", "lorebook"}
        (content,) = (await client.read_resource(CHAT)).contents
        assert isinstance(content, types.TextResourceContents)
        assert content.text == "[0] Seraphina: Welcome to the glade."
        (card,) = (await client.read_resource("tavernlink://taverns/default/characters/Seraphina")).contents
        assert isinstance(card, types.TextResourceContents)
        assert "An elf." in card.text
        with pytest.raises(MCPError, match="no resource"):
            await client.read_resource("tavernlink://nowhere")
        with pytest.raises(MCPError, match="tavern"):
            await client.read_resource("tavernlink://taverns/Elsewhere/chat")


@every_door
async def test_a_reply_streams_as_progress_and_comes_whole_at_the_end(tmp_path: Path, door: str) -> None:
    told: list[tuple[float, str]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message or ""))

    async with open_house(tmp_path) as house, house.guest(door) as guest:
        house.tavern.held.clear()
        calling = asyncio.create_task(
            guest.client.call_tool("send_message", {"text": "hello there"}, progress_callback=tell)
        )
        house.tavern.held.set()
        answer = await calling
        assert not answer.is_error
        assert text_of(answer) == "You said: hello there "
        assert answer.structured_content is not None
        assert answer.structured_content["character"] == "Seraphina"
        # Its callbacks may run after the answer is there; each is a task of the client's.
        await until(lambda: len(told) == 4)
        assert sorted(told) == [(4, "You "), (10, "said: "), (16, "hello "), (22, "there ")]
        assert [each["text"] for each in house.tavern.chat] == ["hello there", "You said: hello there "]

        beside = {"messages": [{"role": "user", "content": "and you?"}], "character": "Seraphina"}
        answer = await guest.client.call_tool("generate", beside)
        assert text_of(answer) == "You said: and you? "
        assert len(house.tavern.chat) == 2


@every_door
async def test_a_call_that_the_client_cancels_is_cancelled_in_the_tavern(tmp_path: Path, door: str) -> None:
    begun = asyncio.Event()

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        begun.set()

    async def hold(number: int) -> None:
        if number == 2:
            await asyncio.Event().wait()

    async with (
        open_house(tmp_path) as house,
        house.guest(door) as guest,
        connect(house.hub.url, house.hub.app_key) as app,
    ):
        house.tavern.before_word = hold
        calling = asyncio.create_task(
            guest.client.call_tool("send_message", {"text": "wait"}, progress_callback=tell)
        )
        await begun.wait()
        assert [each.state for each in await app.requests.list()] == ["running"]
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        while (await app.requests.list(open=False))[0].state == "running":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert (await app.requests.list(open=False))[0].state == "cancelled"


async def test_what_goes_wrong_is_an_answer_that_says_so(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, house.guest("http") as guest:
        call = guest.client.call_tool
        answer = await call("send_message", {"txt": "hello"})
        assert answer.is_error
        assert "unknown field `txt`" in text_of(answer)
        answer = await call("send_message", {"text": "hello", "tavern": "Elsewhere"})
        assert answer.is_error
        assert answer.structured_content is not None
        assert answer.structured_content["error"]["code"] == "unknown_tavern"
        answer = await call("run_command", {"name": "message.eat", "args": {}})
        assert answer.is_error
        assert "unknown_command" in text_of(answer)
        answer = await call("run_command", {"name": "message.edit", "args": {"index": -1, "text": "x"}})
        assert answer.is_error
        assert "index" in text_of(answer)
        with pytest.raises(MCPError, match="no tool 'fly'"):
            await call("fly", {})


async def test_the_catalogue_of_commands_is_two_tools(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, house.guest("http") as guest:
        listed = await guest.client.call_tool("list_commands", {})
        assert "message.edit: " in text_of(listed)
        found = await guest.client.call_tool("list_commands", {"search": "message.edit"})
        assert found.structured_content is not None
        assert found.structured_content["commands"][0]["args"]["properties"]["index"]
        done = await guest.client.call_tool(
            "run_command", {"name": "message.edit", "args": {"index": 1, "text": "Well met."}}
        )
        assert not done.is_error, text_of(done)
        assert house.tavern.commands[-1]["args"]["text"] == "Well met."
        picture = await guest.client.call_tool("run_command", {"name": "file.get", "args": {"index": 1}})
        assert not picture.is_error, text_of(picture)
        assert types.ImageContent(type="image", data="iVBORy4uLi4=", mime_type="image/png") in picture.content
        card = await guest.client.call_tool("get_character", {"character": "Seraphina"})
        assert "An elf." in text_of(card)


@both_ages
async def test_functions_are_tools_that_come_and_go(tmp_path: Path, door: str) -> None:
    @tavernlink.function(name="dice.roll", tool=True)
    async def roll(sides: int, ctx: tavernlink.Context) -> int:
        """Roll a die."""
        ctx.progress(1, 2, "It rolls.")
        await heard.wait()
        return sides

    heard = asyncio.Event()

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        assert (progress, total, message) == (1, 2, "It rolls.")
        heard.set()

    async with (
        open_house(tmp_path) as house,
        connect(house.hub.url, house.hub.app_key, name="Dice") as app,
        house.guest(door) as guest,
        contextlib.AsyncExitStack() as stack,
    ):
        changed = await stack.enter_async_context(_changes(guest, door))
        await house.listens()
        await app.serve(roll)
        await changed()
        tools = {tool.name: tool for tool in (await guest.client.list_tools()).tools}
        assert "Roll a die." in (tools["dice_roll"].description or "")
        assert tools["dice_roll"].input_schema["required"] == ["sides"]

        wrong = await guest.client.call_tool("dice_roll", {"sides": "six"})
        assert wrong.is_error
        assert "sides" in text_of(wrong)
        right = await guest.client.call_tool("dice_roll", {"sides": 1}, progress_callback=tell)
        assert right.structured_content == {"result": 1}
        await app.withdraw()
        await changed()
        assert "dice_roll" not in {tool.name for tool in (await guest.client.list_tools()).tools}


@contextlib.asynccontextmanager
async def _changes(guest: Guest, door: str) -> AsyncGenerator[Callable[[], Awaitable[object]]]:
    """Listen for changes of the tools; what it gives waits for the next one."""
    if door == "http of 2025":

        async def heard() -> None:
            await guest.heard(types.ToolListChangedNotification)
            guest.told.clear()

        yield heard
        return
    async with guest.client.listen(tools_list_changed=True) as events:
        yield partial(anext, aiter(events))


@both_ages
async def test_a_followed_chat_tells_that_it_changed(tmp_path: Path, door: str) -> None:
    async with open_house(tmp_path) as house, house.guest(door) as guest:
        if door == "http of 2025":
            await house.listens()
            with pytest.warns(MCPDeprecationWarning):
                await guest.client.session.subscribe_resource(CHAT)  # type: ignore[deprecated] # the older age has it
            await house.tavern.say("Traveller", "user", "Anybody here?")
            updated = await guest.heard(types.ResourceUpdatedNotification)
            assert updated.params.uri == CHAT
            return
        async with guest.client.listen(resource_subscriptions=[CHAT]) as events:
            await house.tavern.say("Traveller", "user", "Anybody here?")
            assert await anext(aiter(events)) == ResourceUpdated(CHAT)


async def test_a_key_sees_what_it_may(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, house.guest("http", house.hub.viewer_key) as guest:
        assert not ROLES["viewer"] & {"chat:write"}
        names = {tool.name for tool in (await guest.client.list_tools()).tools}
        assert "read_chat" in names
        assert not names & {"send_message", "next_reply", "stop_generation"}
        answer = await guest.client.call_tool("send_message", {"text": "hello"})
        assert answer.is_error
        assert "forbidden" in text_of(answer)


async def test_nobody_comes_in_without_a_key(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, httpx.AsyncClient(base_url=house.hub.url) as http:
        await _knock(http, house)


async def _knock(http: httpx.AsyncClient, house: House) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = await http.post("/mcp", json=body)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    key = {"Authorization": f"Bearer {house.hub.app_key}"}
    answer = await http.post("/mcp", json=body, headers=key | {"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert (await http.put("/mcp", headers=key)).status_code == 405
    accept = {"Accept": "application/json, text/event-stream"}
    begun = await http.post(
        "/mcp",
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "x", "version": "1"},
            },
        },
        headers=key | accept,
    )
    session = {"Mcp-Session-Id": begun.headers["mcp-session-id"]}
    stranger = {"Authorization": f"Bearer {house.hub.viewer_key}"}
    assert (await http.post("/mcp", json=body, headers=stranger | accept | session)).status_code == 404
    assert (await http.delete("/mcp", headers=stranger | session)).status_code == 404
    assert (await http.delete("/mcp", headers=key | session)).status_code == 200


async def test_by_stdio_the_hub_may_come_after_its_client(tmp_path: Path, unused_tcp_port: int) -> None:
    key = "a secret of thirty characters."
    declared = tmp_path / "keys.d" / "mcp.toml"
    declared.parent.mkdir()
    declared.write_text(f"[[app]]\nname = 'client'\nkey = '{key}'\n")
    async with guest_of(f"http://127.0.0.1:{unused_tcp_port}", "stdio", key, mode="legacy") as guest:
        early = await guest.client.call_tool("list_taverns", {})
        assert early.is_error
        assert "No hub answers" in text_of(early)
        async with open_hub(tmp_path, port=unused_tcp_port):
            await guest.heard(types.ToolListChangedNotification)
            assert not (await guest.client.call_tool("list_taverns", {})).is_error
