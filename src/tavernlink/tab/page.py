"""What is done with SillyTavern's page, as functions on a Playwright page. Only they know the page's DOM."""

from __future__ import annotations

import json
from typing import Any

from playwright.async_api import Error, Page
from playwright.async_api import TimeoutError as PageTimeout

from tavernlink.tab.errors import BrowserTabError

__all__ = [
    "CONNECTION_ITEM",
    "WATCH_DIALOGS",
    "connect_model",
    "connection_script",
    "open_dialogs",
    "open_page",
    "select_character",
    "start_new_chat",
    "wait_connected",
    "wait_usable",
]

CONNECTION_ITEM = "tavernlink.connection"
"""The localStorage item in which the extension remembers its hub."""

_POLL_MS = 50  # by timer: animation frames stop in a page that is not painted

_USABLE = """
() => {
    let context;
    try { context = globalThis.SillyTavern?.getContext(); } catch { return false; }   // modules still load
    if (!context) return false;
    if (!globalThis.tavernlinkTab) {
        const state = globalThis.tavernlinkTab = { ready: false };
        context.eventSource.on(context.eventTypes.APP_READY, () => { state.ready = true; });   // fires late, too
    }
    if (document.querySelector('dialog[open] .onboarding')) return 'first-run';
    return globalThis.tavernlinkTab.ready && !document.getElementById('preloader') ? 'usable' : false;
}
"""

# The text of a modal dialog that waits for a person, else null: a loading screen is a dialog without buttons.
_DIALOG_TEXT = """
dialog => {
    const shown = element => getComputedStyle(element).display !== 'none';
    const buttons = [...dialog.querySelectorAll('.popup-controls, .popup-button-close')];
    if (!dialog.open || (buttons.length > 0 && !buttons.some(shown))) return null;
    const body = dialog.querySelector('.popup-content') ?? dialog;
    return body.textContent.replace(/\\s+/g, ' ').trim().slice(0, 300);
}
"""

_DIALOGS = (
    f"() => [...document.querySelectorAll('dialog[open]')].map({_DIALOG_TEXT}).filter(text => text !== null)"
)

WATCH_DIALOGS = f"""
new MutationObserver(changes => {{
    for (const {{ target }} of changes) {{
        if (target.nodeName !== 'DIALOG' || !target.open || target.querySelector('.onboarding')) continue;
        const text = ({_DIALOG_TEXT})(target);
        if (text !== null) globalThis.tavernlinkDialogOpened?.(text);
    }}
}}).observe(document, {{ subtree: true, attributes: true, attributeFilter: ['open'] }});
"""
"""A script for a new page: it calls the exposed function `tavernlinkDialogOpened(text)` for each modal dialog, as one
that nobody answers blocks everything behind it. The first-run question is left out."""

_CONNECT_MODEL = """
({ url, key, model }) => {
    const set = (selector, value, event) => $(selector).val(value).trigger(event);
    $('#auto-connect-checkbox').prop('checked', true).trigger('input').trigger('change');
    set('#custom_api_url_text', url, 'input');
    if (model) set('#custom_model_id', model, 'input');
    if (key) $('#api_key_custom').val(key);
    if (SillyTavern.getContext().mainApi !== 'openai') set('#main_api', 'openai', 'change');
    if ($('#chat_completion_source').val() !== 'custom') set('#chat_completion_source', 'custom', 'change');
    $('#api_button_openai').trigger('click');
}
"""

_MODEL_STATUS = """
() => {
    const status = SillyTavern.getContext().onlineStatus;
    if (status === 'Valid') return 'valid';
    const loading = $('.api_loading').is(':visible') || $('#api_button_openai').hasClass('disabled');
    return loading ? false : 'failed: ' + status;
}
"""

_SELECT_CHARACTER = """
async (wanted) => {
    let context = SillyTavern.getContext();
    if (!context.characters.length) { await context.getCharacters(); context = SillyTavern.getContext(); }
    let index = context.characters.findIndex(character => character.avatar === wanted);
    if (index < 0) index = context.characters.findIndex(character => character.name === wanted);
    if (index < 0) return context.characters.map(character => character.name);
    await context.selectCharacterById(index);   // returns silently when SillyTavern is busy: the caller looks
    context = SillyTavern.getContext();
    return String(context.characterId) === String(index) && !context.groupId && Boolean(context.chatId);
}
"""

_NEW_CHAT = """
async () => {
    const context = SillyTavern.getContext();
    const before = context.getCurrentChatId();
    await context.executeSlashCommandsWithOptions('/newchat');
    return SillyTavern.getContext().getCurrentChatId() !== before;
}
"""

_CONNECTED = """
() => {
    const state = globalThis.tavernlink?.state();
    if (state?.name === 'online') return 'online';
    return state?.name === 'refused' ? state.code + ': ' + state.message : false;
}
"""

_CONNECTION_STATE = """
() => {
    if (!globalThis.tavernlink) return 'the extension is not loaded; is it installed and enabled?';
    const { name, code, message } = globalThis.tavernlink.state();
    return [name, code, message].filter(Boolean).join(': ');
}
"""


def connection_script(origin: str, connection: dict[str, Any]) -> str:
    """A script that hands the hub's address and key to the extension; it runs before the page's own scripts."""
    item = json.dumps(CONNECTION_ITEM)
    value = json.dumps(json.dumps(connection))
    return f"if (location.origin === {json.dumps(origin)}) localStorage.setItem({item}, {value});"


async def open_page(page: Page, url: str, *, seconds: float) -> None:
    """Load SillyTavern and wait until it is usable. Raises BrowserTabError."""
    try:
        response = await page.goto(url, wait_until="commit", timeout=seconds * 1000)
    except Error as error:
        raise BrowserTabError(
            "page_failed", f"SillyTavern at {url} does not answer: {_first_line(error)}"
        ) from error
    if response and response.status >= 400:
        raise BrowserTabError("page_failed", f"SillyTavern at {url} answered with status {response.status}.")
    await wait_usable(page, seconds=seconds)


async def wait_usable(page: Page, *, seconds: float) -> None:
    """Wait until SillyTavern has loaded, answering the first-run question on the way. Raises BrowserTabError."""
    try:
        while await _wait_for(page, _USABLE, seconds) == "first-run":
            await page.click("dialog[open]:has(.onboarding) .popup-button-ok", timeout=seconds * 1000)
            await page.wait_for_selector("dialog[open] .onboarding", state="detached", timeout=seconds * 1000)
    except PageTimeout as error:
        if "/login" in page.url:
            raise BrowserTabError(
                "login_required",
                f"SillyTavern at {page.url} asks for a login. Log in once with "
                "`tavernlink tab --show --profile DIR`, then use the same profile.",
            ) from error
        dialogs = "; ".join(await open_dialogs(page)) or "no dialog is open"
        raise BrowserTabError(
            "page_failed", f"SillyTavern was not usable after {seconds:.0f} s ({dialogs})."
        ) from error
    except Error as error:
        raise BrowserTabError(
            "page_failed", f"SillyTavern's page broke while it loaded: {_first_line(error)}"
        ) from error


async def open_dialogs(page: Page) -> list[str]:
    """The texts of the dialogs that are open and wait for a person."""
    try:
        return [str(text) for text in await page.evaluate(_DIALOGS)]
    except Error:
        return []


async def connect_model(page: Page, *, url: str, key: str | None, model: str | None, seconds: float) -> None:
    """Connect SillyTavern's chat completion API to an OpenAI-style server, now and after each reload."""
    await page.evaluate(_CONNECT_MODEL, {"url": url, "key": key, "model": model})
    try:
        status = await _wait_for(page, _MODEL_STATUS, seconds)
    except PageTimeout as error:
        raise BrowserTabError(
            "model_failed", f"SillyTavern got no answer from {url} within {seconds:.0f} s."
        ) from error
    if status != "valid":
        raise BrowserTabError(
            "model_failed",
            f"SillyTavern could not connect to the model server at {url} ({status}). Check address and key.",
        )


async def select_character(page: Page, wanted: str, *, tries: int = 20) -> None:
    """Open a character's chat, by avatar file name or name."""
    for _ in range(tries):
        result = await page.evaluate(_SELECT_CHARACTER, wanted)
        if result is True:
            return
        if isinstance(result, list):
            known = ", ".join(map(str, result)) or "none"
            raise BrowserTabError(
                "unknown_character", f"SillyTavern has no character {wanted!r}; it has: {known}."
            )
        await page.wait_for_timeout(100)  # a chat is being saved; there is no event for its end
    raise BrowserTabError(
        "unknown_character", f"SillyTavern did not open {wanted!r}: it was busy all the time."
    )


async def start_new_chat(page: Page) -> None:
    """Start a new chat with the open character; the old one stays on disk."""
    if not await page.evaluate(_NEW_CHAT):
        raise BrowserTabError("page_failed", "SillyTavern did not start a new chat. Is a character open?")


async def wait_connected(page: Page, *, seconds: float) -> None:
    """Wait until the extension in the page is connected to its hub."""
    try:
        state = await _wait_for(page, _CONNECTED, seconds)
    except PageTimeout as error:
        state = await page.evaluate(_CONNECTION_STATE)
        raise BrowserTabError(
            "hub_failed", f"The extension did not connect within {seconds:.0f} s: {state}."
        ) from error
    if state != "online":
        raise BrowserTabError(
            "hub_failed", f"The hub did not accept the tab ({state}). Check the key and its role."
        )


async def _wait_for(page: Page, script: str, seconds: float) -> Any:
    handle = await page.wait_for_function(script, timeout=seconds * 1000, polling=_POLL_MS)
    return await handle.json_value()


def _first_line(error: Error) -> str:
    return error.message.splitlines()[0] if error.message else type(error).__name__
