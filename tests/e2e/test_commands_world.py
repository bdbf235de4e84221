"""Settings, lorebooks and scripts of a real SillyTavern from outside, and the person's say in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import TavernlinkError
from tavernlink.sdk import Hub
from tavernlink.sdk.tavern import Tavern
from tavernlink.tab import Tab
from tests.e2e.conftest import Witness, open_attended

_BUTTONS = """async () => {
    const reply = (id, label, message) => ({ id, label, message, showLabel: false, title: '', contextList: [],
        preventAutoExecute: true, isHidden: false, automationId: '' });
    await fetch('/api/quick-replies/save', { method: 'POST', headers: SillyTavern.getContext().getRequestHeaders(),
        body: JSON.stringify({ version: 2, name: 'Traps', idIndex: 5, qrList: [
            reply(1, 'Wipe', '/setvar key=pwned 1'), reply(2, 'Chain', '/pass x | /run Traps.Wipe'),
            reply(3, 'Say', 'Hello there'), reply(4, 'Lib', '/let f {: /setvar key=pwned 1 :}'),
            reply(5, 'Sum', '/add {{arg::a}} 40') ] }) });
    const set = await quickReplyApi.createSet('Traps', {});
    const { QuickReply } = await import('/scripts/extensions/quick-reply/src/QuickReply.js');
    set.qrList = [[1, 'Wipe', '/setvar key=pwned 1'], [2, 'Chain', '/pass x | /run Traps.Wipe'],
        [3, 'Say', 'Hello there'], [4, 'Lib', '/let f {: /setvar key=pwned 1 :}'], [5, 'Sum', '/add {{arg::a}} 40'],
    ].map(([id, label, message]) => QuickReply.from({ id, label, message }));
    set.init();
}"""

_CHOOSE = """([id, value]) => {
    const field = document.getElementById(id);
    field.value = value;
    field.dispatchEvent(new Event('change'));
}"""

_MACROS = "() => { SillyTavern.getContext().powerUserSettings.experimental_macro_engine = %s; }"
"""SillyTavern has two engines that replace macros: the new one reads them once, the old one kind after kind."""

_STATE = """() => {
    const { chat, chatMetadata, extensionSettings } = SillyTavern.getContext();
    return { messages: chat.length, pwned: chatMetadata.variables?.pwned ?? null,
        global: extensionSettings.variables?.global?.pwned ?? null };
}"""

_ATTACKS = {
    "/setvar key=pwned 1": "not_in_list",
    "/pass a | /setvar key=pwned 1": "not_in_list",
    "/pass a || /setchatvar key=pwned 1": "not_in_list",
    "/run {: /setvar key=pwned 1 :}": "not_in_list",
    "/add 1 {: /setvar key=pwned 1 :}()": "not_in_list",
    "/let x {: /setvar key=pwned 1 :} | /:x": "not_in_list",
    "/let x {: y={: /setvar key=pwned 1 :}() /pass a :} | /run x": "not_in_list",
    '/if left=1 right=1 "/setvar key=pwned 1"': "not_in_list",
    '/if left=1 right=2 else="/setvar key=pwned 1" {: /pass a :}': "not_in_list",
    "/times 2 /setvar key=pwned 1": "not_in_list",
    '/while left=1 right=1 "/setvar key=pwned 1"': "not_in_list",
    "/pass /setvar key=pwned 1 | /if left=1 right=1 {{pipe}}": "not_in_list",
    "/let t /setvar key=pwned 1 | /if left=1 right=2 else={{var::t}} {: /pass a :}": "not_in_list",
    "/pass /setvar key=pwned 1 | /closure-deserialize {{pipe}} | /let key=y | /:y": "not_in_list",
    "/closure-deserialize /setvar key=pwned 1": "not_in_list",
    "/run Traps.Wipe": "not_in_list",
    "/:Traps.Wipe": "not_in_list",
    '/:"Traps.Chain"': "not_in_list",
    "/pass Traps.Wipe | /run {{pipe}}": "not_in_list",
    "/run Traps.Say": "not_in_list",
    "/import from=Traps.Lib f | /run f": "not_in_list",
    "/pass Traps.Lib | /import from={{pipe}} f | /run f": "not_in_list",
    "/* nothing to see *| /setvar key=pwned 1": "not_in_list",
    "/# nothing to see | /setvar key=pwned 1": "not_in_list",
    "/parser-flag REPLACE_GETVAR on | /setvar key=pwned {{getvar::x}}": "not_in_list",
    "/pass {{setvar::pwned::1}}": "macro",
    "/pass {{setvar::pwned::{{user}}}}": "macro",
    "/listvar": "shows_elsewhere",
    "/listvar return=chat-html": "shows_elsewhere",
    "/getchatbook": "makes_something",
    "/getcharbook create=true": "makes_something",
    "/instruct-state on": "not_in_list",
    "/secret-read": "secret",
    "/qr 0": "runs_unchecked",
    "/echo hello": "not_in_list",
}

_OLD_MACROS = {
    # Put together out of what other macros leave behind; the new engine does not read them again.
    "/pass {{{noop}}{banned x}}": "macro",
}
_NEW_MACROS = {
    # At the sight of these SillyTavern asks whether the person wants its new engine.
    "/pass {{ setglobalvar::pwned::1 }}": "macro",
    "/let m {{noop}} | /pass {{$pwned = 1}}": "macro",
}

_GOOD = {
    "/let x {: a=2 /add {{var::a}} 40 :} | /:x": "42",
    "/let x {: a=2 /add {{var::a}} 40 :} | /:x a=1": "41",
    "/times 3 {: /pass {{timesIndex}} :}": "2",
    '/if left=1 right=1 "/pass yes"': "yes",
    "/pass /upper quiet | /if left=1 right=1 {{pipe}}": "QUIET",
    "/closure-deserialize /add 1 2 | /let key=y | /:y": "3",
    "/closure-deserialize /add 1 2 | /run": "3",
    "/run a=2 Traps.Sum": "42",
    "/:Traps.Sum a=2": "42",
    "/pass {{char}} | /lower": "seraphina",
    "/listvar return=object scope=local": "[]",
    "/getchatbook create=false": "",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(
    browser: Browser, sillytavern: SillyTavern, hub: RunningHub, model_server: Model, witness: Witness
) -> AsyncIterator[Tab]:
    """A tab that a person sits at."""
    async with open_attended(browser, sillytavern, hub, model_server, witness, name="attended") as tab:
        await tab.evaluate(_BUTTONS)
        yield tab


async def refusal(tavern: Tavern, name: str, args: dict[str, Any], **options: Any) -> TavernlinkError:
    with pytest.raises(TavernlinkError) as caught:
        await tavern.run(name, args, **options)
    return caught.value


async def choose(tab: Tab, id_: str, value: str) -> None:
    await tab.evaluate(_CHOOSE, [id_, value])


async def test_no_script_gets_past_the_list(desk: Tab, app: Hub) -> None:
    tavern = app.tavern("attended")
    await desk.new_chat()
    before = await desk.evaluate(_STATE)
    passed = {}
    for engine in ("false", "true"):
        await desk.evaluate(_MACROS % engine)
        for text, rule in (_ATTACKS | (_NEW_MACROS if engine == "true" else _OLD_MACROS)).items():
            try:
                passed[engine, text] = await tavern.run("script.run", {"text": text})
            except TavernlinkError as error:
                if (error.code, (error.details or {}).get("rule")) != ("not_allowed", rule):
                    passed[engine, text] = (error.code, error.message, error.details)
    assert passed == {}
    assert (
        await desk.evaluate(_STATE)
        == before
        == {"messages": before["messages"], "pwned": None, "global": None}
    )
    said = await refusal(tavern, "script.run", {"text": "/pass a | /setvar key=pwned 1"})
    assert said.details == {"rule": "not_in_list", "command": "setvar", "position": 10}
    assert "/setvar" in said.message


async def test_what_is_allowed_runs_as_in_sillytavern(desk: Tab, app: Hub) -> None:
    tavern = app.tavern("attended")
    await desk.new_chat()
    for engine in ("false", "true"):
        await desk.evaluate(_MACROS % engine)
        assert {text: (await tavern.run("script.run", {"text": text}))["pipe"] for text in _GOOD} == _GOOD

    trick = "| /setvar key=pwned 1 {{setvar::pwned::1}}"
    handed = await tavern.run("script.run", {"text": "/pass {{arg::t}}", "args": {"t": trick}})
    assert handed["pipe"] == trick
    ended = await tavern.run("script.run", {"text": "/abort quiet=true enough | /pass no"})
    assert (ended["aborted"], ended["abort_reason"]) == (True, "enough")
    wrong = await refusal(tavern, "script.run", {"text": "/pass a | /nonesuch"})
    assert (wrong.code, (wrong.details or {})["position"]) == ("invalid_script", 11)
    assert (await refusal(tavern, "script.run", {"text": "hello"})).code == "invalid_script"
    narrow = await refusal(tavern, "script.run", {"text": "/pass a | /upper", "allow": ["pass"]})
    assert (narrow.details or {})["rule"] == "narrowed"
    # A loop without an end costs the script its time, not the page.
    endless = "/while left=1 right=1 guard=off {: /pass a :}"
    assert (await refusal(tavern, "script.run", {"text": endless}, timeout=2)).code == "timeout"
    assert (await tavern.run("script.run", {"text": "/add 1 1"}))["pipe"] == "2"


async def test_the_person_decides_what_scripts_may_do(desk: Tab, app: Hub) -> None:
    tavern = app.tavern("attended")
    await desk.new_chat()
    await choose(desk, "tavernlink_scripts", "nothing")
    off = await refusal(tavern, "script.run", {"text": "/pass a"})
    assert (off.code, (off.details or {})["rule"]) == ("not_allowed", "scripts_off")
    assert [c["name"] for c in await tavern.run("script.commands", {"allowed": True})] == []

    await choose(desk, "tavernlink_script_list", "/setvar, pass {{input}}")
    await choose(desk, "tavernlink_scripts", "list")
    assert (await tavern.run("script.run", {"text": "/setvar key=fine {{input}}1"}))["pipe"] == "1"
    assert (await refusal(tavern, "script.run", {"text": "/getvar fine"})).code == "not_allowed"
    listed = await tavern.run("script.commands", {"allowed": True})
    assert [(c["name"], c["aliases"]) for c in listed] == [("pass", ["return"]), ("setvar", ["setchatvar"])]

    await choose(desk, "tavernlink_scripts", "all")
    shown = await tavern.run("script.run", {"text": "/echo severity=info hello | /flushvar fine"})
    assert shown["output"] == ["hello"]
    secret = await refusal(tavern, "script.run", {"text": "/secret-read"})
    assert (secret.details or {})["rule"] == "secret"
    await choose(desk, "tavernlink_scripts", "harmless")


async def test_the_person_is_asked_and_the_answer_kept(desk: Tab, app: Hub) -> None:
    tavern = app.tavern("attended")
    page = desk.page
    question = page.locator("dialog[open]:has(.tavernlink-question)")
    for name in ("One", "Two", "Three"):
        await tavern.run("world.create", {"name": name})
    await choose(desk, "tavernlink_policy_destructive", "ask")
    try:
        asked = asyncio.ensure_future(tavern.run("world.delete", {"name": "One"}))
        await question.wait_for()
        text = await question.inner_text()
        assert "test" in text
        assert "delete the lorebook “One” with all its entries" in text
        # Who only looks does not wait for the answer.
        assert "One" in {world["name"] for world in await tavern.run("world.list", {})}
        await question.locator("select").select_option("command")
        await question.locator(".popup-button-ok").click()
        assert await asked == {}
        await tavern.run("world.delete", {"name": "Two"})
        remembered = page.locator('#tavernlink_panel [data-part="remembered"] li')
        assert "world.delete" in await remembered.inner_text()

        await remembered.locator("button").evaluate("(button) => button.click()")
        no = asyncio.create_task(refusal(tavern, "world.delete", {"name": "Three"}))
        await question.wait_for()
        await page.keyboard.press("Escape")
        refused = await no
        assert (refused.code, refused.details) == ("refused", {"command": "world.delete", "by": "person"})

        await choose(desk, "tavernlink_seconds", "5")
        late = await refusal(tavern, "world.delete", {"name": "Three"})
        assert (late.details or {})["by"] == "timeout"
        await question.wait_for(state="detached")

        given_up = asyncio.create_task(refusal(tavern, "world.delete", {"name": "Three"}, timeout=2))
        await question.wait_for()
        assert (await given_up).code == "timeout"
        await question.wait_for(state="detached")
        worlds = {world["name"] for world in await tavern.run("world.list", {})}
        assert worlds.isdisjoint({"One", "Two"})
        assert "Three" in worlds
    finally:
        await choose(desk, "tavernlink_policy_destructive", "allow")
        await choose(desk, "tavernlink_seconds", "60")
    await tavern.run("world.delete", {"name": "Three"})


async def test_settings_are_changed_whole_or_not_at_all_and_keep_their_secrets(desk: Tab, app: Hub) -> None:
    tavern = app.tavern("attended")
    before = (await tavern.run("sampler.get", {}))["values"]
    for values in ({"temperature": 0.3, "nonesuch": 1}, {"temperature": 0.3, "top_p": 7}):
        assert (await refusal(tavern, "sampler.set", {"values": values})).code == "unsupported_parameter"
    assert (await tavern.run("sampler.get", {}))["values"] == before

    await tavern.run("preset.save", {"name": "Keeper", "content": {"temperature": 1, "proxy_password": "x"}})
    on_disk = """async () => {
        const answer = await fetch('/api/settings/get', { method: 'POST', body: '{}',
            headers: SillyTavern.getContext().getRequestHeaders() });
        const { openai_setting_names: names, openai_settings: presets } = await answer.json();
        return JSON.parse(presets[names.indexOf('Keeper')]);
    }"""
    assert await desk.evaluate(on_disk) == {"temperature": 1}
    await desk.evaluate(
        """() => fetch('/api/presets/save', { method: 'POST', headers: SillyTavern.getContext().getRequestHeaders(),
            body: JSON.stringify({ apiId: 'openai', name: 'Keeper', preset: { temperature: 1,
                proxy_password: 'hunter2', custom_url: 'http://10.0.0.1' } }) })"""
    )
    assert (await tavern.run("preset.get", {"name": "Keeper"}))["content"] == {"temperature": 1}
    await tavern.run("preset.save", {"name": "Keeper", "content": {"temperature": 0.5}})
    kept = await desk.evaluate(on_disk)
    assert kept == {"temperature": 0.5, "proxy_password": "hunter2", "custom_url": "http://10.0.0.1"}
    made = await tavern.run("connection.create", {"name": "Here"})
    assert "http" not in str(made)
    await tavern.run("connection.delete", {"name": made["id"]})
    assert (await refusal(tavern, "connection.select", {"name": "Here"})).code == "unknown_item"

    await tavern.run("variable.set", {"name": "word", "value": "rain"})
    assert (await refusal(tavern, "variable.increment", {"name": "word"})).code == "not_a_number"
    assert (await refusal(tavern, "regex.add", {"name": "Bad", "find": "/(/"})).code == "invalid_pattern"


async def test_a_lorebook_reaches_character_persona_and_prompt(desk: Tab, app: Hub) -> None:
    tavern = app.tavern("attended")
    await desk.new_chat()
    await tavern.run("world.create", {"name": "Shore"})
    assert (await refusal(tavern, "world.create", {"name": "shore"})).code == "item_exists"
    added = await tavern.run(
        "world.entry.add", {"world": "Shore", "content": "The shore is made of GLASS.", "constant": True}
    )
    for other in ({"nonesuch": 1}, {"sticky": "long"}, {"content": "x"}):
        wrong = await refusal(tavern, "world.entry.edit", {"world": "Shore", "uid": 0, "other": other})
        assert wrong.code == "unsupported_parameter"
    missing = await refusal(tavern, "world.entry.edit", {"world": "Shore", "uid": 77, "title": "x"})
    assert missing.code == "unknown_entry"

    for to in ("character", "persona", "chat"):
        await tavern.run("world.bind", {"name": "Shore", "to": to})
    (shore,) = (w for w in await tavern.run("world.list", {}) if w["name"] == "Shore")
    assert shore == {
        "name": "Shore",
        "active": False,
        "chat": True,
        "persona": True,
        "characters": ["default_Seraphina.png"],
    }
    prompt = """async () => {
        let found = '';
        const context = SillyTavern.getContext();
        const keep = (data) => { found = JSON.stringify(data.prompt); };
        context.eventSource.on('generate_after_data', keep);
        await context.generate('normal', {}, true);
        context.eventSource.removeListener('generate_after_data', keep);
        return found;
    }"""
    assert "made of GLASS" in await desk.evaluate(prompt)
    await tavern.run("world.entry.edit", {"world": "Shore", "uid": added["uid"], "content": "It is SAND."})
    await tavern.run("note.set", {"text": "NOTE-WORD", "position": "in_chat", "depth": 0})
    now = await desk.evaluate(prompt)
    assert "It is SAND" in now
    assert "NOTE-WORD" in now
    for to, name in (("character", "Eldoria"), ("persona", None), ("chat", None)):
        await tavern.run("world.bind", {"name": name, "to": to})
    await tavern.run("world.delete", {"name": "Shore"})
    after = await desk.evaluate(prompt)
    assert "It is SAND" not in after
