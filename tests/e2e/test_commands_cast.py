"""Commands about characters, personas, pictures, files and prompts: what screen, page, disk and hub hold afterwards.

That each one works at all is shown by test_commands.py.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.commands.cards import CharacterNote
from tavernlink.protocol.files import File
from tavernlink.protocol.requests import PromptMessage
from tavernlink.sdk.tavern import Tavern
from tests.e2e.desk import Desk

SERAPHINA = "default_Seraphina.png"
_LONG = 30.0

_FORM = "() => [$('#avatar_url_pole').val(), $('#description_textarea').val()]"
_GROUP = """async ([name, members]) => {
    const context = SillyTavern.getContext();
    const answer = await fetch('/api/groups/create', {
        method: 'POST', headers: context.getRequestHeaders(), body: JSON.stringify({ name, members }),
    });
    await context.getCharacters();
    return (await answer.json()).id;
}"""
_NOTICE = """(text) => {
    const context = SillyTavern.getContext();
    void context.callGenericPopup(text, context.POPUP_TYPE.TEXT);
}"""
_IMAGE = """() => {
    const { chat } = SillyTavern.getContext();
    chat[0].extra.media = [
        { type: 'image', url: `/characters/${encodeURIComponent('default_Seraphina.png')}`, source: 'generated' },
        { type: 'image', url: 'https://example.com/far.png', title: 'far.png' },
    ];
}"""
_CLEAR = "() => { delete SillyTavern.getContext().chat[0].extra.media; }"


def png(width: int, height: int, colour: tuple[int, int, int] = (200, 30, 60)) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    rows = (b"\0" + bytes(colour) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def size_of(image: bytes) -> tuple[int, int]:
    assert image.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", image[16:24])
    return width, height


@pytest_asyncio.fixture(loop_scope="session")
async def desk(desk: Desk) -> AsyncIterator[Desk]:
    yield desk
    assert await desk.tab.open_dialogs() == []


@pytest.fixture
def data(sillytavern: SillyTavern) -> Path:
    return Path(sillytavern.user_data)


async def error_of(request: Any) -> TavernlinkError:
    with pytest.raises(TavernlinkError) as caught:
        await request
    return caught.value


async def test_a_characters_life(desk: Desk, tavern: Tavern, data: Path) -> None:
    before = (await desk.chat_id(), await desk.texts())
    made = await tavern.characters.create(
        name="Ivy", description="IVY-ONE", first_mes="Mind the thorns.", tags=["plants"], creator="a test",
        alternate_greetings=["Oh!"], depth_prompt=CharacterNote(prompt="Ivy whispers.", depth=1, role="user"),
        extensions={"other_tool": {"kept": [1, 2]}}, talkativeness=0.8,
        avatar=File(name="ivy.png", type="image/png", data=png(40, 60)),
    )  # fmt: skip
    assert (made.name, made.card.description, made.card.talkativeness) == ("Ivy", "IVY-ONE", 0.8)
    assert made.card.depth_prompt.prompt == "Ivy whispers."
    assert made.card.extensions == {"other_tool": {"kept": [1, 2]}}
    assert size_of((await tavern.characters.avatar(character=made.id)).data) == (40, 60)
    # Names are taken once, unless said otherwise.
    assert (await error_of(tavern.characters.create(name="Ivy"))).code == "name_taken"
    twin = await tavern.characters.create(name="Ivy", same_name=True)
    assert (await tavern.characters.delete(character=twin.id)).chats == 0
    # The hub's own list follows.
    assert [known.id for known in await tavern.characters() if known.name == "Ivy"] == [made.id]
    # A part of the card changes, the rest stays.
    edited = await tavern.characters.edit(
        character=made.id, personality="Thorny.", favourite=True, extensions={"other_tool": {"more": True}}
    )
    assert edited.favourite
    assert (edited.card.personality, edited.card.first_mes) == ("Thorny.", "Mind the thorns.")
    assert edited.card.extensions == {"other_tool": {"kept": [1, 2], "more": True}}
    nothing = await error_of(
        tavern.characters.edit(character=made.id, personality="LOST", world="No such book")
    )
    broken = File(name="broken.png", type="image/png", data=b"no picture")
    damaged = await error_of(tavern.characters.edit(character=made.id, personality="LOST", avatar=broken))
    assert (nothing.code, damaged.code) == ("unknown_item", "invalid_file")
    assert (await tavern.characters.get(character=made.id)).card.personality == "Thorny."
    # Finding it: in its texts, by tags of SillyTavern's and of its card.
    await tavern.characters.tag(character=made.id, add=["Hedge", "shade"])
    assert (await tavern.characters.tag(character=made.id, remove=["SHADE"])).tags == ["Hedge"]
    for wanted in (
        {"text": "ivy whispers"},
        {"tags": ["hedge", "plants"]},
        {"name": "iv", "favourite": True},
    ):
        assert [found.id for found in await tavern.characters.search(**wanted)] == [made.id]
    assert await tavern.characters.search(text="IVY-ONE", tags=["nowhere"]) == []
    # Nothing of it was seen or saved where the person is.
    assert (await desk.chat_id(), await desk.texts()) == before
    gone = await tavern.characters.delete(character=made.id, chats=True)
    assert gone.id == made.id
    assert not (data / "characters" / made.id).exists()
    missing = await error_of(tavern.characters.get(character=made.id))
    assert missing.code == "unknown_character"


async def test_the_open_character_is_renamed_edited_and_deleted(
    desk: Desk, tavern: Tavern, data: Path
) -> None:
    made = await tavern.characters.create(name="Fern", description="FERN", first_mes="I unfold.", select=True)
    assert (await desk.texts()) == ["I unfold."]
    await desk.write((True, "Good morning."), (False, "Is it?"))
    group = await desk.tab.evaluate(_GROUP, ["Bed", [made.id, SERAPHINA]])
    await tavern.characters.tag(character=made.id, add=["unfolding"])
    await tavern.characters.edit(character=made.id, description="FERN-TWO")
    assert await desk.tab.evaluate(_FORM) == [made.id, "FERN-TWO"]
    await tavern.messages.send(role="user", text="Not lost.")
    renamed = await tavern.characters.rename(character=made.id, name="Bracken")
    assert (renamed.name, renamed.failed) == ("Bracken", [])
    assert renamed.id != made.id
    # The chat goes on, under the new name, with everything that was said.
    assert (await desk.texts()) == ["I unfold.", "Good morning.", "Is it?", "Not lost."]
    assert {m["name"] for m in desk.saved(await desk.chat_id()) if not m["is_user"]} == {"Bracken"}
    (summary,) = await tavern.characters.search(name="Bracken")
    assert (summary.open, summary.tags) == (True, ["unfolding"])
    members = await desk.tab.evaluate(
        "(id) => SillyTavern.getContext().groups.find((group) => group.id === id).members", group
    )
    assert members == [renamed.id, SERAPHINA]
    # One that is open is closed first; the page is not left with what is gone.
    gone = await tavern.characters.delete(character=renamed.id, chats=True)
    assert gone.chats == 1
    assert await desk.tab.evaluate("() => SillyTavern.getContext().characterId ?? null") is None
    assert not (data / "chats" / renamed.id.removesuffix(".png")).exists()
    opened = await tavern.characters.select(character=SERAPHINA)
    assert (opened.id, opened.name) == (SERAPHINA, "Seraphina")
    assert opened.chat_id == await desk.chat_id()


async def test_cards_come_and_go_as_files(desk: Desk, tavern: Tavern) -> None:
    card = {
        "spec": "chara_card_v2", "spec_version": "2.0",
        "data": {
            "name": "Thistle", "description": "PRICKLY", "personality": "", "scenario": "", "first_mes": "Ow.",
            "mes_example": "", "creator_notes": "", "system_prompt": "", "post_history_instructions": "",
            "alternate_greetings": [], "tags": ["weed", "Hedge"], "creator": "", "character_version": "2",
            "extensions": {},
            "character_book": {"entries": [{"keys": ["sting"], "content": "It stings."}], "extensions": {}},
        },
    }  # fmt: skip
    file = File(name="Thistle.json", type="application/json", data=json.dumps(card).encode())
    made = await tavern.characters.import_card(file=file, tags="all")
    assert (made.name, made.card.description, set(made.tags)) == ("Thistle", "PRICKLY", {"weed", "Hedge"})
    assert made.card.character_book is not None
    picture = await tavern.characters.export_card(character=made.id)
    assert (picture.type, picture.data[:4]) == ("image/png", b"\x89PNG")
    text = await tavern.characters.export_card(character=made.id, format="json")
    assert json.loads(text.data)["data"]["character_book"]["entries"][0]["content"] == "It stings."
    # A card that was handed out and changed comes back over the old one.
    await tavern.characters.edit(character=made.id, description="CHANGED")
    back = await tavern.characters.import_card(file=picture, replace=made.id)
    assert (back.id, back.card.description) == (made.id, "PRICKLY")
    for bad in (
        File(name="x.png", type="image/png", data=png(4, 4)),
        File(name="x.json", type="application/json", data=b"{}"),
        File(name="x.exe", type="application/octet-stream", data=b"MZ"),
    ):
        assert (await error_of(tavern.characters.import_card(file=bad))).code == "invalid_file"
    assert len(await tavern.characters.search(name="Thistle")) == 1
    await tavern.characters.delete(character=made.id, chats=True)
    assert await desk.tab.open_dialogs() == []


async def test_personas_are_made_chosen_bound_and_deleted(desk: Desk, tavern: Tavern) -> None:
    (own,) = [persona for persona in await tavern.personas.list() if persona.selected]
    made = await tavern.personas.create(
        name="Rook", description="ROOK plays chess.", position="at_depth", depth=1, role="user", title="the tall",
        avatar=File(name="rook.png", type="image/png", data=png(30, 30)),
    )  # fmt: skip
    assert (made.position, made.depth, made.role, made.title) == ("at_depth", 1, "user", "the tall")
    assert size_of((await tavern.personas.avatar(persona=made.id)).data) == (30, 30)
    assert (await error_of(tavern.personas.create(name="Rook"))).code == "name_taken"
    assert (await error_of(tavern.personas.get(persona="Nobody"))).code == "unknown_persona"
    chosen = await tavern.personas.select(persona="Rook")
    assert chosen.selected
    assert await desk.tab.evaluate("() => SillyTavern.getContext().name1") == "Rook"
    # The selected one's texts are what prompts are made of.
    await tavern.personas.edit(persona=made.id, name="Castle", description="CASTLE stands.")
    prompt = await tavern.prompts.preview(text="Your move.")
    assert any("CASTLE stands." in str(line.content) for line in prompt.messages)
    assert await desk.tab.evaluate("() => SillyTavern.getContext().name1") == "Castle"
    bound = await tavern.personas.bind(persona=made.id, to="chat")
    assert bound.chat
    bound = await tavern.personas.bind(persona=made.id, to="character", character=SERAPHINA)
    assert bound.characters == [SERAPHINA]
    assert not (await tavern.personas.bind(persona=made.id, to="chat", on=False)).chat
    assert (await tavern.personas.bind(persona=made.id, to="character", on=False)).characters == []
    gone = await tavern.personas.delete(persona=made.id)
    assert gone.id == made.id
    assert gone.selected is not None
    await tavern.personas.select(persona=own.id)
    assert await desk.tab.evaluate("() => SillyTavern.getContext().name1") == own.name


async def test_pictures_and_files_go_both_ways(desk: Desk, tavern: Tavern) -> None:
    names = {sprite.expression for sprite in await tavern.expressions.list(character=SERAPHINA)}
    assert {"joy", "anger", "sadness"} <= names
    joy = await tavern.expressions.get(character=SERAPHINA, expression="joy")
    assert joy.type == "image/png"
    unknown = await error_of(tavern.expressions.get(character=SERAPHINA, expression="ennui"))
    assert (unknown.code, "joy" in unknown.details["known"]) == ("unknown_item", True)
    whole = await tavern.characters.avatar(character=SERAPHINA)
    small = await tavern.characters.avatar(character=SERAPHINA, thumbnail=True)
    assert 0 < len(small.data) < len(whole.data)
    await desk.tab.new_chat()
    image = File(name="map.png", type="image/png", data=png(8, 8))
    letter = File(name="letter.txt", type="text/plain", data="Grüße vom Fluss".encode())
    bad = File(name="x.bin", type="application/octet-stream", data=b"\xff\xfe\x00")
    assert (await error_of(tavern.files.attach(index=0, files=[image, bad]))).code == "invalid_file"
    assert (await tavern.files.list(index=0)).files == []
    attached = await tavern.files.attach(index=0, files=[image, letter])
    assert [(file.kind, file.name) for file in attached.files] == [
        ("image", "map.png"),
        ("file", "letter.txt"),
    ]
    await desk.tab.page.locator(
        "#chat .mes[mesid='0'] .mes_img, #chat .mes[mesid='0'] img.mes_img"
    ).first.wait_for()
    assert desk.saved(await desk.chat_id())[0]["extra"]["media"][0]["title"] == "map.png"
    assert (await tavern.files.get(index=0, file=0)).data == image.data
    assert (await tavern.files.get(index=0, file=1)).data == letter.data
    # The model reads the letter.
    prompt = await tavern.prompts.preview(text="What does it say?")
    assert any("Grüße vom Fluss" in str(line.content) for line in prompt.messages)
    await tavern.files.detach(index=0, file=0)
    await tavern.files.detach(index=0, file=0)
    assert (await tavern.files.list(index=0)).files == []
    assert (await error_of(tavern.files.get(index=0, file=0))).code == "unknown_file"
    assert (await error_of(tavern.files.list(index=99))).code == "unknown_message"
    # What an extension generated, and what lies elsewhere.
    await desk.tab.evaluate(_IMAGE)
    assert [file.generated for file in (await tavern.files.list(index=0)).files] == [True, False]
    assert size_of((await tavern.files.get(index=0)).data) == size_of(whole.data)
    assert (await error_of(tavern.files.get(index=0, file=1))).code == "unsupported_parameter"
    await desk.tab.evaluate(_CLEAR)


async def test_a_preview_says_what_the_model_gets(desk: Desk, tavern: Tavern, model: Model) -> None:
    await desk.tab.new_chat()
    await desk.settle()
    before = await desk.look()
    prompt = await tavern.prompts.preview(text="What grows here?")
    assert (await desk.look()).differences(before) == []
    assert list(model.requests) == []
    assert prompt.messages[-1].content == "What grows here?"
    assert (prompt.api, prompt.character) == ("openai", "Seraphina")
    parts = {part.name: part.tokens for part in prompt.parts}
    assert parts["chatHistory"] > 0
    assert parts["charDescription"] > 100
    assert prompt.tokens == sum(parts.values())
    assert sum(line.tokens or 0 for line in prompt.messages) == prompt.tokens
    assert "temperature" in prompt.params
    assert not any("url" in name for name in prompt.params)
    # It is the truth.
    await tavern.send("What grows here?")
    sent = model.requests[-1].body["messages"]
    assert [line.content for line in prompt.messages] == [message["content"] for message in sent]
    # Another history, another character, other settings.
    other = await tavern.prompts.preview(
        messages=[PromptMessage(role="user", content="Only this.")], params={"temperature": 0.125}
    )
    assert other.params["temperature"] == 0.125
    assert not any("What grows here?" in str(line.content) for line in other.messages)
    counted = await tavern.prompts.tokens(texts=["moss", ""], messages=[1], chat=True)
    assert counted.texts[0] > 0
    assert counted.texts[1] == 0
    assert counted.chat is not None
    assert counted.chat > counted.messages[0]


async def test_answers_come_in_the_form_that_was_asked_for(desk: Desk, tavern: Tavern, model: Model) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["calm", "angry"]}, "size": {"type": "integer", "minimum": 3}},
        "required": ["mood", "size"],
        "additionalProperties": False,
    }
    before = await desk.texts()
    fitting = {"mood": "calm", "size": 3}
    messages = [{"role": "user", "content": "How is she?"}]
    assert (await tavern.generate("quiet", prompt="How is she?", json_schema=schema)).data == fitting
    assert (await tavern.generate("raw", prompt="How is she?", json_schema=schema)).data == fitting
    assert (await tavern.generate("detached", messages=messages, json_schema=schema)).data == fitting
    for mode in ("quiet", "raw"):
        other = await error_of(
            tavern.generate(mode, prompt='How? [say={"mood": "calm", "size": 1}]', json_schema=schema)
        )
        assert (other.code, other.details["path"]) == ("invalid_output", "$.size")
        words = await error_of(tavern.generate(mode, prompt="How? [say=Fine, thanks.]", json_schema=schema))
        assert words.code == "invalid_output"
    wrong = await error_of(tavern.generate("raw", prompt="How?", json_schema={"type": "moss"}))
    assert wrong.code == "invalid_schema"
    running = tavern.generations.raw(prompt="How? [hang]", json_schema=schema)
    await model.wait_for(lambda: model.active > 0)
    await running.cancel()
    assert (await error_of(running)).code == "cancelled"
    assert await desk.texts() == before


async def test_a_dialog_or_a_running_reply_stands_in_the_way(
    desk: Desk, tavern: Tavern, model: Model
) -> None:
    await desk.tab.evaluate(_NOTICE, "Look at me")
    await desk.tab.page.locator("dialog[open]").wait_for()
    for request in (
        tavern.characters.create(name="Nobody"),
        tavern.personas.create(name="Nobody"),
        tavern.files.attach(index=0, files=[File(name="a.txt", type="text/plain", data=b"a")]),
    ):
        assert (await error_of(request)).code == "blocked_by_dialog"
    # Those that only look are not held up.
    assert SERAPHINA in [character.id for character in await tavern.characters.list()]
    await desk.tab.page.locator("dialog[open] .popup-button-ok").click()
    await desk.tab.page.locator("dialog[open]").wait_for(state="detached")
    await desk.tab.page.locator("#send_textarea").fill("Tell me. [hang]")
    await desk.tab.page.locator("#send_but").click()
    await model.wait_for(lambda: model.active > 0)
    assert (await error_of(tavern.characters.create(name="Nobody"))).code == "busy"
    assert await tavern.stop()
    await desk.settle()
    assert await tavern.characters.search(name="Nobody") == []
