"""The command line. Each command is a file that parses, calls `app` or `sdk`, and prints; nothing is decided here.

Exit status: 0 it worked, 1 it did not (a sentence on standard error says why), 2 the command line was wrong.
What a command needs is imported when it runs, so that `tavernlink --help` answers at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tavernlink.cli import (
    audit,
    backup,
    certificate,
    chat,
    commands,
    demo,
    doctor,
    extension,
    functions,
    keys,
    logs,
    mcp,
    pair,
    profiles,
    routes,
    schedules,
    serve,
    sessions,
    status,
    tab,
    top,
    up,
    webhooks,
)
from tavernlink.cli.output import fail
from tavernlink.errors import TavernlinkError
from tavernlink.version import __version__

__all__ = ["app", "main"]

app = typer.Typer(
    name="tavernlink",
    help="Joins a running SillyTavern to bots, games, scripts and OpenAI clients.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(up.up)
app.command("serve")(serve.serve)
app.command("certificate")(certificate.certificate)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("demo")(demo.demo)
app.add_typer(keys.app, name="keys")
app.command("pair")(pair.pair)
app.command("audit")(audit.audit)
app.command("logs")(logs.logs)
app.add_typer(profiles.app, name="profiles")
app.add_typer(routes.app, name="routes")
app.add_typer(sessions.app, name="sessions")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(schedules.app, name="schedules")
app.add_typer(functions.app, name="functions")
app.add_typer(extension.app, name="extension")
app.add_typer(mcp.app, name="mcp")
app.command("tab")(tab.tab)
app.command("chat")(chat.chat)
app.command("run")(commands.run)
app.command("commands")(commands.commands)
app.command("status")(status.status)
app.command("top")(top.top)
app.command("doctor")(doctor.doctor)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # its callback does the work
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line of this process; ends in `SystemExit`."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show a character shows a question mark instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app()
    except TavernlinkError as error:
        fail(error.message, code=error.code)
    except BrokenPipeError:  # the reader, e.g. `head`, has gone
        sys.stderr.close()
        raise SystemExit(1) from None
