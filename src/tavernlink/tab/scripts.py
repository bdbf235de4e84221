"""The JavaScript that runs inside SillyTavern's page: what it looks at, and what it presses."""

from __future__ import annotations

__all__ = [
    "BEAT",
    "CONNECTED",
    "CONNECTION_STATE",
    "CONNECT_MODEL",
    "DIALOGS",
    "MODEL_STATUS",
    "NEW_CHAT",
    "PRESS",
    "SELECT_CHARACTER",
    "SIGN_IN",
    "USABLE",
    "WATCH_DIALOGS",
]

USABLE = """
() => {
    if (location.pathname === '/login') return 'login';
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

# What is known of the page's modal dialogs. Runs in each new document, before the page's own scripts. A dialog waits
# for a person where it has a button to press; a loading screen is a dialog without any.
_DIALOGS = """
globalThis.tavernlinkDialogs ??= (() => {
    const born = Date.now().toString(36), ids = new WeakMap(), pressed = new WeakSet();
    let count = 0;
    const shown = element => getComputedStyle(element).display !== 'none';
    const idOf = dialog => ids.get(dialog) ?? ids.set(dialog, `${born}-${++count}`).get(dialog);
    const inputOf = dialog => [...dialog.querySelectorAll('.popup-input')].find(shown);
    const buttonsOf = dialog => {
        const popup = dialog.querySelector('.popup-controls');
        const all = dialog.querySelectorAll(
            popup ? '.popup-controls .menu_button, .popup-button-close' : 'button, [role="button"]');
        const found = new Map();
        for (const button of all) {
            const label = button.matches('.popup-button-close') ? 'close' : button.textContent.trim() || button.title;
            if (label && shown(button) && !found.has(label)) found.set(label, button);
        }
        return found;
    };
    const factsOf = dialog => {
        if (!dialog.open || dialog.hasAttribute('closing') || dialog.querySelector('.onboarding')) return null;
        const controls = [...dialog.querySelectorAll('.popup-controls, .popup-button-close')];
        if (controls.length > 0 && !controls.some(shown)) return null;
        const body = dialog.querySelector('.popup-content') ?? dialog;
        return {
            id: idOf(dialog),
            text: body.textContent.replace(/\\s+/g, ' ').trim().slice(0, 300),
            answers: [...buttonsOf(dialog).keys()],
            asksText: Boolean(inputOf(dialog)),
            pressed: pressed.has(dialog),
        };
    };
    const press = (dialog, answer, text) => {
        const wanted = answer.toLowerCase(), buttons = buttonsOf(dialog);
        const named = /^(ok|cancel|close)$/.test(wanted) && dialog.querySelector(`.popup-button-${wanted}`);
        const label = [...buttons.keys()].find(each => each.toLowerCase() === wanted);
        const button = named && shown(named) ? named : buttons.get(label);
        if (!button) return false;
        const input = inputOf(dialog);
        if (input && text !== null) {
            input.value = text;
            input.dispatchEvent(new Event('input', { bubbles: true }));
        }
        pressed.add(dialog);
        button.click();
        return true;
    };
    const open = () => [...document.querySelectorAll('dialog[open]')];
    return {
        list: () => open().map(factsOf).filter(Boolean),
        press: (id, answer, text) => {
            const dialog = open().find(each => idOf(each) === id);
            return dialog ? press(dialog, answer, text ?? null) : null;
        },
        async tell(dialog) {
            const facts = factsOf(dialog);
            if (!facts || pressed.has(dialog)) return;
            const answer = await globalThis.tavernlinkDialogOpened?.(facts);
            if (answer && !press(dialog, answer, null)) await globalThis.tavernlinkDialogUnanswered?.(facts);
        },
    };
})();
"""

DIALOGS = "() => globalThis.tavernlinkDialogs?.list() ?? []"

PRESS = "({ id, answer, text }) => globalThis.tavernlinkDialogs.press(id, answer, text)"

WATCH_DIALOGS = f"""
if (globalThis === globalThis.top) {{
    {_DIALOGS}
    new MutationObserver(changes => {{
        for (const {{ target }} of changes) {{
            if (target.nodeName === 'DIALOG' && target.open) globalThis.tavernlinkDialogs.tell(target);
        }}
    }}).observe(document, {{ subtree: true, attributes: true, attributeFilter: ['open'] }});
}}
"""
"""A script for a new page: it calls the exposed function `tavernlinkDialogOpened(facts)` for each modal dialog and
presses the answer that comes back; one that the dialog does not have goes to `tavernlinkDialogUnanswered(facts)`. The
first-run question is left out."""

SIGN_IN = """
async ({ account, password }) => {
    const me = await fetch('/api/users/me');
    if (me.ok && (await me.json()).handle === account) return { status: 200 };
    const token = async () => (await (await fetch('/csrf-token')).json()).token;
    const post = async (path, body) => fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': await token() },
        body: JSON.stringify(body),
    });
    if (me.ok) await post('/api/users/logout', {});
    const answer = await post('/api/users/login', { handle: account, password });
    if (answer.ok) return { status: answer.status, changed: true };
    const told = await answer.json().catch(() => ({}));
    return { status: answer.status, error: String(told.error ?? answer.statusText) };
}
"""
"""Logs in as the page's own login form does; `changed` says that the page must be loaded again."""

BEAT = """
() => {
    const visible = document.getElementById('mes_stop');
    const connection = globalThis.tavernlink?.state();
    return {
        ready: Boolean(globalThis.tavernlinkTab?.ready),
        login: location.pathname === '/login',
        generating: Boolean(visible) && getComputedStyle(visible).display !== 'none',
        dialogs: globalThis.tavernlinkDialogs?.list() ?? [],
        tavern: globalThis.tavernlink?.id ?? null,
        connection: connection && { name: connection.name, code: connection.code, message: connection.message },
    };
}
"""
"""What a heartbeat asks the page."""

CONNECT_MODEL = """
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

MODEL_STATUS = """
() => {
    const { onlineStatus: status, translate } = SillyTavern.getContext();
    if (status === translate('Valid')) return 'valid';   // SillyTavern keeps the word in the page's language
    const loading = $('.api_loading').is(':visible') || $('#api_button_openai').hasClass('disabled');
    return loading ? false : 'failed: ' + status;
}
"""

SELECT_CHARACTER = """
async ({ wanted, chat }) => {
    let context = SillyTavern.getContext();
    if (!context.characters.length) { await context.getCharacters(); context = SillyTavern.getContext(); }
    let index = context.characters.findIndex(character => character.avatar === wanted);
    if (index < 0) index = context.characters.findIndex(character => character.name === wanted);
    if (index < 0) return context.characters.map(character => character.name);
    await context.unshallowCharacter?.(index);   // reads the card anew, and with it the name of its chat
    context = SillyTavern.getContext();
    const isOpen = () => String(context.characterId) === String(index) && !context.groupId && Boolean(context.chatId);
    const elsewhere = isOpen() && chat !== null && context.chatId !== chat;
    if (elsewhere) await context.clearChat?.({ clearData: true });   // SillyTavern may open the last chat by itself
    if (chat !== null) context.characters[index].chat = chat;        // in this page only: the card is everybody's
    if (elsewhere) await context.reloadCurrentChat();
    else await context.selectCharacterById(index);   // returns silently when SillyTavern is busy: the caller looks
    context = SillyTavern.getContext();
    return isOpen() && (chat === null || context.chatId === chat);
}
"""
"""Opens a character, by avatar file name or name, and with `chat` that chat of its, made where it is not there yet."""

NEW_CHAT = """
async () => {
    const context = SillyTavern.getContext();
    const before = context.getCurrentChatId();
    await context.executeSlashCommandsWithOptions('/newchat');
    return SillyTavern.getContext().getCurrentChatId() !== before;
}
"""

CONNECTED = """
() => {
    const state = globalThis.tavernlink?.state();
    if (state?.name === 'online') return 'online';
    return state?.name === 'refused' ? state.code + ': ' + state.message : false;
}
"""

CONNECTION_STATE = """
() => {
    if (!globalThis.tavernlink) return 'the extension is not loaded; is it installed and enabled?';
    const { name, code, message } = globalThis.tavernlink.state();
    return [name, code, message].filter(Boolean).join(': ');
}
"""
