"""The official MCP client and a real SillyTavern."""

from __future__ import annotations

import mcp_types as types

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tavernlink.tab import Tab
from tests.mcp.house import guest_of, text_of, until


async def test_the_official_client_lists_and_calls_the_tools_and_the_reply_streams_as_progress(
    hub: RunningHub, tab: Tab, model: Model
) -> None:
    told: list[tuple[float, str]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message or ""))

    async with guest_of(hub.url, "http", hub.app_key) as guest:
        client = guest.client
        tools = {each.name for each in (await client.list_tools()).tools}
        assert {"send_message", "generate", "read_chat", "list_characters", "run_command"} <= tools
        taverns = (await client.call_tool("list_taverns", {})).structured_content
        assert taverns is not None
        assert "shared" in {each["name"] for each in taverns["taverns"]}

        said = {"text": "Tell me of the forest. [tokens=40]", "tavern": "shared"}
        answer = await client.call_tool("send_message", said, progress_callback=tell)
        assert not answer.is_error, text_of(answer)
        whole = text_of(answer)
        assert whole.startswith('You said: "Tell me of the forest.')
        await until(lambda: len("".join(text for _, text in told).strip()) >= len(whole))
        assert "".join(text for _, text in sorted(told)).strip() == whole
        assert len(told) > 5
        shown = await tab.evaluate("() => SillyTavern.getContext().chat.at(-1).mes")
        assert shown == whole

        chat = await client.call_tool("read_chat", {"tavern": "shared", "limit": 2})
        assert whole in text_of(chat)
        (content,) = (await client.read_resource("tavernlink://taverns/shared/chat")).contents
        assert isinstance(content, types.TextResourceContents)
        assert whole in content.text
        character = await client.call_tool("get_character", {"character": "Seraphina", "tavern": "shared"})
        assert "forest" in text_of(character), text_of(character)
        resources = {each.title for each in (await client.list_resources()).resources}
        assert {"Seraphina", "Eldoria"} <= resources
        (lore,) = (await client.read_resource("tavernlink://taverns/shared/lorebooks/Eldoria")).contents
        assert isinstance(lore, types.TextResourceContents)
        assert "Eldoria" in lore.text

        beside = {
            "messages": [{"role": "user", "content": "And the glade? [tokens=12]"}],
            "character": "Seraphina",
        }
        answer = await client.call_tool("generate", beside)
        assert text_of(answer).startswith('You said: "And the glade?'), text_of(answer)
        assert await tab.evaluate("() => SillyTavern.getContext().chat.at(-1).mes") == whole
        listed = await client.call_tool("list_commands", {"search": "swipe", "tavern": "shared"})
        assert "swipe.next" in text_of(listed)
