"""The JavaScript that runs inside SillyTavern's page: what it looks at, and what it presses."""

from __future__ import annotations

__all__ = [
    "CONNECTED",
    "CONNECTION_STATE",
    "CONNECT_MODEL",
    "DIALOGS",
    "MODEL_STATUS",
    "NEW_CHAT",
    "SELECT_CHARACTER",
    "USABLE",
    "WATCH_DIALOGS",
]

USABLE = """
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

DIALOGS = (
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
