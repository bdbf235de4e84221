"""The example world: what the examples of the commands' page are about, in a SillyTavern of its own.

    Seraphina  `default_Seraphina.png`, as shipped; open, with a chat of four messages: her greeting, the person's
               question, her answer, the person again; made anew for each command that finds it changed
    Wren       `Wren.png`, a second character
    Party      a group of the two
    Eldoria    a lorebook, as shipped; the preset `Default` and the persona `Traveller` as they come

Characters and group are there for each noun; what commands make beside them stays until the server ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.commands.entry import CommandSpec
from tavernlink.sdk.tavern import Tavern
from tavernlink.tab import Tab
from tests.e2e.desk import SETTLED, Desk

__all__ = ["CHAT", "SERAPHINA", "WREN", "ExampleWorld"]

SERAPHINA = "default_Seraphina.png"
WREN = "Wren.png"
CHAT = (
    (True, "What is this glade?"),
    (False, "A place of rest, where nothing that hunts may enter."),
    (True, "And beyond it?"),
)
"""What follows the greeting: is it the person's, and its text."""

_NAMED = re.compile(r"\$(\d+)((?:\.\w+)*)")

_PARTY = """async (members) => {
    const context = SillyTavern.getContext();
    const known = context.groups.find(({ name }) => name === 'Party');
    if (known) return;
    const answer = await fetch('/api/groups/create', {
        method: 'POST', headers: context.getRequestHeaders(), body: JSON.stringify({ name: 'Party', members }),
    });
    if (!answer.ok) throw new Error(`The group was not made: ${answer.status}`);
    await SillyTavern.getContext().getCharacters();
}"""

_STATE = """() => {
    const { chat, chatMetadata, characterId, groupId, getCurrentChatId } = SillyTavern.getContext();
    const lines = chat.map(({ name, is_user, is_system, mes, swipe_id, swipes, extra }) => [
        name, is_user, is_system, mes, swipe_id, swipes,
        extra?.media, extra?.reasoning, extra?.type, extra?.bookmark_link,
    ]);
    return JSON.stringify([getCurrentChatId(), characterId, groupId, lines, chatMetadata]);
}"""

_LORE = """async () => {
    await SillyTavern.getContext().updateWorldInfoList();
    const { world_names: names } = await import('/scripts/world-info.js');  // the context of 1.17 has no names
    return names;
}"""


class ExampleWorld:
    """One tab on a SillyTavern that nobody else uses."""

    def __init__(self, tab: Tab, sillytavern: SillyTavern, tavern: Tavern) -> None:
        self.tab = tab
        self.tavern = tavern
        self.desk = Desk(tab, sillytavern)
        self._fresh = ""
        """How the chat of four messages looks; empty: there is none yet."""

    async def open_noun(self) -> None:
        """Make sure of the characters, the group and the lorebook."""
        await self.tab.page.wait_for_function(SETTLED)
        await self.desk.add_character("Wren", "Wren is a ferrywoman who knows every ford of the river.")
        await self.tab.evaluate(_PARTY, [SERAPHINA, WREN])
        assert "Eldoria" in await self.tab.evaluate(_LORE)
        self._fresh = ""

    async def open_chat(self) -> None:
        """Open Seraphina with the chat of four messages, unless it is as it was."""
        await self.tab.page.wait_for_function(SETTLED)
        dialogs = await self.tab.open_dialogs()
        assert dialogs == [], f"a dialog was left open: {dialogs}"
        if await self.tab.evaluate(_STATE) != self._fresh:
            await self.tab.select_character(SERAPHINA)
            await self.tab.new_chat()
            await self.desk.write(*CHAT)
            self._fresh = await self.tab.evaluate(_STATE)

    async def run(self, spec: CommandSpec) -> Any:
        """Run a row's `before` and its example; its result, held against the row. Raises `AssertionError`."""
        await self.open_chat()
        results: list[Any] = []
        for name, args in (*spec.before, (spec.name, spec.example)):
            filled = _fill(args, results)
            try:
                results.append(await self.tavern.run(name, filled))
            except TavernlinkError as error:
                raise AssertionError(f"{name} {filled}: {error.code}: {error.message}") from error
        return check_result(spec, results[-1])

    async def run_all(self, specs: Mapping[str, CommandSpec] = COMMANDS) -> dict[str, str]:
        """Run every row; what went wrong, by command."""
        wrong = {}
        for name, spec in specs.items():
            try:
                await self.run(spec)
            except AssertionError as error:
                wrong[name] = str(error)
        return wrong


def check_result(spec: CommandSpec, result: Any) -> Any:
    """Return a result as the row's type. Raises `AssertionError` where it is not one, or has fields that it has not."""
    try:
        read = msgspec.json.decode(msgspec.json.encode(result), type=spec.result, strict=True)
    except msgspec.ValidationError as error:
        raise AssertionError(f"{spec.name} gave what is no {spec.result}: {error}: {result}") from error
    unknown = list(_unknown(result, read, "$"))
    assert not unknown, f"{spec.name} gave fields that its result does not have: {unknown}"
    return read


def _unknown(raw: Any, read: Any, path: str) -> list[str]:
    if isinstance(read, msgspec.Struct) and isinstance(raw, dict):
        fields = {field.encode_name: field.name for field in msgspec.structs.fields(read)}
        own = [f"{path}.{name}" for name in raw if name not in fields]
        return own + [
            found
            for name in raw.keys() & fields.keys()
            for found in _unknown(raw[name], getattr(read, fields[name]), f"{path}.{name}")
        ]
    if isinstance(read, list) and isinstance(raw, list):
        return [
            found
            for index, (one, other) in enumerate(zip(raw, read, strict=True))
            for found in _unknown(one, other, f"{path}[{index}]")
        ]
    return []


def _fill(value: Any, results: list[Any]) -> Any:
    """Put fields of earlier results where `$N.field` stands."""
    if isinstance(value, Mapping):
        return {name: _fill(part, results) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(part, results) for part in value]
    named = _NAMED.fullmatch(value) if isinstance(value, str) else None
    if named is None:
        return value
    found = results[int(named[1])]
    for part in named[2].split(".")[1:]:
        found = found[int(part) if part.isdecimal() else part]
    return found
