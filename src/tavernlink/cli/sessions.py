"""`tavernlink sessions`: conversations that have a SillyTavern chat of their own."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, find_access
from tavernlink.cli.output import AsJson, fail, note, print_json, print_table

__all__ = ["app"]

app = typer.Typer(
    help="Show and forget sessions, which have a SillyTavern chat of their own.", no_args_is_help=True
)


@app.command("list")
def list_sessions(
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show the sessions of this key; with an admin's key, everybody's."""
    from tavernlink.cli.loop import run
    from tavernlink.protocol.bindings import SessionInfo
    from tavernlink.sdk import connect

    access = find_access(url, key, data_dir, ca)

    async def ask() -> list[SessionInfo]:
        async with connect(access.url, access.key, name="tavernlink sessions") as hub:
            return await hub.sessions.list()

    found = run(ask())
    if as_json:
        print_json(found)
        return
    if not found:
        note("There are no sessions.")
        return
    rows = [
        [
            each.session,
            each.key,
            each.character or "",
            each.chat_id or "",
            each.tavern or "not connected",
            "" if each.used is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(each.used)),
        ]
        for each in found
    ]
    print_table(["session", "key", "character", "chat", "tavern", "last used"], rows)


@app.command("forget")
def forget(
    session: Annotated[str, typer.Argument(help="Its name.")],
    *,
    owner: Annotated[
        str | None, typer.Option("--of", help="Id of the key that it belongs to; for admins.")
    ] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
) -> None:
    """Give a session up: its next turn begins a new chat. The old chat stays in SillyTavern."""
    from tavernlink.cli.loop import run
    from tavernlink.sdk import connect

    access = find_access(url, key, data_dir, ca)

    async def ask() -> bool:
        async with connect(access.url, access.key, name="tavernlink sessions") as hub:
            return await hub.sessions.forget(session, key=owner)

    if not run(ask()):
        fail(f"There is no session {session!r} under this key. See `tavernlink sessions list`.")
    note(f"Forgot the session {session!r}; its chat stays in SillyTavern.")
