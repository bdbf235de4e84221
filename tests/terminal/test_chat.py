"""`tavernlink chat` on the whole screen as a person uses it, by keys alone: a real hub, scripted taverns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

import tavernlink
from tavernlink.demo.hub import RunningHub
from tavernlink.sdk import Hub
from tavernlink.terminal.chat.app import ChatApp
from tavernlink.terminal.chat.drafts import Drafts
from tavernlink.terminal.chat.history import History
from tavernlink.terminal.language import Language, Words
from tavernlink.terminal.picker import Picker
from tavernlink.terminal.sure import Sure
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern
from tests.terminal.conftest import LARGE, SMALL, picture, shown, until

Screen = tuple[ChatApp, Pilot[Any]]
Open = Callable[..., AbstractAsyncContextManager[Screen]]


@pytest.fixture
def open_chat(house: RunningHub, tmp_path: Path) -> Open:
    """`async with open_chat() as (app, pilot)`: a screen whose chat is there."""

    @asynccontextmanager
    async def open_(
        language: Language = "en",
        size: tuple[int, int] = SMALL,
        key: str | None = None,
        ready: Callable[[ChatApp], object] = lambda app: app.mirror is not None and app.focused is not None,
    ) -> AsyncIterator[Screen]:
        hub = tavernlink.connect(house.url, key or house.app_key, name="chat", connect_timeout=None)
        drafts = Drafts(tmp_path / "drafts.json")
        app = ChatApp(hub, Words(language), drafts=drafts, shade="light" if language == "zh" else "dark")
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: ready(app))
            yield app, pilot
        await hub.close()

    return open_


async def talk(home: ScriptedTavern, length: int) -> None:
    """Fill the chat; the last message is the character's."""
    chat = [
        {"name": "Seraphina", "role": "assistant", "text": f"Reply {at}: *listens* 你好，世界"}
        if at % 2
        else {"name": "Traveller", "role": "user", "text": f"Line {at}\nand more"}
        for at in range(length)
    ]
    home.chat[:] = chat
    await home.update(
        {"op": "reset"}, *({"op": "insert", "index": i, "message": m} for i, m in enumerate(chat))
    )


def _begins(app: ChatApp, first: int) -> bool:
    return app.history.first == first


def _generates(home: ScriptedTavern, mode: str) -> bool:
    return bool(commands(home, "generate")[-1]["mode"] == mode)


def commands(home: ScriptedTavern, name: str) -> list[dict[str, Any]]:
    """Return what a command was given, each time, without what was left open."""
    asked = [each["args"] for each in home.commands if each["name"] == name]
    return [{word: value for word, value in args.items() if value is not None} for args in asked]


def hold(home: ScriptedTavern, word: int) -> None:
    """Have it wait before this word of its next replies."""

    async def wait(number: int) -> None:
        if number == word:
            home.held.clear()
            await home.held.wait()

    home.before_word = wait


@pytest.mark.parametrize(("language", "size"), [("en", SMALL), ("zh", LARGE)])
async def test_a_message_is_sent_and_its_reply_is_shown_while_it_comes(
    open_chat: Open, home: ScriptedTavern, language: Language, size: tuple[int, int]
) -> None:
    words = Words(language)
    await talk(home, 40)
    async with open_chat(language, size) as (app, pilot):
        await until(pilot, lambda: "Reply 39" in shown(app))
        assert "Seraphina" in shown(app).splitlines()[0]
        assert words("line.up") in shown(app).splitlines()[0]
        hold(home, 4)
        await pilot.press(*"hello", "ctrl+j", *"you")
        assert app.composer.text == "hello\nyou"
        await pilot.press("enter")
        await until(pilot, lambda: "You said: hello ▍" in " ".join(shown(app).split()))
        assert words("chat.writing", name="Seraphina") in shown(app)
        assert app.composer.text == ""
        picture(app, f"chat-writing-{language}")
        home.held.set()
        await until(pilot, lambda: app.end == 42 and not app.growing)
        await until(pilot, lambda: shown(app).count("You said: hello you") == 1)
        assert commands(home, "send")[-1]["text"] == "hello\nyou"


async def test_what_a_message_says_is_shown_and_never_obeyed(open_chat: Open, home: ScriptedTavern) -> None:
    await home.say("Sera\x1b[2Jphina", "assistant", "Look: \x1b]52;c;ZXZpbA==\x07 and \x9b5m so on.")
    async with open_chat() as (app, pilot):
        await until(pilot, lambda: "so on." in shown(app))
        assert "]52;c;ZXZpbA==" in shown(app)
        assert not {"\x1b", "\x07", "\x9b"} & set(shown(app))


async def test_earlier_messages_load_as_one_scrolls_up(open_chat: Open, home: ScriptedTavern) -> None:
    await talk(home, 200)
    async with open_chat() as (app, pilot):
        assert app.mirror is not None
        await until(pilot, lambda: "Reply 199" in shown(app))
        assert app.mirror.start == 140
        await pilot.press("escape", "home")
        await until(pilot, lambda: app.history.first == 80)
        assert app.mirror.start == 80
        await until(pilot, lambda: "#140" in shown(app))
        picture(app, "chat-earlier-en")
        for first in (20, 0):
            await pilot.press("home")
            await until(pilot, partial(_begins, app, first))
        await pilot.press("home")
        await until(pilot, lambda: "#0" in shown(app))
        await home.say("Seraphina", "assistant", "Something new.")
        await pilot.press("end")
        await until(pilot, lambda: "Something new." in shown(app))
        assert app.history.first == 0


async def test_waits_its_turn_and_gives_up(open_chat: Open, home: ScriptedTavern, bot: Hub) -> None:
    await talk(home, 2)
    hold(home, 2)
    async with open_chat() as (app, pilot):
        first = bot.tavern().send("first")
        await until(pilot, lambda: "You" in shown(app) and app.growing)
        await pilot.press(*"second", "enter")
        await until(pilot, lambda: "Waiting: 1 before you" in shown(app))
        picture(app, "chat-queue-en")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app.deeds.reply is None and app.composer.text == "second")
        home.before_word = None
        home.held.set()
        await first
        await until(pilot, lambda: app.end == 4 and not app.growing)
        assert len(commands(home, "send")) == 1


async def test_versions_are_turned_over_and_a_new_one_is_written(
    open_chat: Open, home: ScriptedTavern
) -> None:
    await talk(home, 3)
    last = {"name": "Seraphina", "role": "assistant", "text": "Second.", "swipe": 1, "swipes": 3}
    last["reasoning"] = "What would she say?"
    home.chat.append(last)
    await home.update({"op": "insert", "index": 3, "message": last})
    state = {"index": 3, "swipe": 0, "swipes": 3, "text": "First."}
    home.results = {"swipe.previous": state, "swipe.next": {**state, "swipe": 2}}
    async with open_chat() as (app, pilot):
        await until(pilot, lambda: "‹ 2/3 ›" in shown(app))
        assert "What would she say?" not in shown(app)
        await pilot.press("escape", "t")
        await until(pilot, lambda: "What would she say?" in shown(app))
        picture(app, "chat-versions-en")
        await pilot.press("n")
        await until(pilot, lambda: commands(home, "swipe.previous") == [{"index": 3}])
        await pilot.press("m")
        await until(pilot, lambda: commands(home, "swipe.next") == [{"index": 3}])
        await home.update({"op": "replace", "index": 3, "message": {**last, "text": "Third.", "swipe": 2}})
        await until(pilot, lambda: "‹ 3/3 ›" in shown(app) and "Third." in shown(app))
        hold(home, 2)
        await pilot.press("right")
        await until(pilot, lambda: "You ▍" in " ".join(shown(app).split()))
        assert "Third." not in shown(app)
        assert commands(home, "generate")[-1]["mode"] == "swipe"
        await pilot.press("s")
        await until(pilot, lambda: "Third." in shown(app) and not app.growing)
        home.held.set()
        home.before_word = None
        for key, mode in (("r", "regenerate"), ("c", "continue")):
            await pilot.press(key)
            await until(pilot, partial(_generates, home, mode))
            await until(pilot, lambda: app.deeds.reply is None and not app.growing)


async def test_a_message_is_edited_and_deleted_after_a_question(
    open_chat: Open, home: ScriptedTavern
) -> None:
    await talk(home, 4)
    async with open_chat() as (app, pilot):
        await until(pilot, lambda: "Reply 3" in shown(app))
        await pilot.press(*"not yet", "escape", "up", "e")
        await until(pilot, lambda: app.composer.text == "Line 2\nand more")
        assert "Editing message #2" in shown(app)
        picture(app, "chat-editing-en")
        await pilot.press(*"!", "enter")
        await until(pilot, lambda: home.chat[2]["text"] == "Line 2\nand more!")
        await until(pilot, lambda: app.composer.text == "not yet" and "and more!" in shown(app))
        await pilot.press("e")
        await until(pilot, lambda: "Editing message #2" in shown(app))
        changed = {**home.chat[2], "text": "Somebody else was here."}
        await home.update({"op": "replace", "index": 2, "message": changed})
        await until(pilot, lambda: "Somebody else" in shown(app))
        await pilot.press("x", "enter")
        await until(pilot, lambda: "was changed meanwhile" in " ".join(shown(app).split()))
        await pilot.press("escape", "d")
        await until(pilot, lambda: isinstance(app.screen, Sure))
        picture(app, "chat-delete-en")
        await pilot.press("n", "d", "y")
        await until(pilot, lambda: app.end == 3)
        assert "Somebody else" not in shown(app)


async def test_goes_to_other_characters_chats_and_taverns(
    open_chat: Open, home: ScriptedTavern, house: RunningHub
) -> None:
    await talk(home, 2)
    cast = [
        {"id": "s.png", "name": "Seraphina"},
        {"id": "w.png", "name": "Wren"},
        {"id": "小.png", "name": "小雪"},
    ]
    cast.append({"id": "7", "name": "The inn", "kind": "group"})
    await home.send("characters.changed", characters=cast)
    opened = {"chat_id": "c", "character": "w.png", "group": None, "messages": 1, "open": True}
    one = {"chat_id": "One evening", "character": "s.png", "group": None, "messages": 12, "size": "1KB"}
    one |= {"last_message": "Good night.", "time": None, "open": True}
    two = {**one, "chat_id": "Another day", "open": False}
    home.results = {"chat.open": opened, "chat.new": opened, "chat.list": {"chats": [one, two], "total": 2}}
    async with (
        scripted_tavern(house.url, house.tavern_key, name="书房") as study,
        open_chat(ready=lambda app: app.focused is not None and len(app.taverns) == 2) as (app, pilot),
    ):
        app.go_to_tavern("id-of-Home")
        await until(pilot, lambda: app.mirror is not None and "Reply 1" in shown(app))
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, Picker) and "小雪" in shown(app))
        picture(app, "chat-characters-en")
        await pilot.press(*"wre", "enter")
        await until(pilot, lambda: commands(home, "chat.open"))
        assert commands(home, "chat.open")[-1] == {"character": "w.png"}
        await pilot.press(*"/character the inn", "enter")
        await until(pilot, lambda: len(commands(home, "chat.open")) == 2)
        assert commands(home, "chat.open")[-1] == {"group": "7"}
        await pilot.press("f3")
        await until(pilot, lambda: "Another day" in shown(app) and "12 messages" in shown(app))
        picture(app, "chat-chats-en")
        await pilot.press("down", "enter")
        await until(pilot, lambda: commands(home, "chat.open")[-1] == {"chat_id": "Another day"})
        await pilot.press("f5")
        await until(pilot, lambda: commands(home, "chat.new"))
        await study.say("Seraphina", "assistant", "Welcome to the study.")
        await pilot.press(*"for Seraphina", "f4")
        await until(pilot, lambda: isinstance(app.screen, Picker) and "书房" in shown(app))
        await pilot.press("书", "enter")
        await until(pilot, lambda: "Welcome to the study." in shown(app))
        await until(pilot, lambda: "书房" in shown(app).splitlines()[0])
        assert app.composer.text == ""
        await pilot.press(*"/tav home", "enter")
        await until(pilot, lambda: "Reply 1" in shown(app) and app.composer.text == "for Seraphina")


async def test_drafts_survive_a_restart_and_slash_words_have_a_palette(
    open_chat: Open, home: ScriptedTavern
) -> None:
    await talk(home, 2)
    async with open_chat("zh") as (app, pilot):
        await pilot.press("/")
        await until(pilot, lambda: "重写最后一条回复" in shown(app))
        picture(app, "chat-palette-zh")
        await pilot.press("h", "enter")
        await until(pilot, lambda: "Ctrl+J" in shown(app))
        picture(app, "chat-help-zh")
        await pilot.press("escape", *"/nothing", "enter")
        await until(pilot, lambda: "没有 /nothing" in shown(app))
        app.composer.clear()
        await pilot.press("slash", *"/roll 6", "enter")
        await until(pilot, lambda: app.end == 4)
        assert commands(home, "send")[-1]["text"] == "/roll 6"
        await pilot.press(*"/as Bob", "enter", *"hi", "enter")
        await until(pilot, lambda: app.end == 6)
        assert home.chat[4]["name"] == "Bob"
        await pilot.press(*"half a thought")
        await pilot.press("ctrl+q")
    async with open_chat() as (app, pilot):
        await until(pilot, lambda: app.composer.text == "half a thought")


async def test_a_viewer_looks_and_nothing_else(
    open_chat: Open, home: ScriptedTavern, house: RunningHub
) -> None:
    await talk(home, 2)
    async with open_chat(key=house.viewer_key) as (app, pilot):
        await until(pilot, lambda: "This key may only look." in shown(app))
        assert not app.composer.display
        await until(pilot, lambda: len(app.history.query(".selected")) == 1)
        picture(app, "chat-viewer-en")
        await pilot.press("r")
        await until(pilot, lambda: "does not allow that" in shown(app))
        await pilot.press("escape")
        assert not app.composer.has_focus
    assert commands(home, "generate") == []


async def test_says_what_to_do_where_there_is_no_tavern_and_begins_when_one_comes(
    open_chat: Open, house: RunningHub
) -> None:
    async with open_chat("zh", ready=lambda app: app.line_up) as (app, pilot):
        await until(pilot, lambda: "没有已连接的 SillyTavern" in shown(app))
        picture(app, "chat-nobody-zh")
        async with scripted_tavern(house.url, house.tavern_key) as tavern:
            await tavern.say("Seraphina", "assistant", "There you are.")
            await until(pilot, lambda: "There you are." in shown(app))
            await until(pilot, lambda: app.composer.has_focus)


async def test_ctrl_c_twice_leaves_and_ctrl_d_leaves_an_empty_line(
    open_chat: Open, home: ScriptedTavern
) -> None:
    for keys in (["ctrl+c", "ctrl+c"], ["ctrl+d"]):
        async with open_chat() as (app, pilot):
            await pilot.press("x", "ctrl+d")
            await until(pilot, lambda app=app: app.composer.text == "x")  # type: ignore[misc]  # of this round
            await pilot.press("backspace")
            await until(pilot, lambda app=app: app.composer.text == "")  # type: ignore[misc]
            assert app.is_running
            await pilot.press(*keys)
            await until(pilot, partial(getattr, app, "_exit"))


async def test_a_screen_that_is_taken_down_while_it_is_drawn_ends_quietly(
    open_chat: Open, home: ScriptedTavern, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(home, 2)
    drawing = asyncio.Event()
    async with open_chat() as (app, pilot):
        await until(pilot, lambda: "Reply 1" in shown(app))
        fit = History._fit

        async def fit_slowly(history: History, count: int, *, at_top: int) -> None:
            await fit(history, count, at_top=at_top)
            drawing.set()
            while history.children:  # noqa: ASYNC110  # no event tells it
                await asyncio.sleep(0)

        monkeypatch.setattr(History, "_fit", fit_slowly)
        await talk(home, 4)
        await asyncio.wait_for(drawing.wait(), 60)
    assert not app.is_running
