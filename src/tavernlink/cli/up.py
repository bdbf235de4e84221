"""`tavernlink up`: hub, SillyTavern, extension and console, in one command."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tavernlink.cli.access import DataDir
from tavernlink.cli.output import fail

if TYPE_CHECKING:
    from tavernlink.app import Server

__all__ = ["up"]


class _Terminal:
    """The person at the terminal; without one, or told to, it agrees to nothing or to everything."""

    def __init__(self, *, yes: bool) -> None:
        self._yes = yes

    def tell(self, line: str) -> None:
        print(line, flush=True)

    def agrees(self, question: str) -> bool:
        if self._yes:
            print(f"{question} yes", flush=True)
            return True
        if not sys.stdin.isatty():
            print(f"{question} Not asked, since nobody is there: --yes agrees.", flush=True)
            return False
        return typer.confirm(question, default=True)


def up(
    *,
    sillytavern: Annotated[
        Path | None,
        typer.Option(help="SillyTavern's folder.", show_default="the usual places are looked through"),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="The hub's port.", show_default="8001")
    ] = None,
    data_dir: DataDir = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Agree to everything that would be asked.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the console in the browser, signed in.")
    ] = True,
) -> None:
    """Start the hub, find or fetch SillyTavern, put the extension in, and open the console. Stays until Ctrl-C."""
    from tavernlink import app
    from tavernlink.cli.loop import run
    from tavernlink.config import SettingsError, Sources
    from tavernlink.logs import set_up_logs
    from tavernlink.up.home import Home, Wishes

    person = _Terminal(yes=yes)
    try:
        sources = Sources({"port": port, "data_dir": data_dir, "log_level": "warning"})
        settings = sources.read().settings
        set_up_logs(settings.log_level, settings.log_format)
        home = Home(person, Wishes(sillytavern=sillytavern, browser=browser), settings.data_dir)

        @contextlib.asynccontextmanager
        async def at_home(server: Server) -> AsyncIterator[None]:
            person.tell(f"The hub listens on {server.url}; its data is in {server.settings.data_dir}.")
            if server.first_admin_key is not None:
                person.tell(f"Your admin key, shown only now:\n  {server.first_admin_key}")
            async with home.opened(server.url, server.runtime.core.tickets.issue()):
                person.tell("Ctrl-C stops it.")
                yield

        run(app.serve(sources, beside=at_home))
    except (SettingsError, OSError) as error:
        fail(str(error))
