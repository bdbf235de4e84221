"""What the person at a tab has before them: the chat on screen and on disk, the text box, the characters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.tab import Tab

__all__ = ["SETTLED", "Desk", "Look"]

SETTLED = """() => {
    // SillyTavern shows its buttons before it has saved the reply and let go of its streaming processor.
    const processor = SillyTavern.getContext().streamingProcessor;
    const saving = processor !== null && processor.isFinished && !processor.isStopped;
    return document.body.dataset.generating !== 'true' && !saving;
}"""
"""True once nothing is generated or saved: what a person waits for without knowing it."""

_LOOK = """() => {
    const context = SillyTavern.getContext();
    return {
        chat: JSON.stringify(context.chat),
        metadata: JSON.stringify(context.chatMetadata),
        screen: document.querySelector('#chat').innerHTML,
        place: JSON.stringify([context.name2, String(context.characterId), context.getCurrentChatId()]),
        cards: JSON.stringify(context.characters),
    };
}"""

_ADD_CHARACTER = """async ([name, description, greeting]) => {
    const context = SillyTavern.getContext();
    const known = context.characters.find((character) => character.name === name);
    if (known) return known.avatar;
    const form = new FormData();
    const fields = {
        ch_name: name, description, first_mes: greeting, personality: '', scenario: '', mes_example: '', avatar: '',
        fav: 'false', talkativeness: '0.5', creator: '', tags: '', extensions: '{}',
    };
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    const headers = context.getRequestHeaders();
    delete headers['Content-Type'];
    const answer = await fetch('/api/characters/create', { method: 'POST', headers, body: form });
    await context.getCharacters();
    return answer.text();
}"""

_OPEN_GROUP = """async ([name, members]) => {
    const context = SillyTavern.getContext();
    const answer = await fetch('/api/groups/create', {
        method: 'POST', headers: context.getRequestHeaders(), body: JSON.stringify({ name, members }),
    });
    const { id } = await answer.json();
    await context.getCharacters();
    const { openGroupById } = await import('/scripts/group-chats.js');
    if (!await openGroupById(id)) throw new Error('The group did not open.');
}"""

_WRITE = """async (lines) => {
    for (const [isUser, text] of lines) {
        const context = SillyTavern.getContext();
        const message = { name: isUser ? context.name1 : context.name2, is_user: isUser, is_system: false,
            mes: text, extra: {} };
        context.chat.push(message);
        context.addOneMessage(message);
    }
    await SillyTavern.getContext().saveChat();
}"""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at everything that must stay as it is. Two looks compare byte for byte."""

    page: dict[str, str]
    files: dict[str, bytes]

    def differences(self, before: Look) -> list[str]:
        """Say what changed, with the first characters that differ; empty: nothing did."""
        found = [f"file {name}" for name in sorted(self.changed_files(before))]
        for key, now in self.page.items():
            old = before.page[key]
            if now != old:
                at = next((i for i, (a, b) in enumerate(zip(old, now, strict=False)) if a != b), 0)
                found.append(
                    f"{key}: {old[max(0, at - 60) : at + 120]!r} is now {now[max(0, at - 60) : at + 120]!r}"
                )
        return found

    def changed_files(self, before: Look) -> set[str]:
        names = self.files.keys() | before.files.keys()
        return {name for name in names if self.files.get(name) != before.files.get(name)}


class Desk:
    """A tab together with the data folder of its SillyTavern."""

    def __init__(self, tab: Tab, sillytavern: SillyTavern) -> None:
        self.tab = tab
        self._chats = Path(sillytavern.user_data) / "chats"

    async def settle(self) -> None:
        """Have done what SillyTavern does to a chat by itself a second after opening it: a token count, and a save.

        The count is a dry run, which notes world info's timers in the chat's metadata. Whatever changes later would be
        somebody else's doing.
        """
        await self.tab.evaluate(
            """async () => {
                await SillyTavern.getContext().generate('normal', {}, true);
                await SillyTavern.getContext().saveChat();
            }"""
        )

    async def look(self) -> Look:
        files = {
            str(path.relative_to(self._chats)): path.read_bytes() for path in self._chats.rglob("*.jsonl")
        }
        return Look(await self.tab.evaluate(_LOOK), files)

    async def add_character(self, name: str, description: str, greeting: str = "Greetings.") -> str:
        """Make a character unless there is one of this name; its id (avatar file)."""
        return str(await self.tab.evaluate(_ADD_CHARACTER, [name, description, greeting]))

    async def open_group(self, name: str, members: list[str]) -> None:
        """Make a group of these characters (ids) and open its chat."""
        await self.tab.evaluate(_OPEN_GROUP, [name, members])

    async def write(self, *lines: tuple[bool, str]) -> None:
        """Append messages to the open chat: (is it the person's?, text)."""
        await self.tab.evaluate(_WRITE, [list(line) for line in lines])

    async def chat(self) -> list[dict[str, Any]]:
        """Return the open chat as the page has it."""
        found: list[dict[str, Any]] = await self.tab.evaluate("() => SillyTavern.getContext().chat")
        return found

    async def texts(self) -> list[str]:
        return [message["mes"] for message in await self.chat()]

    async def chat_id(self) -> str:
        return str(await self.tab.evaluate("() => SillyTavern.getContext().getCurrentChatId()"))

    def saved(self, chat_id: str) -> list[dict[str, Any]]:
        """Return a chat's messages as they are on disk, without the header."""
        path = self._path(chat_id)
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:]]

    def saved_texts(self, chat_id: str) -> list[str]:
        return [message["mes"] for message in self.saved(chat_id)]

    def change_header(self, chat_id: str, **metadata: Any) -> None:
        """Change the metadata of a chat on disk, as somebody else's save would."""
        path = self._path(chat_id)
        header, *lines = path.read_text("utf-8").splitlines()
        changed = json.loads(header)
        changed["chat_metadata"] |= metadata
        path.write_text("\n".join([json.dumps(changed), *lines]), "utf-8")

    def _path(self, chat_id: str) -> Path:
        (path,) = self._chats.rglob(f"{chat_id}.jsonl")
        return path

    async def type_draft(self, text: str, *, caret: tuple[int, int] | None = None) -> None:
        """Put a draft into the text box as a paste does, and leave caret or selection at `caret`."""
        await self.tab.page.locator("#send_textarea").fill(text)
        if caret is not None:
            await self.tab.evaluate(
                "([from, to]) => document.querySelector('#send_textarea').setSelectionRange(from, to)",
                list(caret),
            )

    async def draft(self) -> tuple[str, int, int]:
        """Text of the person's box, beginning and end of the selection."""
        found = await self.tab.evaluate(
            """() => {
                const [box] = [...document.querySelectorAll('#send_textarea')].filter((found) => !found.hidden);
                return [box.value, box.selectionStart, box.selectionEnd];
            }"""
        )
        return (found[0], found[1], found[2])

    async def clear_draft(self) -> None:
        await self.tab.page.locator("#send_textarea").fill("")
