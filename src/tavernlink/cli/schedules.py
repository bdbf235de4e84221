"""`tavernlink schedules`: what the hub does at a time, on an interval, or as cron says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, open_hub
from tavernlink.cli.output import AsJson, fail, note, print_json, print_table

if TYPE_CHECKING:
    from tavernlink.protocol.schedules import RunInfo, ScheduleInfo
    from tavernlink.sdk.sync import SyncHub

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Have messages sent at a time, on an interval, or as cron says.")

Schedule = Annotated[str, typer.Argument(help="The schedule's id.")]


def _open(url: str | None, key: str | None, data_dir: Path | None, ca: Path | None) -> SyncHub:
    return open_hub(url, key, data_dir, ca, name="schedules")


@app.command()
def create(  # noqa: PLR0917  # its parameters are the command line's options
    text: Annotated[str | None, typer.Argument(help="A text to send into the open chat.")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Another message instead, e.g. generate.")
    ] = None,
    content: Annotated[str, typer.Option("--content", help="Its content, as JSON.")] = "{}",
    at: Annotated[str | None, typer.Option(help="Once, e.g. 2027-01-31T18:30.")] = None,
    every: Annotated[str | None, typer.Option(help="On an interval, e.g. 90s, 30m, 6h, 1d.")] = None,
    cron: Annotated[str | None, typer.Option(help="As cron says, e.g. '0 8 * * MON-FRI' or @daily.")] = None,
    timezone: Annotated[str | None, typer.Option(help="E.g. Europe/Berlin; else the hub's.")] = None,
    name: Annotated[str, typer.Option(help="For people.")] = "",
    tavern: Annotated[str | None, typer.Option(help="Where the text goes.")] = None,
    jitter: Annotated[float, typer.Option(min=0, help="Up to so many seconds later, by chance.")] = 0.0,
    skip_missed: Annotated[
        bool, typer.Option("--skip-missed", help="Make up for nothing that was due while the hub was off.")
    ] = False,
    fail_away: Annotated[bool, typer.Option("--fail-away", help="Do not wait for an absent tavern.")] = False,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Make a schedule; it runs under this key for as long as the key is good."""
    if (text is None) == (type_ is None):
        fail("Say what to do: a text to send, or --type with --content.", status=2)
    body = _content(content) if text is None else {"text": text}
    if tavern is not None:
        body["tavern"] = tavern
    with _open(url, key, data_dir, ca) as hub:
        info = hub.schedules.create(
            type_ or "chat.send",
            body,
            at=at,
            every=_seconds(every),
            cron=cron,
            timezone=timezone,
            name=name,
            jitter=jitter,
            missed="skip" if skip_missed else "once",
            away="fail" if fail_away else "wait",
        )
    if as_json:
        print_json(info)
    else:
        print(f"Made {info.id}. It runs next at {_time(info.next)}.")


@app.command("list")
def list_(
    url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None, as_json: AsJson = False
) -> None:
    """List schedules, with their next and last runs."""
    with _open(url, key, data_dir, ca) as hub:
        found = hub.schedules.list()
    if as_json:
        print_json(found)
    elif found:
        print_table(
            ["ID", "NAME", "DOES", "WHEN", "STATE", "NEXT", "LAST", "WHY"], [_row(each) for each in found]
        )
    else:
        note("There are no schedules.")


@app.command()
def remove(
    schedule: Schedule, url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None
) -> None:
    """Remove a schedule."""
    with _open(url, key, data_dir, ca) as hub:
        hub.schedules.remove(schedule)
    print(f"Removed {schedule}.")


@app.command()
def pause(
    schedule: Schedule, url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None
) -> None:
    """Let it begin nothing."""
    with _open(url, key, data_dir, ca) as hub:
        info = hub.schedules.pause(schedule)
    print(f"{schedule} is {info.state}.")


@app.command()
def resume(
    schedule: Schedule, url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None
) -> None:
    """Go on from its next moment."""
    with _open(url, key, data_dir, ca) as hub:
        info = hub.schedules.resume(schedule)
    print(f"{schedule} is {info.state}. It runs next at {_time(info.next)}.")


@app.command()
def run(
    schedule: Schedule, url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None
) -> None:
    """Run it now, beside its times."""
    with _open(url, key, data_dir, ca) as hub:
        info = hub.schedules.run(schedule)
    print(f"{info.id} is {info.state}.")


@app.command()
def runs(  # noqa: PLR0917  # its parameters are the command line's options
    schedule: Schedule,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show its last runs, newest first."""
    with _open(url, key, data_dir, ca) as hub:
        found = hub.schedules.runs(schedule)
    if as_json:
        print_json(found)
    elif found:
        print_table(["DUE", "STATE", "ENDED", "MISSED", "ERROR"], [_run(each) for each in found])
    else:
        note("It has not run yet.")


def _content(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        fail(f"--content is no JSON: {error}.", status=2)
    if not isinstance(content, dict):
        fail("--content must be a JSON object.", status=2)
    return content


def _seconds(text: str | None) -> float | None:
    from tavernlink.cli.durations import parse_end

    if text is None:
        return None
    try:
        return parse_end(text, 0.0)
    except ValueError as error:
        fail(f"--every: {error}.", status=2)


def _time(moment: float | None) -> str:
    from tavernlink.cli.durations import show_time

    return show_time(moment) or "no time"


def _row(info: ScheduleInfo) -> list[str]:
    from tavernlink.cli.durations import show_time

    when = info.cron or (f"every {info.every:g} s" if info.every is not None else f"at {info.at}")
    last = "" if info.last is None else f"{info.last.state} {show_time(info.last.ended or info.last.started)}"
    why = info.why or (info.last.error.message if info.last and info.last.error else "")
    return [
        info.id,
        info.name,
        info.do.type,
        f"{when} ({info.timezone})" if info.every is None else when,
        info.state,
        show_time(info.next),
        last.strip(),
        why,
    ]


def _run(info: RunInfo) -> list[str]:
    error = "" if info.error is None else info.error.message
    return [
        _time(info.due),
        info.state,
        "" if info.ended is None else _time(info.ended),
        str(info.missed),
        error,
    ]
