"""`tavernlink logs`: what the hub's log says, and with `--follow` what it says from now on."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, find_access
from tavernlink.cli.durations import parse_age
from tavernlink.cli.output import AsJson, console, note, print_json
from tavernlink.controls import without_controls

if TYPE_CHECKING:
    from tavernlink.protocol.logs import LogLevel, LogLine

__all__ = ["logs"]

_STYLES = {
    "debug": "dim",
    "info": "green",
    "warning": "yellow",
    "error": "bold red",
    "critical": "bold red reverse",
}


def logs(
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is said from now on.")
    ] = False,
    level: Annotated[
        str, typer.Option(help="debug, info, warning, error or critical: this, and what is more serious.")
    ] = "debug",
    contains: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only lines with this in them.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="12h, 30d, or 2027-01-31.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000, help="At most so many.")] = 50,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show the hub's log, newest last."""
    from tavernlink.cli.loop import run
    from tavernlink.protocol.logs import LEVELS, has_words
    from tavernlink.sdk import connect

    wanted: LogLevel | None = next((each for each in LEVELS if each == level), None)
    if wanted is None:
        raise typer.BadParameter(f"{level!r} is none of {', '.join(LEVELS)}.", param_hint="--level")
    try:
        start = None if since is None else parse_age(since, time.time())
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--since") from None
    access = find_access(url, key, data_dir, ca, admin=True)

    def show(line: LogLine) -> None:
        if as_json:
            print_json(line)
        else:
            _print(line)

    async def tell() -> None:
        async with connect(access.url, access.key, name="tavernlink logs") as hub:
            newest = next(iter((await hub.logs.list(limit=1)).lines), None)
            page = await hub.logs.list(limit=limit, level=wanted, contains=contains, since=start)
            for line in page.lines:
                show(line)
            if not follow:
                if not page.lines:
                    note(f"The log has no such line. The hub writes down {page.level} and above.")
                return
            last = page.lines[-1] if page.lines else newest
            async for line in hub.logs.follow(level=wanted, after=last):
                if has_words(line, contains):
                    show(line)

    run(tell())


def _print(line: LogLine) -> None:
    from rich.text import Text

    moment = datetime.fromtimestamp(line.time).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    out = Text(f"{moment} ", style="dim")
    out.append(f"{line.level:<8} ", style=_STYLES[line.level])
    out.append(without_controls(line.text), style="bold")
    out.append(f"  {line.logger}", style="dim")
    for name, fact in line.facts.items():
        if name != "exception":
            out.append(without_controls(f"  {name}={fact}"))
    console().print(out)
    if "exception" in line.facts:
        console().print(Text(without_controls(str(line.facts["exception"])), style="dim"))
