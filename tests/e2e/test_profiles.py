"""Settings travel between two SillyTavern servers: publish, compare, take over, undo, follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.protocol.profiles import ItemRef
from tavernlink.sdk import connect
from tavernlink.tab import Tab
from tests.e2e.conftest import OpenTab, StartSillyTavern
from tests.e2e.patience import LOAD_SECONDS

pytestmark = pytest.mark.timeout(600, func_only=True)

_MAKE = """async ([names, script, secret]) => {
    // As the person would have made them: through SillyTavern's own functions and endpoints.
    const context = SillyTavern.getContext();
    const save = async (address, body) => {
        const answer = await fetch(address, {
            method: 'POST', headers: context.getRequestHeaders(), body: JSON.stringify(body),
        });
        if (!answer.ok) throw new Error(address + ' ' + answer.status);
    };
    if (names.temperature) await save('/api/presets/save', { apiId: 'openai', name: 'Shared poet', preset: {
        temperature: names.temperature, openai_max_context: 8000, stream_openai: true, prompts: [
            { identifier: 'main', name: 'Main', role: 'system', content: 'Speak like a poet.' } ], ...secret } });
    if (names.prompt) await save('/api/presets/save', { apiId: 'sysprompt', name: 'Shared prompt', preset: {
        name: 'Shared prompt', content: names.prompt, post_history: '' } });
    if (names.lore) await context.saveWorldInfo('Shared lore', { entries: { 0: {
        uid: 0, key: ['forest', '森林'], keysecondary: [], comment: 'Forest', content: names.lore, order: 100 } },
        name: 'Shared lore' }, true);
    await context.updateWorldInfoList();
    context.extensionSettings.regex ??= [];
    if (script) context.extensionSettings.regex.push(script);
    const { saveSettings } = await import('/script.js');
    await saveSettings();
    if (names.quick) await save('/api/quick-replies/save', { version: 2, name: 'Shared buttons', disableSend: false,
        placeBeforeInput: false, injectInput: false, color: 'transparent', onlyBorderColor: false, idIndex: 1,
        qrList: [{ id: 1, showLabel: false, label: 'Wave', title: '', message: '/echo hello', contextList: [],
            preventAutoExecute: true, isHidden: false, executeOnStartup: false, executeOnUser: false,
            executeOnAi: false, executeOnChatChange: false, executeOnGroupMemberDraft: false,
            executeOnNewChat: false, executeBeforeGeneration: false, automationId: '' }] });
}"""

_SHOWN = """() => {
    const names = (selector) => [...document.querySelectorAll(selector + ' option')].map((one) => one.textContent);
    const context = SillyTavern.getContext();
    return {
        presets: names('#settings_preset_openai').filter((name) => name.startsWith('Shared')),
        prompts: names('#sysprompt_select').filter((name) => name.startsWith('Shared')),
        lore: context.getWorldInfoNames().filter((name) => name.startsWith('Shared')),
        buttons: [...document.querySelectorAll('#qr--set option')].map((one) => one.value)
            .filter((name) => name.startsWith('Shared')),
        scripts: (context.extensionSettings.regex ?? []).map(({ scriptName }) => scriptName),
    };
}"""

_SELECT = """async (name) => {
    const manager = SillyTavern.getContext().getPresetManager('openai');
    await manager.selectPreset(manager.findPreset(name));
}"""
_TEMPERATURE = "() => SillyTavern.getContext().chatCompletionSettings.temp_openai"
_TURN = "(value) => $('#temp_openai').val(value).trigger('input')"

_SCRIPT = {
    "id": "5f0c2a00-0000-4000-8000-000000000001",
    "scriptName": "Shared stars",
    "findRegex": "/\\*/g",
    "replaceString": "",
    "trimStrings": [],
    "placement": [2],
    "disabled": True,
    "markdownOnly": True,
    "promptOnly": False,
    "runOnEdit": True,
    "substituteRegex": 0,
    "minDepth": None,
    "maxDepth": None,
}
_SECRETS = {
    "proxy_password": "hunter2",
    "reverse_proxy": "http://10.0.0.1",
    "custom_include_headers": "Authorization: Bearer x",
}
_ITEMS = [
    ItemRef(kind="chat_completion", name="Shared poet"),
    ItemRef(kind="sysprompt", name="Shared prompt"),
    ItemRef(kind="lorebook", name="Shared lore"),
    ItemRef(kind="regex", name="Shared stars"),
    ItemRef(kind="quick_reply", name="Shared buttons"),
]
_FILES = ("OpenAI Settings", "sysprompt", "worlds", "QuickReplies")


def files(sillytavern: SillyTavern) -> dict[str, bytes]:
    """Every settings file, and the scripts out of settings.json."""
    root = Path(sillytavern.user_data)
    found = {
        str(path.relative_to(root)): path.read_bytes()
        for folder in _FILES
        for path in (root / folder).glob("*.json")
    }
    settings = json.loads((root / "settings.json").read_text("utf-8"))
    return {**found, "regex": json.dumps(settings["extension_settings"].get("regex", [])).encode()}


def on_disk(sillytavern: SillyTavern, folder: str, name: str) -> Any:
    return json.loads((Path(sillytavern.user_data) / folder / f"{name}.json").read_text("utf-8"))


async def press(tab: Tab, id_: str) -> None:
    """Press a button of the drawer as soon as it can be pressed; the drawer need not be open for that."""
    await tab.page.wait_for_function("(id) => !document.getElementById(id).disabled", arg=id_)
    await tab.evaluate("(id) => document.getElementById(id).click()", id_)


async def status(tab: Tab, text: str) -> None:
    await tab.page.wait_for_function(
        "(text) => document.querySelector('[data-part=\"profiles\"]').textContent.includes(text)",
        arg=text,
        timeout=LOAD_SECONDS * 1000,
    )


async def agree(tab: Tab, *, tick: bool) -> str:
    """Answer the open question with yes, all its boxes ticked where asked to; what it said."""
    dialog = tab.page.locator("dialog[open]")
    await dialog.locator(".popup-button-ok").wait_for()
    said = await dialog.evaluate(
        """(dialog, tick) => {
            const boxes = dialog.querySelectorAll('.tavernlink-items input[type=checkbox]');
            for (const box of boxes) box.checked ||= tick;
            return dialog.textContent;
        }""",
        tick,
    )
    await dialog.locator(".popup-button-ok").click()
    await dialog.wait_for(state="detached")
    return str(said)


async def test_settings_travel_between_two_servers(
    open_tab: OpenTab, sillytavern: SillyTavern, start_sillytavern: StartSillyTavern, hub: RunningHub
) -> None:
    other = await start_sillytavern()
    source = await open_tab(name="source", model_url=None, character=None)
    target = await open_tab(name="target", url=other.url, model_url=None)
    first = {"temperature": 0.31, "prompt": "Be brief. 简短。", "lore": "The forest is dark.", "quick": True}
    await source.evaluate(_MAKE, [first, _SCRIPT, _SECRETS])
    theirs = {**_SCRIPT, "scriptName": "Mine alone", "id": "5f0c2a00-0000-4000-8000-000000000002"}
    mine = {"temperature": 1.5, "lore": "My forest is bright."}
    await target.evaluate(_MAKE, [mine, theirs, {"proxy_password": "own"}])
    before, shown = files(other), await target.evaluate(_SHOWN)

    async with connect(hub.url, hub.app_key, name="settings") as app:
        # Published at an app's request, without what is nobody's business.
        published = await app.profiles.publish("house", tavern="source", items=_ITEMS, note="first")
        assert (published.version, published.items, published.author) == (1, 5, "source")
        everything = repr(await app.profiles.get("house"))
        assert not any(secret in everything for secret in ("hunter2", "10.0.0.1", "Bearer"))
        # Only looked at: nothing changes, and what is different here already is for a person to decide.
        looked = await app.profiles.apply("house", tavern="target", dry_run=True)
        assert {change.name: (change.change, change.held) for change in looked.changes} == {
            "Shared poet": ("changed", "conflict"),
            "Shared prompt": ("added", None),
            "Shared lore": ("changed", "conflict"),
            "Shared stars": ("added", None),
            "Shared buttons": ("added", None),
        }
        assert files(other) == before

        # Taken over by the person, who sees what differs.
        await target.page.wait_for_function("document.querySelector('#tavernlink_profile').value === 'house'")
        await press(target, "tavernlink_pull")
        said = await agree(target, tick=True)
        assert "My forest is bright." in said
        assert "The forest is dark." in said
        await status(target, "5 items taken over")
        after, published_files = files(other), files(sillytavern)
        for file in (
            "worlds/Shared lore.json",
            "sysprompt/Shared prompt.json",
            "QuickReplies/Shared buttons.json",
        ):
            assert after[file] == published_files[file]
        preset = on_disk(other, "OpenAI Settings", "Shared poet")
        assert (preset["temperature"], preset["proxy_password"]) == (0.31, "own")
        assert "reverse_proxy" not in preset
        now = await target.evaluate(_SHOWN)
        assert (now["buttons"], now["prompts"]) == (["Shared buttons"], ["Shared prompt"])
        assert now["scripts"] == [*shown["scripts"], "Shared stars"]

        # And put back, byte for byte.
        await press(target, "tavernlink_undo")
        await agree(target, tick=False)
        await status(target, "as they were before")
        assert files(other) == before
        # The page has learned meanwhile of the preset that was only on disk.
        assert await target.evaluate(_SHOWN) == {**shown, "presets": ["Shared poet"]}

        # Followed: taken over by force once, then each new version comes by itself, also into what is selected.
        forced = await app.profiles.apply("house", tavern="target", overwrite=True)
        assert len(forced.applied) == 5
        assert files(other) == after
        await target.evaluate(_SELECT, "Shared poet")
        await press(target, "tavernlink_follow")
        await source.evaluate(_MAKE, [{"temperature": 0.77, "lore": "The forest burns."}, None, _SECRETS])
        await app.profiles.publish("house", tavern="source", items=_ITEMS)
        await status(target, "2 items taken over (version 2)")
        assert files(other)["worlds/Shared lore.json"] == files(sillytavern)["worlds/Shared lore.json"]
        assert await target.evaluate(_TEMPERATURE) == 0.77

        # But neither over what the person has changed meanwhile, nor over what is not saved yet; the rest comes.
        await target.evaluate(_MAKE, [{"lore": "Rain put it out."}, None, {}])
        await target.evaluate(_TURN, "1.11")
        own = files(other)
        await source.evaluate(
            _MAKE, [{"temperature": 0.9, "lore": "Ashes.", "prompt": "Be long."}, None, _SECRETS]
        )
        await app.profiles.publish("house", tavern="source", items=_ITEMS)
        await status(target, "2 items stay as they are")
        kept = files(other)
        assert {name for name in kept if kept[name] != own[name]} == {"sysprompt/Shared prompt.json"}
        assert await target.evaluate(_TEMPERATURE) == 1.11
        looked = await app.profiles.apply("house", tavern="target", dry_run=True)
        assert {change.name: change.held for change in looked.changes} == {
            "Shared poet": "open",
            "Shared lore": "conflict",
        }
        undone = await app.profiles.undo(tavern="target")
        assert [ref.name for ref in undone.restored] == ["Shared prompt"]
        assert files(other) == own
        await press(target, "tavernlink_follow")
        await app.profiles.delete("house")
