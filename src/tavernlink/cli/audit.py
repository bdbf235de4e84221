"""`tavernlink audit`: who did what, when, from where."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, find_access
from tavernlink.cli.durations import parse_age, show_time
from tavernlink.cli.output import AsJson, note, print_json, print_table

if TYPE_CHECKING:
    from tavernlink.protocol.access import AuditEntry

__all__ = ["audit"]


def audit(
    *,
    action: Annotated[str | None, typer.Option(help="Glob, e.g. 'key.*'.")] = None,
    who: Annotated[str | None, typer.Option(help="Name or id of a key, or name of a peer.")] = None,
    target: Annotated[str | None, typer.Option(help="What it was done to.")] = None,
    address: Annotated[str | None, typer.Option(help="Where from.")] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="12h, 30d, or 2027-01-31.")] = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="As --since.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000, help="At most so many.")] = 50,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show the hub's audit log, newest last."""
    from tavernlink.cli.loop import run
    from tavernlink.sdk import connect

    now = time.time()
    try:
        start = None if since is None else parse_age(since, now)
        end = None if until is None else parse_age(until, now)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--since / --until") from None
    access = find_access(url, key, data_dir, ca, admin=True)

    async def ask() -> list[AuditEntry]:
        async with connect(access.url, access.key, name="tavernlink audit") as hub:
            return await hub.audit(
                action=action, who=who, target=target, address=address, since=start, until=end, limit=limit
            )

    found = run(ask())[::-1]
    if as_json:
        print_json(found)
    elif found:
        print_table(
            ["TIME", "ACTION", "WHO", "ROLE", "FROM", "TARGET", "FACTS"], [_row(entry) for entry in found]
        )
    else:
        note("Nothing of that kind is written down.")


def _row(entry: AuditEntry) -> list[str]:
    facts = (
        f"{name}={fact if isinstance(fact, str) else json.dumps(fact)}" for name, fact in entry.facts.items()
    )
    return [
        show_time(entry.time),
        entry.action,
        entry.name,
        entry.role,
        entry.address,
        entry.target,
        " ".join(facts),
    ]
