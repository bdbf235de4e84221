"""The extension's drawer in SillyTavern, held open without a hand: for tests that read or set what is in it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from playwright.async_api import Locator

from tavernlink.tab import Tab

__all__ = ["drawer_at"]

_OPEN = """(part) => {
    const panel = document.querySelector('#tavernlink_panel');
    const content = panel.querySelector('.inline-drawer-content');
    const details = panel.querySelector(`details.tavernlink-${part}`);
    const before = [content.style.display, details.open];
    const opened = [];
    for (let at = panel; at; at = at.parentElement)
        if (at.classList.replace('closedDrawer', 'openDrawer')) opened.push(at);
    content.style.display = 'block';
    details.open = true;
    globalThis.shutDrawer = () => {
        [content.style.display, details.open] = before;
        for (const at of opened) at.classList.replace('openDrawer', 'closedDrawer');
    };
}"""


@contextlib.asynccontextmanager
async def drawer_at(tab: Tab, part: str) -> AsyncIterator[Locator]:
    """Hold the drawer open with one part of it unfolded (`log`, `tools`); afterwards all is as it was.

    Left open, it would cover the chat of whoever uses the page next.
    """
    await tab.evaluate(_OPEN, part)
    yield tab.page.locator("#tavernlink_panel")
    await tab.evaluate("() => globalThis.shutDrawer()")
