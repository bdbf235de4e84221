"""Commands about messages, swipes, chats and groups: what screen, page, disk and mirror hold afterwards.

That each one works at all is shown by test_commands.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.files import File
from tavernlink.sdk import Hub
from tavernlink.sdk.request import Request
from tavernlink.sdk.tavern import Tavern
from tests.docs.markdown import ROOT, examples
from tests.e2e.desk import SETTLED, Desk
from tests.e2e.overheard import overhear

DRAFT = "what I am writing | /echo more"
SERAPHINA = "default_Seraphina.png"
_SCREEN = """() => [...document.querySelectorAll('#chat .mes')].map((element) => [
    Number(element.getAttribute('mesid')), element.querySelector('.name_text').textContent,
    element.querySelector('.mesIDDisplay').textContent, element.getAttribute('is_system') === 'true',
    element.querySelector('.mes_text').textContent.trim(), element.classList.contains('last_mes'),
])"""
_EDIT = "(index) => document.querySelector(`#chat .mes[mesid='${index}'] .mes_edit`).click()"
_CANCEL = "(index) => document.querySelector(`#chat .mes[mesid='${index}'] .mes_edit_cancel`).click()"
_TRUNCATE = "(count) => { SillyTavern.getContext().powerUserSettings.chat_truncation = count; }"


@pytest_asyncio.fixture(loop_scope="session")
async def desk(desk: Desk) -> AsyncIterator[Desk]:
    """The shared tab with a draft in its text box, which must be there in the end."""
    await desk.type_draft(DRAFT)
    yield desk
    text, _, _ = await desk.draft()
    await desk.clear_draft()
    assert text == DRAFT
    assert await desk.tab.open_dialogs() == []


@pytest.fixture
def tag() -> str:
    """What makes names new, on a SillyTavern that other tests and other tries have used."""
    return secrets.token_hex(3)


@pytest.fixture
def data(sillytavern: SillyTavern) -> Path:
    return Path(sillytavern.user_data)


async def code_of(request: Request[Any]) -> str:
    with pytest.raises(TavernlinkError) as caught:
        await request
    return caught.value.code


async def check(desk: Desk, tavern: Tavern, data: Path) -> list[dict[str, Any]]:
    """Return the open chat. Raises `AssertionError` unless screen, disk and mirror hold the same."""
    chat = await desk.chat()
    chat_id = await desk.chat_id()
    assert [kept(message) for message in read(data, chat_id)] == [kept(message) for message in chat]
    screen = await desk.tab.evaluate(_SCREEN)
    first = len(chat) - len(screen)
    for place, (index, name, label, hidden, text, last) in enumerate(screen, start=first):
        message = chat[place]
        is_hidden = bool(message.get("is_system"))
        assert (index, name, label, hidden) == (place, message["name"], f"#{place}", is_hidden)
        assert message["mes"].replace("*", "") in text or text in message["mes"] or "<" in message["mes"]
        assert last == (place == len(chat) - 1)
    view = await tavern.chat(limit=1_000)
    assert view.chat_id == chat_id
    mirror = [(one.name, one.text, one.swipe, one.reasoning) for one in view.messages]
    assert mirror == [facts(message) for message in chat]
    hidden_there = [one.role == "system" for one in view.messages]
    assert hidden_there == [bool(message.get("is_system")) for message in chat]
    return chat


def read(data: Path, chat_id: str) -> list[dict[str, Any]]:
    """Return a chat's messages as they are on disk."""
    (path,) = find(data, chat_id)
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()][1:]


def find(data: Path, chat_id: str) -> list[Path]:
    return [*data.glob(f"chats/*/{chat_id}.jsonl"), *data.glob(f"group chats/{chat_id}.jsonl")]


def kept(message: dict[str, Any]) -> dict[str, Any]:
    """Leave out what SillyTavern measures by itself some time after it saved."""
    extra = message.get("extra") or {}
    names = ("reasoning", "type", "bookmark_link", "branches", "media")
    facts = ("name", "mes", "is_user", "is_system", "swipe_id", "swipes", "send_date", "original_avatar")
    return {
        **{name: message.get(name) for name in facts},
        **{name: extra.get(name) for name in names if extra.get(name)},
    }


def facts(message: dict[str, Any]) -> tuple[str, str, int | None, str | None]:
    reasoning = (message.get("extra") or {}).get("reasoning") or None
    return (message["name"], message["mes"], message.get("swipe_id"), reasoning)


# ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_messages_are_put_moved_hidden_and_changed_wherever_they_stand(
    desk: Desk, tavern: Tavern, data: Path, model: Model
) -> None:
    messages = tavern.messages
    await desk.write((True, "one"), (False, "two"))
    start = (await tavern.chat()).revision
    for role, index in (("narrator", 1), ("comment", 0), ("system", 3), ("user", 2)):
        place = await tavern.run("message.send", text=f"{role} **speaks**", role=role, index=index)
        assert place == {"index": index, "chat_id": await desk.chat_id()}
    await messages.send(text="/echo I answer | {{user}}", role="character", reasoning="hm")
    await messages.send(text="boo", role="character", name="A stranger", hidden=True)
    chat = await check(desk, tavern, data)
    said = [message["mes"] for message in chat]
    spoken = ["user **speaks**", "narrator **speaks**", "system **speaks**"]
    assert [said[0], *said[2:]] == [
        "comment **speaks**", *spoken, "one", "two", "/echo I answer | {{user}}", "boo",
    ]  # fmt: skip
    assert [message["is_system"] for message in chat] == [
        True, False, False, False, True, False, False, False, True,
    ]  # fmt: skip
    assert [(message["extra"].get("type"), message["is_user"]) for message in chat[2:5]] == [
        (None, True),
        ("narrator", False),
        ("generic", False),
    ]
    assert (chat[7]["name"], chat[7]["extra"]["reasoning"]) == ("Seraphina", "hm")
    assert not model.requests
    # The mirror shows what happened, not the whole chat anew.
    ops = (await tavern.chat(since=start)).ops
    assert ops is not None
    assert {op.op for op in ops} <= {"insert", "replace"}
    assert len([op for op in ops if op.op == "insert"]) == 6

    assert (await messages.move(index=7, to=1)).index == 1
    await messages.move(index=2, to=8)
    await messages.hide(index=1, count=2)
    await messages.unhide(index=0)
    await messages.edit(index=1, text="changed", name="Somebody", reasoning="thought again")
    await messages.edit(index=2, name="Another")
    chat = await check(desk, tavern, data)
    assert [chat[1]["mes"], chat[1]["name"], chat[1]["extra"]["reasoning"]] == [
        "changed", "Somebody", "thought again",
    ]  # fmt: skip
    assert chat[1]["swipes"] == ["changed"]
    assert [message["is_system"] for message in chat[:4]] == [False, True, True, False]
    await messages.edit(index=1, reasoning="")
    await messages.delete(index=3, count=2)
    chat = await check(desk, tavern, data)
    assert "reasoning" not in chat[1]["extra"]
    assert len(chat) == 7


async def test_messages_are_found(desk: Desk, tavern: Tavern) -> None:
    await desk.write(*[(number % 2 == 0, f"Line {number} of the Glade") for number in range(8)])
    await tavern.messages.hide(index=3, count=2)
    found = await tavern.messages.list(search="GLADE line", role="user", hidden=False, limit=2)
    assert [(one.index, one.text) for one in found.messages] == [
        (1, "Line 0 of the Glade"),
        (5, "Line 4 of the Glade"),
    ]
    assert (found.total, found.next) == (9, 7)
    assert [one.index for one in (await tavern.messages.list(start=-2)).messages] == [7, 8]
    assert [one.index for one in (await tavern.messages.list(start=2, limit=2)).messages] == [2, 3]
    one = await tavern.messages.get(index=3)
    assert (one.role, one.text) == ("system", "Line 2 of the Glade")


async def test_messages_and_swipes_that_are_not_on_screen(desk: Desk, tavern: Tavern, data: Path) -> None:
    await desk.write(*[(number % 2 == 0, f"line {number}") for number in range(10)])
    before = await desk.tab.evaluate("() => SillyTavern.getContext().powerUserSettings.chat_truncation")
    await desk.tab.evaluate(_TRUNCATE, 4)
    try:
        await desk.tab.evaluate("() => SillyTavern.getContext().reloadCurrentChat()")
        await tavern.messages.send(text="far above", index=1)
        await tavern.messages.send(text="just on screen", index=9)
        await tavern.messages.move(index=2, to=4)
        await tavern.messages.move(index=1, to=12)
        await tavern.messages.hide(index=2)
        chat = await check(desk, tavern, data)
        assert [message["mes"] for message in chat[1:5]] == ["line 1", "line 2", "line 0", "line 3"]
        assert chat[12]["mes"] == "far above"
        await tavern.messages.send(text="greeting", role="character", index=1)
        await tavern.messages.edit(index=1, text="well met")
        assert (await tavern.swipes.list(index=1)).swipes[0].text == "well met"
        await check(desk, tavern, data)
        # The person can still swipe.
        assert await desk.tab.evaluate("() => SillyTavern.getContext().swipe.isAllowed()")
    finally:
        await desk.tab.evaluate(_TRUNCATE, before)


async def test_swipes_are_chosen_and_deleted_also_of_an_earlier_message(
    desk: Desk, tavern: Tavern, data: Path
) -> None:
    swipes = tavern.swipes
    await tavern.send("swipe me [tokens=9] [reasoning]")
    first = (await desk.chat())[2]
    made = await swipes.new()
    assert made.message_index == 2
    await tavern.messages.edit(index=2, text="the second")
    await swipes.new()
    assert await code_of(swipes.next()) == "unknown_swipe"
    assert (await swipes.previous()).text == "the second"
    await tavern.messages.send(text="and then?")
    shown = await swipes.select(swipe=0, index=2)
    assert (shown.swipe, shown.swipes, shown.text) == (0, 3, first["mes"])
    chat = await check(desk, tavern, data)
    assert chat[2]["extra"]["reasoning"] == first["extra"]["reasoning"]
    listed = await swipes.list(index=2)
    assert [one.text for one in listed.swipes][:2] == [first["mes"], "the second"]
    assert all(one.reasoning for one in listed.swipes)
    assert await code_of(swipes.select(swipe=3, index=2)) == "unknown_swipe"
    assert (await swipes.delete(swipe=0, index=2)).text == "the second"
    left = await swipes.delete(swipe=1, index=2)
    assert (left.swipe, left.swipes, left.text) == (0, 1, "the second")
    assert await code_of(swipes.delete(index=2)) == "unknown_swipe"
    chat = await check(desk, tavern, data)
    assert (chat[2]["swipes"], len(chat[2]["swipe_info"])) == (["the second"], 1)


# ── Replies ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_reply_by_command_streams_goes_on_and_is_written_anew(
    desk: Desk, tavern: Tavern, app: Hub, data: Path
) -> None:
    await tavern.messages.send(text="tell me [tokens=8]")
    async with overhear(app, desk.tab) as ear:
        request = tavern.replies.generate(as_="Stranger")
        said = await request
        stream = await ear.next_end()
    assert (said.character, said.message_index) == ("Seraphina", 2)
    assert (stream.start.request_id, stream.text()) == (request.request_id, said.text)
    stream.assert_in_order()
    more = await tavern.replies.continue_()
    chat = await check(desk, tavern, data)
    assert chat[2]["mes"].endswith(more.text)
    again = await tavern.replies.regenerate()
    assert (again.message_index, len(await desk.chat())) == (2, 3)
    written = await tavern.replies.impersonate()
    assert written.text
    assert (await desk.draft())[0] == DRAFT
    assert len(await check(desk, tavern, data)) == 3
    assert (await tavern.replies.stop()).stopped is False


# ── Who is left alone ────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_is_done_behind_an_edit_a_dialog_a_reply_or_an_old_view(
    desk: Desk, tavern: Tavern, data: Path
) -> None:
    await desk.write((True, "mine"), (False, "yours"))
    await check(desk, tavern, data)
    old = (await tavern.chat()).revision
    messages = tavern.messages
    await desk.tab.evaluate(_EDIT, 1)
    requests: list[Request[Any]] = [
        messages.edit(index=1, text="x"),
        messages.delete(index=0),
        messages.move(index=2, to=0),
        messages.send(text="x", index=0),
        tavern.chats.new(),
        tavern.chats.close(),
        tavern.chats.branch(index=0),
    ]
    assert {await code_of(request) for request in requests} == {"busy"}
    # What does not touch it goes on.
    await messages.send(text="meanwhile")
    await messages.hide(index=2)
    assert await desk.tab.page.locator("#chat .edit_textarea").input_value() == "mine"
    await desk.tab.evaluate(_CANCEL, 1)
    # SillyTavern drops attached files when another chat opens.
    attached = FilePayload(name="plan.txt", mimeType="text/plain", buffer=b"how to cross")
    await desk.tab.page.locator("#file_form_input").set_input_files([attached])
    requests = [tavern.chats.new(), tavern.chats.close(), tavern.chats.branch(index=0)]
    assert {await code_of(request) for request in requests} == {"busy"}
    assert await desk.tab.evaluate("() => document.querySelector('#file_form_input').files.length") == 1
    await desk.tab.evaluate("() => document.querySelector('#file_form').reset()")
    assert await code_of(messages.edit(index=1, text="x", revision=old)) == "stale_revision"
    assert await code_of(messages.hide(index=1, count=9)) == "unknown_message"
    assert await code_of(messages.move(index=0, to=4)) == "unknown_message"
    assert await code_of(messages.send(text="x", index=5)) == "unknown_message"
    assert await code_of(tavern.swipes.list(index=7)) == "unknown_message"

    await desk.tab.evaluate("() => { void SillyTavern.getContext().callGenericPopup('Sure?', 1); }")
    await desk.tab.page.locator("dialog[open]").wait_for()
    requests = [messages.hide(index=0), tavern.chats.new(), tavern.groups.create(members=[SERAPHINA])]
    assert {await code_of(request) for request in requests} == {"blocked_by_dialog"}
    assert (await messages.list()).total == 4
    await desk.tab.page.locator("dialog[open] .popup-button-ok").click()
    await desk.tab.page.locator("dialog[open]").wait_for(state="detached")

    # The person's own turn.
    await desk.clear_draft()
    await desk.type_draft("wait for it [hang]")
    await desk.tab.page.keyboard.press("Enter")
    await desk.tab.page.wait_for_function("() => document.body.dataset.generating === 'true'")
    assert await code_of(messages.delete(index=0)) == "busy"
    assert (await tavern.replies.stop()).stopped
    await desk.tab.page.wait_for_function(SETTLED)
    await desk.type_draft(DRAFT)
    chat = await check(desk, tavern, data)
    assert [message["mes"] for message in chat[1:5]] == ["mine", "yours", "meanwhile", "wait for it [hang]"]


# ── Chats ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_chats_are_begun_renamed_found_handed_out_taken_in_and_deleted(
    desk: Desk, tavern: Tavern, data: Path, tag: str
) -> None:
    chats = tavern.chats
    storm, lightning, word = f"The _storm_ {tag}", f"Lightning {tag}", f"quagmire{tag}"
    thunder = f"Thunder over the {word}."
    home = await desk.chat_id()
    # The person has just changed something, and SillyTavern saves it in a second.
    await desk.write((True, "before the storm"))
    await desk.tab.evaluate("() => SillyTavern.getContext().deleteMessage(0, undefined, false)")
    made = await chats.new(name=f"The *storm* {tag}")
    assert (made.chat_id, made.character, made.open, made.messages) == (storm, SERAPHINA, True, 1)
    assert desk.saved_texts(home) == ["before the storm"]
    assert await code_of(chats.new(name=storm.lower())) == "chat_exists"
    await tavern.messages.send(text=thunder)
    await check(desk, tavern, data)

    renamed = await chats.rename(chat_id=storm, name=lightning)
    assert (renamed.chat_id, await desk.chat_id(), renamed.messages) == (lightning, lightning, 2)
    assert await code_of(chats.rename(chat_id=storm, name="x")) == "unknown_chat"
    assert await code_of(chats.rename(chat_id=home, name=lightning)) == "chat_exists"
    await check(desk, tavern, data)
    listed = {one.chat_id: one for one in (await chats.list()).chats}
    assert (listed[lightning].messages, listed[lightning].open) == (2, True)
    assert listed[lightning].last_message == thunder
    assert storm not in listed

    (match,) = (await chats.search(query=f"{word.upper()} thunder")).chats
    assert (match.chat.chat_id, match.messages[0].index) == (lightning, 1)
    assert match.messages[0].text == thunder
    assert (await chats.search(query=f"{word} xyzzy")).chats == []

    lines = await chats.export()
    assert (lines.name, lines.type) == (f"{lightning}.jsonl", "application/jsonl")
    assert [json.loads(line)["mes"] for line in lines.data.splitlines()[1:]] == await desk.texts()
    text = await chats.export(chat_id=lightning, character="Seraphina", format="txt")
    assert text.data.decode().endswith(f"Traveller: {thunder}\n\n")
    (taken,) = (await chats.import_(file=lines)).chats
    assert (await chats.open(chat_id=taken)).messages == 2
    assert (await check(desk, tavern, data))[1]["mes"] == thunder
    broken = File(name="broken.jsonl", type="application/jsonl", data=b'{"user_name":"x"}\n{"mes":')
    assert await code_of(chats.import_(file=broken)) == "invalid_file"

    # Who opens SillyTavern anew finds the chat that was opened last.
    await desk.tab.evaluate("() => SillyTavern.getContext().getCharacters()")
    assert await desk.chat_id() == taken
    for gone in (taken, lightning):
        now = await chats.delete(chat_id=gone)
        assert now.chat_id not in (None, taken, storm)
        assert gone not in {one.chat_id for one in (await chats.list()).chats}
    await check(desk, tavern, data)
    assert await code_of(chats.open(chat_id=lightning)) == "unknown_chat"
    assert await code_of(chats.list(character="Nobody")) == "unknown_character"
    assert find(data, lightning) == []
    await chats.close()
    assert await code_of(tavern.messages.send(text="is anybody there?")) == "no_character"
    assert (await chats.open(character=SERAPHINA, chat_id=home)).chat_id == home
    assert await desk.texts() == ["before the storm"]


async def test_branches_and_checkpoints_lead_there_and_back(
    desk: Desk, tavern: Tavern, data: Path, tag: str
) -> None:
    home = await desk.chat_id()
    await tavern.send("which way? [tokens=6]")
    await tavern.swipes.new()
    old = (await desk.chat())[2]["swipes"][0]
    branch = await tavern.chats.branch(index=2, swipe=0)
    assert (branch.chat_id, branch.messages) == (await desk.chat_id(), 3)
    assert (await check(desk, tavern, data))[2]["mes"] == old
    assert (await tavern.checkpoints.list()).main_chat == home
    assert (await tavern.checkpoints.leave()).chat_id == home
    assert (await check(desk, tavern, data))[2]["extra"]["branches"] == [branch.chat_id]
    made = await tavern.checkpoints.create(index=1, name=f"Fork: in the road {tag}")
    assert (made.chat_id, await desk.chat_id()) == (f"Fork_ in the road {tag}", home)
    assert await code_of(tavern.checkpoints.create(name=f"Fork: in the road {tag}")) == "chat_exists"
    listed = await tavern.checkpoints.list()
    assert [(one.index, one.chat_id, one.exists) for one in listed.checkpoints] == [(1, made.chat_id, True)]
    assert desk.saved(home)[1]["extra"]["bookmark_link"] == made.chat_id
    assert (await tavern.checkpoints.open(index=1)).messages == 2
    assert (await tavern.checkpoints.leave()).chat_id == home
    await tavern.chats.delete(chat_id=made.chat_id)
    assert await code_of(tavern.checkpoints.open(index=1)) == "unknown_chat"
    assert await code_of(tavern.checkpoints.open(index=0)) == "unknown_chat"
    assert await code_of(tavern.chats.branch(index=9)) == "unknown_message"
    assert await code_of(tavern.chats.branch(index=2, swipe=5)) == "unknown_swipe"


# ── Groups ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_group_is_made_spoken_in_changed_and_deleted(
    desk: Desk, tavern: Tavern, data: Path, tag: str
) -> None:
    groups, crossing, ferry = tavern.groups, f"Crossing {tag}", f"Ferry {tag}"
    second_name, third = f"Second {tag}", f"Third {tag}"
    wren = await desk.add_character("Wren", "A ferrywoman.", "Mind the current.")
    made = await groups.create(name=crossing, members=[SERAPHINA, "Wren"], strategy="manual")
    assert [member.name for member in made.members] == ["Seraphina", "Wren"]
    assert not made.open
    assert await code_of(groups.member_trigger(character=wren, group=crossing)) == "no_character"
    opened = await tavern.chats.open(group=crossing)
    assert (opened.group, opened.chat_id, opened.messages) == (made.group, made.chat_id, 2)
    await tavern.messages.send(text="who takes me over? [tokens=5]")
    assert (await groups.member_mute(character=wren)).members[1].muted
    reply = await groups.member_trigger(character=wren)
    assert (reply.character, reply.message_index) == ("Wren", 3)
    assert await code_of(groups.member_trigger(character="Nobody")) == "unknown_character"
    await tavern.messages.send(text="I, said the owl.", role="character", name="Seraphina", index=1)
    chat = await check(desk, tavern, data)
    assert chat[1]["original_avatar"] == SERAPHINA

    changed = await groups.edit(group=crossing, name=ferry, strategy="list", self_replies=True)
    assert (changed.name, changed.strategy, changed.self_replies) == (ferry, "list", True)
    ordered = await groups.member_order(members=[wren, SERAPHINA])
    assert [(one.name, one.muted) for one in ordered.members] == [("Wren", True), ("Seraphina", False)]
    assert len((await groups.member_remove(character=SERAPHINA)).members) == 1
    again = await groups.member_add(character=SERAPHINA, index=0)
    assert [one.name for one in again.members] == ["Seraphina", "Wren"]
    assert not (await groups.member_unmute(character=wren)).members[1].muted
    assert await code_of(groups.member_add(character=wren)) == "invalid_message"
    kept = json.loads((data / "groups" / f"{made.group}.json").read_text("utf-8"))
    assert (kept["name"], kept["members"], kept["activation_strategy"]) == (ferry, [SERAPHINA, wren], 1)

    second = await tavern.chats.new(name=second_name)
    assert (second.group, second.messages) == (made.group, 2)
    assert {one.chat_id for one in (await tavern.chats.list()).chats} == {made.chat_id, second_name}
    assert (await tavern.chats.rename(chat_id=second_name, name=third)).chat_id == third
    await check(desk, tavern, data)
    assert (await tavern.chats.search(query="current owl", group=ferry)).chats[0].chat.group == made.group
    branch = await tavern.chats.branch(index=0)
    assert (branch.messages, await desk.chat_id()) == (1, branch.chat_id)
    (taken,) = (await tavern.chats.import_(file=await tavern.chats.export(chat_id=third))).chats
    assert taken in (await groups.get(group=made.group)).chats
    assert branch.chat_id is not None
    for gone in (branch.chat_id, taken):
        await tavern.chats.delete(chat_id=gone)
    left = await tavern.chats.delete(chat_id=third)
    assert (left.chat_id, left.messages) == (made.chat_id, 5)
    await check(desk, tavern, data)
    await groups.delete(group=ferry)
    assert await code_of(groups.get(group=ferry)) == "unknown_character"
    assert made.chat_id is not None
    assert find(data, made.chat_id) == []
    assert not (data / "groups" / f"{made.group}.json").exists()
    assert await desk.tab.evaluate("() => SillyTavern.getContext().groupId ?? null") is None


# ── The guide ────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_guides_program_runs(desk: Desk, hub: RunningHub, tag: str) -> None:
    program = examples(ROOT / "docs" / "guide" / "chats.md")["chats.py"]
    program = program.replace("hub.tavern()", 'hub.tavern("shared")').replace("The ford", f"The ford {tag}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        env={**os.environ, "TAVERNLINK_URL": hub.url, "TAVERNLINK_KEY": hub.app_key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 50)
    assert errors.decode() == ""
    said, branched, *found = out.decode().splitlines()
    assert said.startswith("Seraphina: You said:")
    assert branched.startswith(f"The ford {tag} - Branch #1 goes on with: You said:")
    assert any(line.startswith(f"The ford {tag} ") for line in found)
    assert await desk.chat_id() == f"The ford {tag}"
