"""`tavernlink top`: what the hub is doing, live on the whole screen, or once for a script."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from tavernlink.cli.access import Access, Ca, DataDir, KeyText, Url, find_access
from tavernlink.cli.output import AsJson, note, print_json, print_table
from tavernlink.cli.screen import Lang, Theme, make_words, show

__all__ = ["top"]


def top(
    *,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    once: Annotated[bool, typer.Option("--once", help="Print it once instead of showing it live.")] = False,
    lang: Lang = None,
    theme: Theme = None,
    as_json: AsJson = False,
) -> None:
    """Show what the hub is doing: taverns, requests, rooms, functions, apps, errors, log; F1 lists the keys.

    With an admin's key, which this command has on the hub's own machine, everything; with another, what that may see.
    """
    access = find_access(url, key, data_dir, ca, admin=True)
    if as_json or once or not (sys.stdin.isatty() and sys.stdout.isatty()):
        _print_once(access, lang, as_json=as_json)
        return
    from tavernlink.sdk import connect
    from tavernlink.terminal.chat.app import ChatApp
    from tavernlink.terminal.chat.drafts import default_drafts
    from tavernlink.terminal.top.app import TopApp

    words = make_words(lang)

    def make_top() -> TopApp:
        hub = connect(access.url, access.key, name="tavernlink top", connect_timeout=None)
        return TopApp(hub, words, shade=theme)

    def make_chat(tavern: str) -> ChatApp:
        hub = connect(access.url, access.key, name="tavernlink chat", connect_timeout=None)
        return ChatApp(hub, words, drafts=default_drafts(), tavern=tavern, shade=theme)

    while (tavern := show(make_top).chat_of) is not None:
        show(partial(make_chat, tavern))


def _print_once(access: Access, lang: Lang, *, as_json: bool) -> None:
    from tavernlink.cli.loop import run
    from tavernlink.sdk import connect
    from tavernlink.terminal.language import Words
    from tavernlink.terminal.top.snapshot import as_json as to_json
    from tavernlink.terminal.top.snapshot import as_tables, take_snapshot

    async def print_it() -> None:
        async with connect(access.url, access.key, name="tavernlink top") as hub:
            board = await take_snapshot(hub)
            if as_json:
                print_json(to_json(board, hub))
                return
            words = Words(lang or "en") if not sys.stdout.isatty() else make_words(lang)
            lines, tables = as_tables(board, words)
            note(f"Hub {hub.version} at {access.url}")
            for line in lines:
                print(line)
            for title, columns, rows in tables:
                print(f"\n{title}")
                print_table(columns, rows)

    run(print_it())
