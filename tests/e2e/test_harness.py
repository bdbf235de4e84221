"""The ground that the other tests of this folder stand on: SillyTavern, Chromium and the model work together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.async_api import Browser

from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.sdk import Hub
from tavernlink.tab import Tab

if TYPE_CHECKING:
    from tests.e2e.conftest import OpenTab, StartSillyTavern

_SEND = """
async (text) => {
    $('#send_textarea').val(text);
    await SillyTavern.getContext().generate('normal');
    return SillyTavern.getContext().chat.map(message => ({ name: message.name, text: message.mes }));
}
"""


async def test_a_reply_of_the_stand_in_model_reaches_the_open_chat(tab: Tab, model: Model) -> None:
    chat = await tab.evaluate(_SEND, "hello Marker-4711")
    assert [message["name"] for message in chat] == ["Seraphina", "Traveller", "Seraphina"]
    assert chat[-1]["text"].startswith('You said: "hello Marker-4711".')
    assert [(seen.state, seen.body["stream"]) for seen in model.requests] == [("done", True)]
    assert await tab.open_dialogs() == []


async def test_the_tab_is_a_tavern_of_the_hub(tab: Tab, app: Hub) -> None:
    tavern_id = await tab.evaluate("() => globalThis.tavernlink.id")
    found = {tavern.tavern_id: tavern for tavern in await app.taverns()}
    assert found[tavern_id].online
    assert found[tavern_id].name == "shared"


async def test_the_browser_opens_no_pages_of_its_own(browser: Browser, tab: Tab) -> None:
    session = await browser.new_browser_cdp_session()
    targets = (await session.send("Target.getTargets", {"filter": [{}]}))["targetInfos"]  # of every kind
    await session.detach()
    addresses = {target["url"] for target in targets}
    assert tab.page.url in addresses
    assert [address for address in addresses if address.startswith("chrome")] == []


async def test_a_new_chat_is_empty_but_for_the_greeting(tab: Tab) -> None:
    assert await tab.evaluate("() => SillyTavern.getContext().chat.length") == 1


async def test_the_model_is_connected_again_after_a_reload(open_tab: OpenTab) -> None:
    tab = await open_tab()
    await tab.reload()
    chat = await tab.evaluate(_SEND, "hello again")
    assert chat[-1]["text"].startswith('You said: "hello again".')


async def test_the_first_run_question_is_answered(
    open_tab: OpenTab, start_sillytavern: StartSillyTavern, sillytavern: SillyTavern
) -> None:
    newcomer = await start_sillytavern(settled=False)
    assert newcomer.url != sillytavern.url
    assert json.loads((newcomer.user_data / "settings.json").read_text("utf-8"))["firstRun"] is True
    tab = await open_tab(url=newcomer.url)
    chat = await tab.evaluate(_SEND, "hello from a newcomer")
    assert chat[-1]["text"].startswith('You said: "hello from a newcomer".')


async def test_two_servers_keep_their_data_apart(
    tab: Tab, open_tab: OpenTab, start_sillytavern: StartSillyTavern, sillytavern: SillyTavern
) -> None:
    second = await start_sillytavern()
    other = await open_tab(url=second.url)
    await other.evaluate(_SEND, "only in the second")
    await tab.evaluate(_SEND, "only in the first")

    def saved(tavern: SillyTavern) -> str:
        return "".join(path.read_text("utf-8") for path in (tavern.user_data / "chats").rglob("*.jsonl"))

    assert "only in the first" in saved(sillytavern)
    assert "only in the first" not in saved(second)
    assert "only in the second" in saved(second)


async def test_a_dialog_that_waits_for_a_person_is_reported(open_tab: OpenTab) -> None:
    tab = await open_tab()
    assert tab.dialogs == []
    await tab.evaluate("() => { SillyTavern.getContext().callGenericPopup('Are you there?', 2); }")
    await tab.page.wait_for_selector("dialog[open]")
    assert tab.dialogs == ["Are you there?"]
    assert await tab.open_dialogs() == ["Are you there?"]
