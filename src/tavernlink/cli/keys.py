"""`tavernlink keys`: make, list and revoke keys. Works on the data folder, also while the hub runs."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tavernlink.cli.access import DataDir, open_keyring, settings_of
from tavernlink.cli.output import note, print_json, print_table

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys, also while the hub runs.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Role(StrEnum):
    """Who a key is for."""

    ADMIN = "admin"
    TAVERN = "tavern"
    APP = "app"
    VIEWER = "viewer"


@app.command()
def create(
    role: Annotated[
        Role, typer.Option(help="tavern: for SillyTavern; app: for a program; viewer: only looks.")
    ],
    name: Annotated[str, typer.Option(help="A name that tells you whose key it is.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, alone. It is shown only now; the hub keeps a hash."""
    with open_keyring(settings_of(data_dir)) as keyring:
        key, text = keyring.create(role.value, name)
    if as_json:
        print_json({"id": key.id, "role": key.role, "name": key.name, "key": text})
    else:
        print(text)


@app.command("list")
def list_(
    data_dir: DataDir = None,
    as_json: AsJson = False,
    every: Annotated[bool, typer.Option("--all", help="Revoked keys too.")] = False,
) -> None:
    """List the keys by name; the keys themselves are nowhere kept."""
    with open_keyring(settings_of(data_dir)) as keyring:
        keys = [key for key in keyring.listed() if every or key.revoked is None]
    if as_json:
        print_json([_facts(key) for key in keys])
    elif keys:
        print_table(
            ["ID", "ROLE", "NAME", "CREATED", "LAST USED", "REVOKED"],
            [
                [key.id, key.role, key.name, _time(key.created), _time(key.last_used), _time(key.revoked)]
                for key in keys
            ],
        )
    else:
        note("There are no keys yet. Make one with `tavernlink keys create --role app --name NAME`.")


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or its name (then every key of that name).")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key for good. A hub that runs cuts its connections off within a second."""
    with open_keyring(settings_of(data_dir)) as keyring:
        for revoked in keyring.revoke(key):
            print(f"Revoked {revoked.role} key {revoked.id} ({revoked.name}).")


def _facts(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "role": key.role,
        "name": key.name,
        "created": key.created,
        "last_used": key.last_used,
        "revoked": key.revoked,
    }


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
