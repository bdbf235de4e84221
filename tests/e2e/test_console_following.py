"""What comes over the console's line: the chat that is looked at, and nothing of the chats of other SillyTaverns."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, WebSocket, expect

from tavernlink.demo.hub import open_hub
from tavernlink.sdk import connect
from tests.e2e.visitor import go, sign_in, visitor
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern


async def open_another(tavern: ScriptedTavern, character: str) -> None:
    """Say so, after all that was said before: whoever shows it has been sent the rest."""
    await tavern.send(
        "tavern.state", user="Traveller", character=character, character_id="w.png", chat_id="chat-1"
    )


async def test_the_console_hears_of_the_tavern_that_it_shows_and_of_no_other(
    browser: Browser, tmp_path: Path
) -> None:
    lines: list[str] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: lines.append(str(data)))

    async with (
        open_hub(tmp_path) as hub,
        scripted_tavern(hub.url, hub.tavern_key) as home,
        scripted_tavern(hub.url, hub.tavern_key, name="Attic") as attic,
        connect(hub.url, hub.app_key, name="listener") as app,
        app.subscribe("chat.*", "stream.*") as news,
        visitor(browser, hub) as page,
    ):
        heard = aiter(news)

        async def say(tavern: ScriptedTavern, text: str) -> None:
            """Until a program that hears of everything has it: the hub has dealt with it."""
            await tavern.say("Seraphina", "assistant", text)
            while text not in repr(await anext(heard)):
                pass

        def came(text: str) -> bool:
            return any(text in line for line in lines)

        page.on("websocket", watch)
        await sign_in(page, hub.admin_key)
        cards = page.locator("article")
        await expect(cards).to_have_count(2)
        await say(home, "home one")
        await say(attic, "attic one")
        await open_another(attic, "Wren")
        await expect(cards.filter(has_text="Wren")).to_be_visible()
        assert not came("home one"), "the overview needs no chat"
        assert not came("attic one")

        await go(page, "chat")
        choice = page.locator("main select")
        await choice.select_option(label="Home")
        messages = page.locator(".messages article")
        await expect(messages.last).to_contain_text("home one")
        await say(attic, "attic two")
        await say(home, "home two")
        await expect(messages.last).to_contain_text("home two")
        assert came("home two")
        assert not came("attic two")

        await choice.select_option(label="Attic")
        await expect(messages.last).to_contain_text("attic two")
        await say(home, "home three")
        await say(attic, "attic three")
        await expect(messages.last).to_contain_text("attic three")
        assert not came("home three")

        await go(page, "overview")
        await expect(cards).to_have_count(2)
        await say(attic, "attic four")
        await open_another(attic, "Robin")
        await expect(cards.filter(has_text="Robin")).to_be_visible()
        assert not came("attic four")
